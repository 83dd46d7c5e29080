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
        forgetNonsense()
        state.withLock { state in
            assert(state.memory == nil, "one process at a time")
            state.memory = memory
            state.questions = Outbox(channel.questionRing)
            state.replies = Outbox(channel.replyRing)
            state.roomWanted = 0
            for ring in rings { ring.begin(memory) }
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
            isFailing.store(false, ordering: .releasing)
            let told = connects.filter { asked in
                guard let client = asked.client else { return false }
                return !state.untold.contains(ClientRecord.of(client).number)
            }
            let replayed = replay(told, since: mark, &state)
            state.replayed = replayed.first.flatMap { first in
                replayed.last.map { first.serial...$0.serial }
            }
            for asked in replayed { write(asked, &state) }
            var waiting: [Asked] = []
            for (ring, queue) in rings.map(\.pending).enumerated() {
                waiting += queue.dropFirst(ring == serviceRing ? replayed.count : 0)
            }
            for asked in waiting.sorted(by: { $0.serial < $1.serial }) { write(asked, &state) }
            return state.memory
        }
        memory?.wakeIfAsleep()
    }

    /// Puts what tells of clients before everything that waits, and takes out what it makes untrue: that
    /// they have connected, and that others have left of whom the process has never heard.
    private func replay(_ connects: [Asked], since mark: UInt64, _ state: inout State) -> [Asked] {
        // What an earlier process was told again stands before what is older; all is asked by its number.
        let pending = rings[serviceRing].pending.sorted { $0.serial < $1.serial }
        rings[serviceRing].pending = pending
        guard !connects.isEmpty else { return [] }
        var told = Set(connects.compactMap { $0.client.map(ObjectIdentifier.init) })
        let replayed = connects.map { asked in
            state.lastSerial += 1
            var asked = asked
            asked.serial = state.lastSerial
            asked.ring = UInt16(serviceRing)
            return asked
        }
        let rest = pending.filter { asked in
            guard asked.serial <= mark, let client = asked.client else { return true }
            switch asked.question {
            case .connected: return told.insert(ObjectIdentifier(client)).inserted
            case .disconnected: return told.contains(ObjectIdentifier(client))
            default: return true
            }
        }
        rings[serviceRing].pending = replayed + rest
        return replayed
    }

    /// What was asked and not answered.
    var pendingCount: Int { rings.reduce(0) { $0 + $1.pendingCount } }

    /// What is pending, and how far the process has come.
    struct Progress: Equatable {
        var isWaiting = false
        var begun: UInt64 = 0
        var taken: UInt64 = 0
    }

    /// How far the process has come.
    func progress() -> Progress {
        state.withLock { state in
            guard let memory = state.memory else { return Progress() }
            state.questions?.look()
            if state.questions?.isBroken == true { note(Nonsense.heads) }
            func word(_ offset: Int) -> UInt64 {
                memory.channel.answerWord(offset).pointee.load(ordering: .relaxed)
            }
            return Progress(
                isWaiting: pendingCount > 0,
                begun: word(ChannelLayout.Answers.begun),
                taken: word(ChannelLayout.Answers.taken)
            )
        }
    }

    /// The process has ended: what it has answered counts, and the question it was about to answer then is
    /// blamed, if there was one.
    ///
    /// Once, that is asked again of the next process if it can be; then the plugin counts as what is
    /// configured.
    ///
    /// - Parameter isCondemned: whether it has hung or written nonsense
    func takeDeath(isCondemned: Bool) -> Asked? {
        let blamed = state.withLock { state -> Asked? in
            guard let memory = state.memory else { return nil }
            let wasNonsense = nonsense != nil
            for ring in rings { ring.end(wasNonsense: wasNonsense) }
            let begun = memory.channel.answerWord(ChannelLayout.Answers.begun).pointee
                .load(ordering: .acquiring)
            // It says itself what it has begun, and may have written over that.
            let isBelieved = !isCondemned && begun <= state.lastSerial
            let blamed = blame(begun, isBelieved: isBelieved, state.replayed)
            if let blamed, case .connected(let client) = blamed.question {
                state.untold.insert(ClientRecord.of(client).number)
            }
            state.memory = nil
            state.questions = nil
            state.replies = nil
            state.isReady = false
            state.known = [:]
            state.introduced = nil
            state.secrets = []
            return blamed
        }
        forgetNonsense()
        wakeReaders()
        return blamed
    }

    /// Wakes those for whom something waits.
    private func wakeReaders() {
        for ring in rings where ring.hasCollected { wakeReader(ring.number) }
    }

    /// Blames the question of a number; where that is not pending, the first in line if it must be that one,
    /// or if several processes in a row have ended before it was answered.
    private func blame(
        _ serial: UInt64,
        isBelieved: Bool,
        _ replayed: ClosedRange<UInt64>?
    ) -> Asked? {
        for ring in rings {
            let all = ring.pending
            guard let place = all.firstIndex(where: { $0.serial == serial }) else { continue }
            return blame(place, all, ring, deathsMax: all[place].question.isRepeatable ? 2 : 1)
        }
        // What is told again of clients was written first, then all else by its number.
        let first = rings.compactMap { ring in ring.pending.first.map { (ring, $0) } }
            .min { one, other in
                let isReplayed = (
                    replayed?.contains(one.1.serial) == true,
                    replayed?.contains(other.1.serial) == true
                )
                guard isReplayed.0 == isReplayed.1 else { return isReplayed.0 }
                return one.1.serial < other.1.serial
            }
        guard let (ring, asked) = first else { return nil }
        let most = isBelieved ? Self.deathsBeforeMax : asked.question.isRepeatable ? 2 : 1
        let blamed = blame(0, ring.pending, ring, deathsMax: most)
        return isBelieved && blamed.deathCount < most ? nil : blamed
    }

    /// Counts the death; a question that has seen so many is answered by what the plugin counts as.
    private func blame(
        _ place: Int,
        _ pending: [Asked],
        _ ring: AnswerRing,
        deathsMax: UInt8
    ) -> Asked {
        var all = pending
        all[place].deathCount += 1
        let blamed = all[place]
        if blamed.deathCount >= deathsMax {
            all.remove(at: place)
            ring.add(.failed(blamed, failure(of: blamed.question)))
        }
        ring.pending = all
        return blamed
    }

    /// A question that was the first in line at so many ends is suspected, whatever the processes were at.
    private static let deathsBeforeMax: UInt8 = 3

    /// Nobody waits for a process any longer: everything is answered by what the plugin counts as, until
    /// one is ready.
    func fail() {
        state.withLock { state in
            guard !state.isReady, !state.isFailing else { return }
            state.isFailing = true
            isFailing.store(true, ordering: .releasing)
            for ring in rings {
                for asked in ring.pending {
                    ring.add(.failed(asked, failure(of: asked.question)))
                }
                ring.pending = []
            }
        }
        wakeReaders()
    }
}

/// While no process runs, nobody but the keeper changes what is pending, under the lock of the plugin.
extension AnswerRing {
    fileprivate var pending: [Asked] {
        get { state.withLock { $0.pending.all } }
        set { state.withLock { $0.pending.replaceAll(with: newValue) } }
    }

    fileprivate func add(_ item: HelperItem) { state.withLock { $0.collected.append(item) } }
}
