// SPDX-License-Identifier: Apache-2.0
// What becomes of questions when a process begins or ends.

import Core
import Isolation
import Synchronization

/// All of it is called on the thread of the keeper.
extension IsolatedPlugin {
    /// A process is about to run with this memory.
    func begin(_ memory: HelperMemory, setup: PluginSetup, logTypes: UInt32) {
        let channel = memory.channel
        channel.questionWord(ChannelLayout.Questions.logTypes).pointee
            .store(UInt64(logTypes), ordering: .relaxed)
        for ring in 0..<channel.layout.ringCount {
            channel.questionWord(channel.layout.arming(ring)).pointee.store(1, ordering: .relaxed)
        }
        state.withLock { state in
            assert(state.memory == nil, "one process at a time")
            state.memory = memory
            state.questions = Outbox(channel.questionRing)
            state.replies = Outbox(channel.replyRing)
            state.readers = state.pending.indices.map {
                RingReader(channel.answerRing($0), recordMax: Self.recordMax)
            }
            state.armings = state.pending.map { _ in 1 }
            state.known = [:]
            state.roomWanted = 0
            state.nonsense = nil
            QuestionRecord.setup(setup).encode(into: &state.record)
            send(&state)
        }
    }

    /// The number of the last question by now.
    var lastSerial: UInt64 { state.withLock { $0.lastSerial } }

    /// The plugin is set up: everything that waits is asked.
    ///
    /// - Parameters:
    ///   - connects: what tells it about clients that have connected before
    ///   - mark: the last question before those were counted
    func becomeReady(_ connects: [Asked], since mark: UInt64) {
        let memory = state.withLock { state -> HelperMemory? in
            assert(!state.isReady, "a plugin is set up once")
            state.isReady = true
            state.isFailing = false
            let replayed = replay(connects, since: mark, &state)
            for asked in replayed { write(asked, ring: serviceRing, &state) }
            let waiting = state.pending.enumerated().flatMap { ring, queue in
                queue.all.dropFirst(ring == serviceRing ? replayed.count : 0).map { (ring, $0) }
            }
            for (ring, asked) in waiting.sorted(by: { $0.1.serial < $1.1.serial }) {
                write(asked, ring: ring, &state)
            }
            return state.memory
        }
        memory?.wakeIfAsleep()
    }

    /// Puts what tells of clients before everything that waits, and takes out what it makes untrue: that
    /// they have connected, and that others have left of whom the process has never heard.
    private func replay(_ connects: [Asked], since mark: UInt64, _ state: inout State) -> [Asked] {
        guard !connects.isEmpty else { return [] }
        var told = Set(connects.compactMap { $0.question.client.map(ObjectIdentifier.init) })
        let replayed = connects.map { asked in
            state.lastSerial += 1
            var asked = asked
            asked.serial = state.lastSerial
            return asked
        }
        let rest = state.pending[serviceRing].all.filter { asked in
            guard asked.serial <= mark, let client = asked.question.client else { return true }
            switch asked.question {
            case .connected: return told.insert(ObjectIdentifier(client)).inserted
            case .disconnected: return told.contains(ObjectIdentifier(client))
            default: return true
            }
        }
        state.pending[serviceRing].replaceAll(with: replayed + rest)
        return replayed
    }

    /// What is pending, and how far the process has come.
    struct Progress: Equatable {
        var isWaiting = false
        var begun: UInt64 = 0
        var taken: UInt64 = 0
    }

    /// How far the process has come.
    var progress: Progress {
        state.withLock { state in
            guard let memory = state.memory else { return Progress() }
            func word(_ offset: Int) -> UInt64 {
                memory.channel.answerWord(offset).pointee.load(ordering: .relaxed)
            }
            return Progress(
                isWaiting: state.isReady && state.pending.contains { !$0.isEmpty },
                begun: word(ChannelLayout.Answers.begun),
                taken: word(ChannelLayout.Answers.taken)
            )
        }
    }

    /// What the process has written that it would never write; nil if nothing.
    var nonsense: Nonsense? { state.withLock { $0.nonsense } }

    /// The process has ended: what it has answered counts, and the question it was about to answer then is
    /// blamed, if there was one.
    ///
    /// Once, that is asked again of the next process if it can be; then the plugin counts as what is
    /// configured.
    func takeDeath() -> Asked? {
        let (blamed, rings) = state.withLock { state -> (Asked?, [Int]) in
            guard let memory = state.memory else { return (nil, []) }
            for ring in state.pending.indices where state.nonsense == nil { rescue(ring, &state) }
            let begun = memory.channel.answerWord(ChannelLayout.Answers.begun).pointee
                .load(ordering: .acquiring)
            let blamed = blame(begun, &state)
            state.memory = nil
            state.questions = nil
            state.replies = nil
            state.readers = []
            state.isReady = false
            state.known = [:]
            state.nonsense = nil
            return (blamed, state.collected.indices.filter { !state.collected[$0].isEmpty })
        }
        for ring in rings { wakeReader(ring) }
        return blamed
    }

    /// Reads what has come in a ring; requests of a process that is no more need no reply.
    private func rescue(_ ring: Int, _ state: inout State) {
        while true {
            var items: [HelperItem] = []
            drain(ring, into: &items, &state)
            if items.isEmpty { return }
            state.collected[ring] += items.filter { item in
                switch item {
                case .request, .ready: false
                default: true
                }
            }
        }
    }

    private func blame(_ serial: UInt64, _ state: inout State) -> Asked? {
        for ring in state.pending.indices {
            var all = state.pending[ring].all
            guard let place = all.firstIndex(where: { $0.serial == serial }) else { continue }
            all[place].deathCount += 1
            let blamed = all[place]
            if !blamed.question.isRepeatable || blamed.deathCount > 1 {
                all.remove(at: place)
                state.collected[ring].append(.failed(blamed, failure(of: blamed.question)))
            }
            state.pending[ring].replaceAll(with: all)
            return blamed
        }
        return nil
    }

    /// Nobody waits for a process any longer: everything is answered by what the plugin counts as, until
    /// one is ready.
    func fail() {
        let rings = state.withLock { state -> [Int] in
            guard !state.isReady, !state.isFailing else { return [] }
            state.isFailing = true
            for ring in state.pending.indices {
                for asked in state.pending[ring].all {
                    state.collected[ring].append(.failed(asked, failure(of: asked.question)))
                }
                state.pending[ring].replaceAll(with: [])
            }
            return state.collected.indices.filter { !state.collected[$0].isEmpty }
        }
        for ring in rings { wakeReader(ring) }
    }
}
