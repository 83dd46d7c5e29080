// SPDX-License-Identifier: Apache-2.0
// What a worker writes down in the session log.

import Config
import Inflight
import Log
import MQTT
import Net
import Persist
import Topics

/// Turns what happens on one worker into records, and says what has to wait for them.
///
/// Records are collected in `buffer` and handed to the writer at the end of the turn, before anything
/// that they are about is mailed to other workers, or handed over by one of the same thread. Two records say where a message goes: `accepted`
/// by the worker of its publisher, with the durable sessions it is for, and `delivered` by the worker
/// of each of these. What no durable session takes part in is not recorded.
///
/// Invariants: `safe <= submitted`; a message has a number exactly if the log has, or is about to
/// get, its content.
final class Recorder: StateKeeper {
    /// Bytes of records from which on the next batch gets a frame of its own.
    private static let largeByteCount = 16 << 20

    /// Whose it is, so it outlives this: counting references here would cost every message.
    unowned(unsafe) let worker: Worker
    let log: SessionLog
    /// What each message touches.
    private let fields: UnsafeMutablePointer<RecorderFields>
    private let reactor: UInt8
    /// Counter of the last message that was numbered here.
    private(set) var counter: UInt64
    /// The last frame that was handed over, and the last one that is safe.
    private var submitted: UInt64 = 0
    private var safe: UInt64 = 0
    /// Whether writing does not work: nothing can be promised.
    private(set) var hasFailed = false
    /// Whether publishers have to wait until the writer has caught up.
    private(set) var isCongested = false
    /// What is done when everything is safe.
    private var safeWaiters: [() -> Void] = []
    /// Another worker of this thread whose records are handed over before those here, and one whose
    /// records are after them; until the turn in which one delivers to the other is over.
    ///
    /// Invariant: each is what the other has it for, and nobody comes before itself.
    private var predecessor: Recorder?
    private var follower: Recorder?
    /// Whether the writer has something of this turn that it was not woken for.
    private var owesWake = false
    /// Publishers whose identity the log has since the last checkpoint began.
    private var identities: Set<SessionNumber> = []
    private var lastPublisher: SessionNumber = 0
    /// The checkpoint that this worker takes part in.
    var checkpoint: CheckpointPart?
    /// The last checkpoint that this worker has begun its part of.
    var lastCheckpoint: UInt64 = 0
    /// What plugins have yet to decide about.
    var undecided = UndecidedDeliveries()
    /// Where a message was thought to go, and where it goes; kept for its memory.
    var dealt: [LogDestination] = []
    /// The reactor's clock beside the wall clock; nil until this turn asks for it.
    private var turnClock: WallClock?

    init(_ worker: Worker, _ log: SessionLog) {
        self.worker = worker
        self.log = log
        reactor = UInt8(truncatingIfNeeded: worker.index)
        assert(Int(reactor) == worker.index && reactor < 255, "there are at most 255 workers")
        counter = log.messageCounter
        fields = .allocate(capacity: 1)
        fields.initialize(to: RecorderFields(reactor: reactor))
    }

    // MARK: The life of a batch

    override func mayDeliver(_ batch: PublishBatch) -> Bool { takesIn(batch) }

    override func willKeep(_ batch: PublishBatch) { prepareReceived(batch) }

    override func willRetain(_ batch: PublishBatch) { prepareRetained(batch) }

    override func didRetain(version: UInt64, insteadOf previous: AnyObject?) {
        retainedVersions.append(version)
    }

    override func willDeliver(_ batch: PublishBatch, _ route: UnsafeRoute) {
        accept(batch, route)
    }

    override func didDeliver(_ batch: PublishBatch) { holdBack(batch) }

    override func willDeliver(_ batch: PublishBatch, on home: Worker) {
        // What is delivered at once may be handed to the writer before this worker's turn ends.
        if batch.firstNumber != 0 { home.follow(self) }
    }

    override func didRemoveRetained(_ messages: [Message], version: UInt64) {
        clearRetained(messages, version: version)
    }

    deinit {
        fields.deinitialize(count: 1)
        fields.deallocate()
    }

    // MARK: Fields

    /// The records of this turn.
    var buffer: RecordBuffer {
        @inline(__always) _read { yield fields.pointee.buffer }
        @inline(__always) _modify { yield &fields.pointee.buffer }
    }

    /// Durable sessions that a batch goes to.
    var pending: UnsafeDestinationList {
        @inline(__always) _read { yield fields.pointee.pending }
        @inline(__always) _modify { yield &fields.pointee.pending }
    }

    /// For each group that the batch goes to, the session that has its messages in the log until they
    /// are dealt; 0: none.
    ///
    /// Empty when no group has a durable session.
    var standIns: [SessionNumber] {
        @inline(__always) _read { yield fields.pointee.standIns }
        @inline(__always) _modify { yield &fields.pointee.standIns }
    }

    /// The place in it of the group that is dealt to next.
    var standInPlace: Int {
        @inline(__always) get { fields.pointee.standInPlace }
        @inline(__always) set { fields.pointee.standInPlace = newValue }
    }

    /// Versions of the retained store that a batch has brought about.
    var retainedVersions: [UInt64] {
        @inline(__always) _read { yield fields.pointee.retainedVersions }
        @inline(__always) _modify { yield &fields.pointee.retainedVersions }
    }

    // MARK: Numbers

    /// Numbers for `count` messages; the first is returned, the others follow it.
    override func takeNumbers(_ count: Int) -> MessageNumber {
        let first = MessageNumbers.make(reactor: reactor, counter: counter + 1)
        counter += UInt64(count)
        return first
    }

    /// Whether the messages of a session are recorded.
    func isDurable(_ session: Session) -> Bool { session.logNumber != 0 && session.isPersistent }

    /// The number of who published a message; the log is told who that is.
    func publisher(_ origin: ClientIdentity) -> SessionNumber {
        let number = origin.logNumber(log)
        if number != lastPublisher {
            lastPublisher = number
            if identities.insert(number).inserted {
                buffer.write(.identity(number, LogIdentity(origin)))
            }
        }
        return number
    }

    /// Identities are written anew from now on.
    func forgetIdentities() {
        identities.removeAll()
        lastPublisher = 0
    }

    /// The end of a message in seconds since 1970; 0, for never, stays 0.
    func wallSecond(_ second: Int64) -> Int64 { second == 0 ? 0 : clock.storedExpiry(second) }

    /// Second since 1970.
    var wallNow: Int64 { clock.second(at: worker.reactor.now) }

    /// The wall clock may be set, or the machine have slept, since the last turn.
    private var clock: WallClock {
        if let turnClock { return turnClock }
        let read = WallClock(worker.reactor)
        turnClock = read
        return read
    }

    // MARK: Handing over

    /// Hands over what has been recorded, at the end of a turn at the latest.
    override func submit() {
        defer {
            turnClock = nil
            letFollowerGo()
        }
        guard !buffer.isEmpty else {
            if owesWake { log.wakeWriter() }
            owesWake = false
            return
        }
        owesWake = false
        submit(wakesWriter: true)
    }

    /// Hands over what has been recorded in a turn that goes on: at its end the writer is woken.
    private func submitInTurn() {
        letFollowerGo()
        guard !buffer.isEmpty else { return }
        owesWake = true
        submit(wakesWriter: false)
    }

    private func submit(wakesWriter: Bool) {
        predecessor?.submitInTurn()
        buffer.noteClock(wallNow)
        switch log.submit(&buffer, wakesWriter: wakesWriter) {
        case .nothing: break
        case .taken(let number, let isCongested):
            assert(number > submitted, "frames are numbered in order")
            submitted = number
            if isCongested { self.isCongested = true }
        case .refused: fail()
        }
    }

    /// What is recorded here from now on comes behind what another worker of this thread, whose turn it
    /// is, has recorded so far: it was accepted there, and is delivered here.
    ///
    /// So the two hand over a frame a turn, instead of one for each message.
    override func follow(_ other: Recorder) {
        guard !other.buffer.isEmpty, predecessor !== other else { return }
        guard predecessor == nil, other.predecessor == nil, other.follower == nil else {
            return other.submitInTurn()
        }
        predecessor = other
        other.follower = self
    }

    /// Nobody waits for the records here any more.
    private func letFollowerGo() {
        guard let follower else { return }
        assert(follower.predecessor === self, "it follows this one")
        follower.predecessor = nil
        self.follower = nil
    }

    /// Begins with a batch, or says that it is to be refused.
    ///
    /// Hands over a large part of a turn: a frame is bounded, a turn that brings many large messages is
    /// not. Here, between batches: all records of one are in the same frame.
    private func takesIn(_ batch: PublishBatch) -> Bool {
        if buffer.byteCount >= Self.largeByteCount { submit() }
        return !refuses(batch)
    }

    /// Everything up to a frame is safe: what has waited for it goes out.
    func noteSafe(_ number: UInt64) {
        guard number > safe else { return }
        safe = number
        worker.releaseAnswers(upTo: number)
        tellWaiters()
        guard isCongested, !log.isCongested(worker.index) else { return }
        isCongested = false
        worker.unparkClients()
        worker.resumeLogins()
    }

    /// Runs `body` when all that has been recorded so far is safe, or cannot be any more.
    func whenSafe(_ body: @escaping () -> Void) {
        safeWaiters.append(body)
        submit()
        tellWaiters()
    }

    /// Whether all that has been recorded is safe, and no checkpoint is under way.
    var isSettled: Bool { isSafe && checkpoint == nil }

    private var isSafe: Bool { buffer.isEmpty && safe == submitted }

    private func tellWaiters() {
        guard hasFailed || isSafe, !safeWaiters.isEmpty else { return }
        let waiters = safeWaiters
        safeWaiters = []
        for waiter in waiters { waiter() }
    }

    /// Writing does not work.
    func fail() {
        hasFailed = true
        buffer.removeAll()
        checkpoint = nil
        tellWaiters()
        // They need not wait to be refused.
        if !worker.waitingLogins.isEmpty { worker.postpone { [worker] in worker.resumeLogins() } }
    }

    /// Writing works again, as far as one can know before it has been tried.
    func noteResumed() {
        guard hasFailed else { return }
        hasFailed = false
        worker.unparkClients()
    }
}

extension Recorder: AnswerHolder {
    func ticket(for answer: HeldAnswer, of session: Session) -> UInt64 {
        let isNeeded =
            switch answer {
            case .acknowledgements(.puback, _, _): worker.batch.isRecorded
            case .acknowledgements(.pubrec, _, _): isDurable(session)
            case .acknowledgements: isDurable(session) || !buffer.isEmpty
            case .entry, .packet, .publish, .release: isDurable(session)
            case .retained: false
            }
        guard isNeeded else { return 0 }
        // What was refused is in no frame yet, though the buffer is empty.
        let frame = buffer.isEmpty && !hasFailed ? submitted : submitted + 1
        return frame > safe ? frame : 0
    }
}

extension LogIdentity {
    /// Who a client is, as the log has it.
    init(_ identity: ClientIdentity) {
        self.init(
            clientIdentifier: identity.clientIdentifier,
            userName: identity.userName,
            listenerPort: UInt16(clamping: identity.listener?.configuration.port ?? 0)
        )
    }
}
