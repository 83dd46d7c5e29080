// SPDX-License-Identifier: Apache-2.0
// What a worker tells those who keep sessions and messages in the broker's stead.

import Inflight
import MQTT
import Net
import Topics

/// Collects what happens on one worker and has persistence plugins told of it, a turn at a time.
///
/// An answer waits until they know what it promises: what its own worker has collected, and what others
/// to whom it has sent something have. Hand-overs are numbered; one is done when the plugins have been
/// told and those others say so too.
///
/// Invariants: `told <= submitted`; what is outstanding is numbered above `told`.
final class StateReporter: StateKeeper {
    /// Changes from which on publishers have to wait.
    private static let congestedMin = 100_000

    /// Whose it is, so it outlives this.
    unowned(unsafe) let worker: Worker
    private let reactor: Reactor
    private let hooks: any Hooks
    /// Behind a pointer: each message takes one.
    private let numbers: UnsafeMutablePointer<StoreNumbers>
    private let numberOfWorkers: Int
    /// Nanoseconds since 1970 at 0 of the reactor's clock.
    private let clockOffset: Int64
    /// The changes of this turn.
    private(set) var changes = ChangeList() {
        didSet { lentChanges = .passUnretained(changes) }
    }
    /// The same for what each message passes, where counting references would cost more than the rest.
    private(set) lazy var lentChanges = Unmanaged.passUnretained(changes)
    /// The batch that is being delivered, likewise.
    private var lentBatch: Unmanaged<PublishBatch>?
    /// Workers that have delivered something of this turn at once.
    private var others: Set<Int> = []
    private var submitted: UInt64 = 0
    /// All hand-overs up to this one are done.
    private var told: UInt64 = 0
    /// How much is missing of each that is not: the plugins, and others.
    private var missing: [UInt64: Int] = [:]
    /// Changes that were handed over and not told yet.
    private var untold: [UInt64: Int] = [:]
    private var untoldCount = 0
    private var wasCongested = false
    /// The last hand-over with changes, and the last one that the plugins were told of.
    private var lastChanges: UInt64 = 0
    private var toldChanges: UInt64 = 0
    private var waiters: [(number: UInt64, body: () -> Void)] = []
    /// Others, who wait for the plugins alone: were they to wait for this worker's others as well, all
    /// could wait for each other.
    private var changeWaiters: [(number: UInt64, body: () -> Void)] = []
    /// What a batch has put in the place of.
    private var replaced: MessageNumber = 0
    private var cleared: Message?
    /// How many changes there were, hand-overs, and batches in slices, when the batch under way began.
    private var batchBegan = (changes: 0, submitted: UInt64(0), spread: 0)
    /// Whether sessions of other workers may get the batch under way.
    private var isForOthers = false
    /// Messages that some will be told of later, with the hand-over that says when all have been.
    private var held: [(number: UInt64, message: MessageNumber)] = []
    /// Whether nothing waits but for what is delivered in slices: with one worker plugins are told on its thread,
    /// before its output is sent.
    let isImmediate: Bool

    init(_ worker: Worker, _ hooks: any Hooks, lastNumber: MessageNumber) {
        self.worker = worker
        reactor = worker.reactor
        isImmediate = worker.broker.workers.count == 1 && hooks.tellsAtOnce
        self.hooks = hooks
        numberOfWorkers = worker.broker.workers.count
        clockOffset = Clock.wallNanoseconds() - Clock.monotonicNanoseconds()
        numbers = .allocate(capacity: 1)
        numbers.initialize(
            to: StoreNumbers(
                node: worker.broker.nodeIdentifier,
                reactor: UInt8(truncatingIfNeeded: worker.index),
                last: lastNumber
            )
        )
    }

    deinit { numbers.deallocate() }

    // MARK: Collecting

    /// Something has happened that is no message's.
    func note(_ change: StateChange) { changes.append(change) }

    override func takeNumbers(_ count: Int) -> MessageNumber {
        numbers.pointee.take(count, at: clockOffset + reactor.turnBeganAt)
    }

    override func mayDeliver(_ batch: PublishBatch) -> Bool {
        batchBegan = (changes.count, submitted, worker.fanOuts.addedCount)
        if batch.purpose != .receive { lentBatch = .passUnretained(batch) }
        if batch.qos > 0 || batch.isRetained || worker.limits.queuesQoS0 { number(batch) }
        return true
    }

    override func didRetain(version: UInt64, insteadOf previous: AnyObject?) {
        let previous = previous.map { Message($0) }
        replaced = previous?.number ?? 0
        cleared = previous
    }

    override func willDeliver(_ batch: PublishBatch, _ route: UnsafeRoute) {
        isForOthers = numberOfWorkers > 1 && (!route.remote.isEmpty || route.hasGroups)
    }

    override func didDeliver(_ batch: PublishBatch) {
        lentBatch = nil
        let isSpread = worker.fanOuts.addedCount != batchBegan.spread
        if isSpread { waitForSlices() }
        if isSpread || isForOthers { hold(batch) }
        if batch.isRetained { noteRetained(batch) }
        if batch.purpose == .release { worker.sessions[batch.publisher]?.noteReleased(batch) }
        batch.isRecorded =
            changes.count != batchBegan.changes || submitted != batchBegan.submitted
            || hasOthers
        guard isCongested, batch.isRecorded else { return }
        wasCongested = true
        let sender = batch.sender?.takeUnretainedValue() ?? batch.decidedPeer
        (sender ?? worker.sessions[batch.publisher]?.peer)?.waitForLog()
    }

    /// What the batch under way brings about here comes in later turns: no answer to it goes out before.
    private func waitForSlices() {
        others.insert(worker.index)
        worker.answerHolder = self
    }

    /// Not all who get the messages of a batch have been told of by now, and none of them is over before.
    private func hold(_ batch: PublishBatch) {
        isForOthers = false
        for index in 0..<batch.count {
            let message = batch.number(index)
            guard message != 0 else { continue }
            changes.append(.held, message)
            held.append((submitted + 1, message))
        }
    }

    /// Retained publications come one at a time.
    private func noteRetained(_ batch: PublishBatch) {
        assert(batch.count == 1, "what is retained is a batch of its own")
        defer {
            cleared = nil
            replaced = 0
        }
        guard !batch.topic.isDollar else { return }
        if batch[0].payloadCount > 0 {
            let message = batch.message(0)
            let source = batch[0].packetIdentifier
            changes.appendRetained(message, insteadOf: replaced, sourceIdentifier: source)
        } else if let cleared {
            changes.appendCleared(cleared)
        }
    }

    override func didRemoveRetained(_ messages: [Message], version: UInt64) {
        for message in messages where !message.withPublication({ $0.topic.isDollar }) {
            changes.appendCleared(message)
        }
    }

    override func willDeliver(_ batch: PublishBatch, on home: Worker) { others.insert(home.index) }

    /// The packet identifier with which a message of the batch under way has come; 0 when unknown.
    func sourceIdentifier(of message: Unmanaged<MessageStorage>) -> UInt16 {
        guard let lentBatch else { return 0 }
        return lentBatch._withUnsafeGuaranteedRef { batch in
            if batch.count == 1 { return batch[0].packetIdentifier }
            let place = batch.place(of: message)
            return place.map { batch[$0].packetIdentifier } ?? 0
        }
    }

    // MARK: Handing over

    /// Whether other workers have something of this turn, or will have it.
    private var hasOthers: Bool { !others.isEmpty || worker.isOutboxUsed }

    override func submit() {
        guard !changes.isEmpty || hasOthers else { return }
        submitted += 1
        let number = submitted
        let count = changes.count
        let isTold = count == 0 || hooks.tell(changes, of: worker.index, number)
        if isTold { changes.clear() } else { changes = ChangeList() }
        let left = (isTold ? 0 : 1) + others.count + worker.usedOutboxCount
        for other in others { ask(other, about: number) }
        if !others.isEmpty { others.removeAll(keepingCapacity: true) }
        if count > 0 { lastChanges = number }
        if !isTold {
            untold[number] = count
            untoldCount += count
        } else if count > 0 {
            noteChangesTold(number)
        }
        if left > 0 { missing[number] = left } else { finish() }
    }

    override func didMail(to home: Int) { ask(home, about: submitted) }

    /// Has another worker say when the plugins know what has come of this worker's publications there.
    private func ask(_ other: Int, about number: UInt64) {
        let workers = worker.broker.workers
        let own = worker.index
        workers[other].post { worker in
            let answer: () -> Void = {
                workers[own].post { $0.reporter?.noteArrived(number) }
            }
            worker.fanOuts.follow(on: worker) {
                guard let reporter = worker.reporter else { return answer() }
                reporter.whenChangesTold(answer)
            }
        }
    }

    /// The plugins have been told of a hand-over.
    func noteTold(_ number: UInt64) {
        if let count = untold.removeValue(forKey: number) { untoldCount -= count }
        noteChangesTold(number)
        noteArrived(number)
    }

    private func noteChangesTold(_ number: UInt64) {
        toldChanges = max(toldChanges, number)
        while let first = changeWaiters.first, first.number <= toldChanges {
            changeWaiters.removeFirst()
            first.body()
        }
    }

    /// Runs `body` when the plugins know what has happened here so far.
    private func whenChangesTold(_ body: @escaping () -> Void) {
        worker.sendOutboxes()
        guard toldChanges < lastChanges else { return body() }
        changeWaiters.append((lastChanges, body))
    }

    private func noteArrived(_ number: UInt64) {
        guard let left = missing[number] else { return }
        assert(left > 0 && number > told, "what is missing is waited for")
        missing[number] = left == 1 ? nil : left - 1
        if left == 1 { finish() }
    }

    /// Lets go what has waited, as far as everything before it is done.
    private func finish() {
        let before = told
        while told < submitted, missing[told + 1] == nil { told += 1 }
        guard told > before else { return }
        letGo()
        worker.releaseAnswers(upTo: told)
        while let first = waiters.first, first.number <= told {
            waiters.removeFirst()
            first.body()
        }
        if wasCongested, !isCongested {
            wasCongested = false
            worker.unparkClients()
        }
        if isImmediate, told == submitted, changes.isEmpty, !hasOthers { worker.answerHolder = nil }
    }

    /// Messages go that were held until everybody had been told of; the turn that this is part of hands it over.
    private func letGo() {
        guard let first = held.first, first.number <= told else { return }
        let end = held.firstIndex { $0.number > told } ?? held.endIndex
        for (_, message) in held[..<end] { changes.append(.letGo, message) }
        held.removeFirst(end)
    }

    /// Whether publishers have to wait until plugins have caught up.
    var isCongested: Bool { untoldCount >= Self.congestedMin }

    /// A client is read from no further until then.
    func noteHoldingBack() { wasCongested = true }

    /// Runs `body` when the plugins know all that has happened so far, and what others have made of it.
    func whenTold(_ body: @escaping () -> Void) {
        worker.sendOutboxes()
        guard told < submitted else { return body() }
        waiters.append((submitted, body))
    }
}

extension StateReporter: AnswerHolder {
    func ticket(for answer: HeldAnswer, of session: Session) -> UInt64 {
        let isNeeded =
            switch answer {
            case .acknowledgements(.puback, _, _): worker.batch.isRecorded
            case .acknowledgements:
                // A released message may have gone to other workers alone.
                session.mark.isKept || !changes.isEmpty || worker.batch.isRecorded
            case .packet: session.mark.isKept || !changes.isEmpty
            case .publish, .release: session.mark.isKept
            case .entry, .retained: false
            }
        guard isNeeded else { return 0 }
        let number = changes.isEmpty && !hasOthers ? submitted : submitted + 1
        return number > told ? number : 0
    }
}

extension UnsafeRawBufferPointer {
    /// Whether a topic begins with `$`: what is retained there is not told.
    fileprivate var isDollar: Bool { first == UInt8(ascii: "$") }
}
