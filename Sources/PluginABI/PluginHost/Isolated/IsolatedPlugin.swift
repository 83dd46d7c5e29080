// SPDX-License-Identifier: Apache-2.0
// A plugin in a process of its own: what it is asked, and what it answers.

import Config
import Core
import Glibc
import Isolation
import Net
import Synchronization

/// A plugin in a process of its own, which may end and be followed by another at any time.
///
/// Questions are written where they come up, and answers read where they are wanted: each worker has a
/// ring of its own. What is pending stays here until it is answered, whatever becomes of the process.
///
/// ```
///            ready                      a process ends
/// starting ─────────► running ──────────────────────────► starting
///                                                              │ the wait is over
///                                            running ◄─────── failing
/// ```
final class IsolatedPlugin: Sendable {
    /// A client that the process knows.
    struct Known {
        /// How often its names had been set when they were told last; nil if the process has been told
        /// about it in a reply alone.
        var nameChanges: UInt32?
    }

    /// The client that a question was about last.
    struct Introduced {
        var client: ObjectIdentifier
        var number: UInt64
        var nameChanges: UInt32
    }

    /// Where a password lies in the ring of questions.
    struct SecretPlace {
        let serial: UInt64
        let start: UInt64
        let end: UInt64
    }

    /// What asking needs.
    struct State: ~Copyable {
        /// The memory of the process that runs; nil while none does.
        var memory: HelperMemory?
        var questions: Outbox?
        var replies: Outbox?
        /// Whether the plugin is set up.
        var isReady = false
        /// Whether questions are answered by what the plugin counts as.
        var isFailing = false
        var lastSerial: UInt64 = 0
        var known: [UInt64: Known] = [:]
        var introduced: Introduced?
        /// The identifiers of clients that have been told of, whatever becomes of processes.
        var identifiers: [UInt64: String] = [:]
        /// What the process was told of clients that had connected before; nil for nothing.
        var replayed: ClosedRange<UInt64>?
        /// Clients that a process has ended with when it was told that they had connected: no other one is
        /// told again.
        var untold: Set<UInt64> = []
        var secrets: [SecretPlace] = []
        var record = RecordWriter()
        var roomWanted: UInt64 = 0
    }

    let configuration: PluginConfiguration
    let workerCount: Int
    let state = Mutex(State())
    let figures = HelperFigures()
    /// The rings of answers: one for each worker, and the last for what belongs to none.
    let rings: [AnswerRing]
    /// Clients that are no more, and whose processes have not heard of it.
    private let gone = Mutex<[UInt64]>([])
    private let hasGone = Atomic<Bool>(false)
    /// Whether questions are answered by what the plugin counts as; to be read without the lock.
    let isFailing = Atomic<Bool>(false)
    /// What the process that runs has written that none would write.
    private let found = Mutex<Nonsense?>(nil)
    private let hasFound = Atomic<Bool>(false)
    /// Wakes the reader of a ring.
    let wakeReader: @Sendable (Int) -> Void
    /// A client by its identifier and its number, if the broker still knows it.
    private let find: @Sendable (String, UInt64) -> ClientIdentity?

    /// Bytes of the longest record a helper may write.
    static let recordMax = HelperChannel.recordMax

    init(
        _ configuration: PluginConfiguration,
        workerCount: Int,
        wakeReader: @escaping @Sendable (Int) -> Void,
        find: @escaping @Sendable (String, UInt64) -> ClientIdentity?
    ) {
        self.configuration = configuration
        self.workerCount = workerCount
        self.wakeReader = wakeReader
        self.find = find
        let layout = ChannelLayout(workerCount: workerCount)
        rings = (0..<layout.ringCount).map { AnswerRing($0, isService: $0 == layout.serviceRing) }
    }

    /// The ring that belongs to no worker.
    var serviceRing: Int { workerCount }

    func failure(of question: PluginQuestion) -> Answer {
        figures.failedAnswers.add(1, ordering: .relaxed)
        return question.failure(configuration.isolation.failure)
    }

    // MARK: Asking

    /// Asks, and wakes the process; the answer is collected from the ring.
    ///
    /// - Returns: the answer if there is one at once, because the plugin cannot be asked
    func ask(_ asked: Asked, ring: Int) -> Answer? {
        if isFailing.load(ordering: .acquiring) { return failure(of: asked.question) }
        var batch = UnsafeQueue<Asked>()
        var asked = asked
        asked.ring = UInt16(ring)
        batch.append(asked)
        ask(&batch)
        return nil
    }

    /// Asks all of a batch, each with the ring of its answer in it, and wakes the process.
    func ask(_ batch: inout UnsafeQueue<Asked>) {
        var failing: Set<Int> = []
        let memory = state.withLock { state -> HelperMemory? in
            guard !state.isFailing else {
                failing = fail(&batch)
                return nil
            }
            while let ring = batch.withFirst({ $0.ring }) { enter(&batch, ring, &state) }
            return state.isReady ? state.memory : nil
        }
        memory?.wakeIfAsleep()
        for ring in failing { wakeReader(ring) }
    }

    /// Asks those of a batch that come first and are answered in one ring.
    private func enter(_ batch: inout UnsafeQueue<Asked>, _ ring: UInt16, _ state: inout State) {
        rings[Int(ring)].state.withLock { answers in
            while batch.withFirst({ $0.ring }) == ring, var asked = batch.removeFirst() {
                state.lastSerial += 1
                asked.serial = state.lastSerial
                if state.isReady { write(asked, &state) }
                answers.pending.append(consume asked)
            }
        }
    }

    /// Answers by what the plugin counts as; the rings that are to be collected.
    private func fail(_ batch: inout UnsafeQueue<Asked>) -> Set<Int> {
        var failing: Set<Int> = []
        while let asked = batch.removeFirst() {
            failing.insert(Int(asked.ring))
            rings[Int(asked.ring)].state.withLock {
                $0.collected.append(.failed(asked, failure(of: asked.question)))
            }
        }
        return failing
    }

    func write(_ asked: borrowing Asked, _ state: inout State) {
        if hasGone.load(ordering: .acquiring) { sendGone(&state) }
        var subscriptionCount = 0
        var number: UInt64 = 0
        if let client = asked.clientReference {
            (number, subscriptionCount) = client._withUnsafeGuaranteedRef {
                (introduce($0, &state), $0.subscriptionCount.load(ordering: .relaxed))
            }
        }
        asked.encode(
            QuestionHead(
                serial: asked.serial,
                ring: asked.ring,
                callback: asked.isMarker ? 0 : asked.callback.remoteNumber,
                client: number,
                subscriptionCount: Int32(clamping: subscriptionCount)
            ),
            into: &state.record
        )
        let isSecret = asked.isSecret
        let start = state.questions?.position ?? 0
        send(&state)
        guard isSecret else { return }
        state.record.wipe()
        guard let end = state.questions?.position, end > start else { return }
        state.secrets.append(SecretPlace(serial: asked.serial, start: start, end: end))
    }

    /// A question about a password is answered: overwrites it where the process has read it.
    func wipe(_ serial: UInt64) {
        state.withLock { state in
            guard let place = state.secrets.firstIndex(where: { $0.serial == serial }) else {
                return
            }
            let secret = state.secrets.remove(at: place)
            state.questions?.wipe(from: secret.start, to: secret.end)
        }
    }

    /// Has the process know a client; its number.
    @inline(__always)
    private func introduce(_ client: ClientIdentity, _ state: inout State) -> UInt64 {
        let handle = ClientRecord.handle(of: client)
        let changes = ClientRecord.unmanaged(handle)._withUnsafeGuaranteedRef {
            $0.nameChanges.load(ordering: .relaxed)
        }
        if let last = state.introduced, last.client == ObjectIdentifier(client),
            last.nameChanges == changes
        {
            return last.number
        }
        return introduce(client, changes, &state)
    }

    private func introduce(
        _ client: ClientIdentity,
        _ changes: UInt32,
        _ state: inout State
    ) -> UInt64 {
        let record = ClientRecord.of(client)
        let number = record.number
        state.introduced = Introduced(
            client: ObjectIdentifier(client),
            number: number,
            nameChanges: changes
        )
        if let known = state.known[number], known.nameChanges != nil {
            guard known.nameChanges != changes else { return number }
            QuestionRecord.names(
                number,
                identifier: client.clientIdentifier,
                userName: client.userName
            ).encode(into: &state.record)
        } else {
            QuestionRecord.client(ClientFacts(client, number: number)).encode(into: &state.record)
            record.addFollower(self)
        }
        state.known[number] = Known(nameChanges: changes)
        state.identifiers[number] = client.clientIdentifier
        send(&state)
        return number
    }

    /// What the plugin is told about a client it asks for.
    func facts(about client: ClientIdentity) -> ClientFacts {
        let record = ClientRecord.of(client)
        let number = record.number
        state.withLock { state in
            if state.known[number] == nil { state.known[number] = Known() }
            state.identifiers[number] = client.clientIdentifier
        }
        record.addFollower(self)
        return ClientFacts(client, number: number)
    }

    /// A client is no more; the process hears of it with what it is asked next.
    ///
    /// Called wherever a client is freed, so nothing else is done here.
    func forget(client number: UInt64) {
        gone.withLock { $0.append(number) }
        hasGone.store(true, ordering: .releasing)
    }

    private func sendGone(_ state: inout State) {
        hasGone.store(false, ordering: .relaxed)
        let numbers = gone.withLock { numbers in
            defer { numbers.removeAll(keepingCapacity: numbers.count <= 1024) }
            return numbers
        }
        // Another client may be where one was that is no more.
        state.introduced = nil
        for number in numbers {
            state.identifiers[number] = nil
            state.untold.remove(number)
            guard state.known.removeValue(forKey: number) != nil else { continue }
            QuestionRecord.gone(number).encode(into: &state.record)
            send(&state)
        }
    }

    /// The client of a number, if it is still there.
    func client(_ number: UInt64) -> ClientIdentity? {
        for ring in rings { if let client = ring.client(number) { return client } }
        guard let identifier = state.withLock({ $0.identifiers[number] }) else { return nil }
        return find(identifier, number)
    }

    /// Writes the record.
    func send(_ state: inout State) {
        guard state.questions?.write(state.record.bytes) == false else { return }
        wantRoom(&state)
    }

    /// Asks the process to say when there is room, and looks once more.
    private func wantRoom(_ state: inout State) {
        guard let memory = state.memory else { return }
        state.roomWanted += 1
        let word = memory.channel.questionWord(ChannelLayout.Questions.roomWanted)
        word.pointee.store(state.roomWanted, ordering: .sequentiallyConsistent)
        state.questions?.pump()
        state.replies?.pump()
        if state.questions?.isBroken == true || state.replies?.isBroken == true {
            note(Nonsense.heads)
        }
    }

    /// Writes what has waited for room.
    func pump() {
        let memory = state.withLock { state -> HelperMemory? in
            guard let memory = state.memory,
                state.questions?.hasWaiting == true || state.replies?.hasWaiting == true
            else { return nil }
            state.questions?.pump()
            state.replies?.pump()
            if state.questions?.hasWaiting == true || state.replies?.hasWaiting == true {
                wantRoom(&state)
            }
            return memory
        }
        memory?.wakeIfAsleep()
        memory?.wakeReplyWaiters()
    }

    /// Writes a reply to the plugin's request.
    func reply(_ reply: Reply) {
        let memory = state.withLock { state -> HelperMemory? in
            reply.encode(into: &state.record)
            if state.replies?.write(state.record.bytes) == false { wantRoom(&state) }
            return state.memory
        }
        memory?.wakeReplyWaiters()
    }

    /// Tells the process to end the plugin when it has answered what it was asked; what comes up from now on
    /// is for the next one.
    func retire() {
        let memory = state.withLock { state -> HelperMemory? in
            state.isReady = false
            QuestionRecord.stop.encode(into: &state.record)
            send(&state)
            return state.memory
        }
        memory?.wakeIfAsleep()
    }

    /// Tells the process to end the plugin.
    func sendStop() {
        let memory = state.withLock { state -> HelperMemory? in
            QuestionRecord.stop.encode(into: &state.record)
            send(&state)
            return state.memory
        }
        memory?.wakeIfAsleep()
    }

    /// Has the process know which lines of the log are on.
    func setLogTypes(_ types: UInt32) {
        let memory = state.withLock { $0.memory }
        memory?.channel.questionWord(ChannelLayout.Questions.logTypes).pointee
            .store(UInt64(types), ordering: .relaxed)
    }

    // MARK: Collecting

    /// Takes out what has come in a ring, in order; only on the thread whose ring it is.
    func collect(_ ring: Int, into items: inout UnsafeQueue<HelperItem>) {
        let reads = !hasFound.load(ordering: .acquiring)
        do throws(Nonsense) {
            if try rings[ring].collect(into: &items, reads: reads) { wakeReader(ring) }
        } catch {
            note(error)
        }
    }

    // MARK: Nonsense

    /// What the process has written that it would never write; nil if nothing.
    var nonsense: Nonsense? { found.withLock { $0 } }

    /// The process has written nonsense, and is ended by the keeper.
    func note(_ nonsense: Nonsense) {
        found.withLock { $0 = $0 ?? nonsense }
        hasFound.store(true, ordering: .releasing)
        wakeReader(serviceRing)
    }

    /// Another process is believed until it writes nonsense too.
    func forgetNonsense() {
        hasFound.store(false, ordering: .relaxed)
        found.withLock { $0 = nil }
    }
}
