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
        weak var identity: ClientIdentity?
        /// How often its names had been set when they were told last; nil if the process has been told
        /// about it in a reply alone.
        var nameChanges: UInt32?
    }

    struct State {
        /// The memory of the process that runs; nil while none does.
        var memory: HelperMemory?
        var questions: Outbox?
        var replies: Outbox?
        var readers: [RingReader] = []
        var armings: [UInt64] = []
        /// Whether the plugin is set up.
        var isReady = false
        /// Whether questions are answered by what the plugin counts as.
        var isFailing = false
        var lastSerial: UInt64 = 0
        /// What was asked and not answered, by the ring of the answer, in the order of asking.
        var pending: [Queue<Asked>]
        /// What is to be read before anything in the ring.
        var collected: [[HelperItem]]
        var known: [UInt64: Known] = [:]
        var record = RecordWriter()
        var input: [UInt8] = []
        var roomWanted: UInt64 = 0
        var nonsense: Nonsense?
    }

    let configuration: PluginConfiguration
    let workerCount: Int
    let state: Mutex<State>
    /// Clients that are no more, and whose processes have not heard of it.
    private let gone = Mutex<[UInt64]>([])
    /// Wakes the reader of a ring.
    let wakeReader: @Sendable (Int) -> Void

    /// Records that are read at once at most.
    private static let batchMax = 4096
    /// Bytes of the longest record a helper may write.
    static let recordMax = HelperChannel.recordMax

    init(
        _ configuration: PluginConfiguration,
        workerCount: Int,
        wakeReader: @escaping @Sendable (Int) -> Void
    ) {
        self.configuration = configuration
        self.workerCount = workerCount
        self.wakeReader = wakeReader
        let ringCount = ChannelLayout(workerCount: workerCount).ringCount
        state = Mutex(
            State(
                pending: Array(repeating: Queue(), count: ringCount),
                collected: Array(repeating: [], count: ringCount)
            )
        )
    }

    /// The ring that belongs to no worker.
    var serviceRing: Int { workerCount }

    func failure(of question: PluginQuestion) -> Answer {
        question.failure(configuration.isolation.failure)
    }

    // MARK: Asking

    /// Asks; the answer is collected from the ring.
    ///
    /// - Parameter isFlushed: whether the process is woken later, with `flush`
    /// - Returns: the answer if there is one at once, because the plugin cannot be asked
    func ask(_ asked: Asked, ring: Int, isFlushed: Bool) -> Answer? {
        let (memory, isFailing) = state.withLock { state -> (HelperMemory?, Bool) in
            if state.isFailing { return (nil, true) }
            state.lastSerial += 1
            var asked = asked
            asked.serial = state.lastSerial
            state.pending[ring].append(asked)
            guard state.isReady else { return (nil, false) }
            write(asked, ring: ring, &state)
            return (state.memory, false)
        }
        if isFailing { return failure(of: asked.question) }
        if !isFlushed { memory?.wakeIfAsleep() }
        return nil
    }

    /// Wakes the process if something was written.
    func flush() { state.withLock { $0.memory }?.wakeIfAsleep() }

    func write(_ asked: Asked, ring: Int, _ state: inout State) {
        sendGone(&state)
        let client = asked.question.client
        let number = client.map { introduce($0, &state) } ?? 0
        let subscriptionCount = client?.subscriptionCount.load(ordering: .relaxed) ?? 0
        let isMarker = if case .marker = asked.question { true } else { false }
        asked.question.encode(
            QuestionHead(
                serial: asked.serial,
                ring: UInt16(ring),
                callback: isMarker ? 0 : asked.callback.remoteNumber,
                client: number,
                subscriptionCount: Int32(clamping: subscriptionCount)
            ),
            into: &state.record
        )
        send(&state)
        if case .login = asked.question { state.record.wipe() }
    }

    /// Has the process know a client; its number.
    private func introduce(_ client: ClientIdentity, _ state: inout State) -> UInt64 {
        let record = ClientRecord.of(client)
        let number = record.number
        let changes = record.nameChanges.load(ordering: .relaxed)
        if let known = state.known[number], known.nameChanges != nil {
            guard known.nameChanges != changes else { return number }
            QuestionRecord.names(
                number,
                identifier: client.clientIdentifier,
                userName: client.userName
            ).encode(into: &state.record)
            state.known[number]?.nameChanges = changes
        } else {
            QuestionRecord.client(ClientFacts(client, number: number)).encode(into: &state.record)
            state.known[number] = Known(identity: client, nameChanges: changes)
            record.addFollower(self)
        }
        send(&state)
        return number
    }

    /// What the plugin is told about a client it asks for.
    func facts(about client: ClientIdentity) -> ClientFacts {
        let record = ClientRecord.of(client)
        let number = record.number
        state.withLock { state in
            if state.known[number] == nil { state.known[number] = Known(identity: client) }
        }
        record.addFollower(self)
        return ClientFacts(client, number: number)
    }

    /// A client is no more; the process hears of it with what it is asked next.
    ///
    /// Called wherever a client is freed, so nothing else is done here.
    func forget(client number: UInt64) { gone.withLock { $0.append(number) } }

    private func sendGone(_ state: inout State) {
        let numbers = gone.withLock { numbers in
            defer { numbers.removeAll(keepingCapacity: numbers.count <= 1024) }
            return numbers
        }
        for number in numbers where state.known.removeValue(forKey: number) != nil {
            QuestionRecord.gone(number).encode(into: &state.record)
            send(&state)
        }
    }

    /// The client of a number, if the process that runs knows it.
    func client(_ number: UInt64) -> ClientIdentity? {
        state.withLock { $0.known[number]?.identity }
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
            note(Nonsense.heads, &state)
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
    func collect(_ ring: Int) -> [HelperItem] {
        let (items, isMore) = state.withLock { state -> ([HelperItem], Bool) in
            var items: [HelperItem] = []
            swap(&items, &state.collected[ring])
            guard let memory = state.memory, state.nonsense == nil else { return (items, false) }
            while items.count < Self.batchMax {
                drain(ring, into: &items, &state)
                state.armings[ring] += 1
                memory.channel.questionWord(memory.channel.layout.arming(ring)).pointee
                    .store(state.armings[ring], ordering: .sequentiallyConsistent)
                if state.readers[ring].isEmpty || state.nonsense != nil { return (items, false) }
            }
            return (items, true)
        }
        if isMore { wakeReader(ring) }
        return items
    }

    func drain(_ ring: Int, into items: inout [HelperItem], _ state: inout State) {
        do throws(Nonsense) {
            while items.count < Self.batchMax, try state.readers[ring].next(&state.input) {
                items.append(try item(AnswerRecord(state.input), ring, &state))
            }
            state.readers[ring].publish()
        } catch {
            note(error, &state)
        }
    }

    private func item(
        _ record: AnswerRecord,
        _ ring: Int,
        _ state: inout State
    ) throws(Nonsense) -> HelperItem {
        switch record {
        case .answer(let serial, let answer):
            guard state.pending[ring].first?.serial == serial,
                let asked = state.pending[ring].removeFirst()
            else { throw Nonsense.serial }
            return .answered(asked, answer)
        case .told(.userName(let number, let name)):
            // Whom it is about must be found out before the process is forgotten.
            return .named(state.known[number]?.identity, name)
        case .told(let told): return .told(told)
        case .ready(let code, let lines):
            guard ring == serviceRing, !state.isReady else { throw Nonsense.place }
            return .ready(code: code, lines: lines)
        case .request(let request):
            guard ring == serviceRing else { throw Nonsense.place }
            return .request(request)
        }
    }

    /// The process has written nonsense, and is ended by the keeper.
    private func note(_ nonsense: Nonsense, _ state: inout State) {
        guard state.nonsense == nil else { return }
        state.nonsense = nonsense
        wakeReader(serviceRing)
    }
}
