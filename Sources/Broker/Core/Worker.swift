// SPDX-License-Identifier: Apache-2.0
// One reactor with the part of the broker that lives on it.

import CLinux
import Config
package import Inflight
import Log
import MQTT
package import Net
import Topics

/// A reactor's clients and sessions.
///
/// Everything is private to its thread; other threads send mail to its `WorkerHandle`.
package final class Worker {
    /// What is shared by all workers.
    package let broker: Broker
    /// How others reach this one.
    package let mailbox: WorkerHandle
    /// The event loop.
    package let reactor: Reactor

    let log: Log
    let counters: Counters
    /// The settings in force, as this worker knows them.
    private(set) var settings: Settings
    /// The numbers of the settings that every packet asks for.
    private(set) var limits: Limits

    let sessions: UnsafeSessionTable
    /// Sessions without a connection that will end, and wills that wait.
    var deadlines = DeadlineQueue()
    let routes: RouteCache
    /// The plugins; nil when there are none.
    ///
    /// A strong reference that never changes: nobody has to count one to call them.
    let hooks: (any Hooks)?
    /// What they want to be asked, where they have said it; nil: they have to be asked.
    let publishedEvents: UnsafeHookEvents?
    /// Whether there are plugins; spares following a reference.
    let hasHooks: Bool
    /// Whether some of them write their answers from other processes.
    private let hasHelpers: Bool
    /// Whether every packet is logged; as of the last reload.
    private(set) var isTracing: Bool
    let openQuestions = OpenQuestions()
    /// The sessions that a reload has yet to check again; nil when all are.
    var reloadCheck: ReloadCheck?
    /// What the bytes being handled now have made this worker do.
    var work = 0
    /// How much of that a client may have done in one turn.
    var share = InputShare()
    /// Publications that go to so many sessions that it takes several turns.
    let fanOuts = FanOutQueue()
    /// Number of the fan-out under way, to tell overlapping subscriptions of one client.
    var fanOutSerial: UInt64 = 0
    /// The publications being collected from the client whose bytes are handled now; see `collect`.
    let batch: PublishBatch
    /// Whether they are being delivered.
    var isDelivering = false
    private let retainedSweep = RetainedSweep()
    /// The bridges whose sessions live here.
    let bridges = WorkerBridges()
    /// Connections that came while every place was taken.
    let acceptQueue = AcceptQueue()
    /// A batch that came from another reactor.
    let foreignBatch: PublishBatch
    /// Who sees to it that what happens here outlives the broker: one of the next two; nil when neither is
    /// there.
    private(set) var keeper: StateKeeper? {
        didSet { lentKeeper = keeper.map { Unmanaged.passUnretained($0) } }
    }
    /// The same for what each message passes, where counting references would cost more than the rest.
    private(set) var lentKeeper: Unmanaged<StateKeeper>?
    /// What is written into the session log; nil when there is none.
    private(set) var recorder: Recorder?
    /// What persistence plugins are told; nil when there are none.
    private(set) var reporter: StateReporter?
    /// Who is told what happens to sessions, kept by who sets it before the first client comes: one of the two.
    ///
    /// Counting references to it would cost several times for each message.
    unowned(unsafe) var sessionListener: (any SessionListener)?
    /// Who holds answers back; set before the first client comes.
    var answerHolder: (any AnswerHolder)?
    /// Clients some of whose answers wait.
    var holdingPeers: [SessionPeer] = []
    /// How many may be listed before those who have left are looked for.
    var holdingCountMax = Worker.holdingCountMin
    /// Clients that are not read from until other workers, or the session log, have caught up.
    var parkedPeers: [SessionPeer] = []
    /// Logins that wait until the session log has been written.
    var waitingLogins: [() -> Void] = []
    private var outboxes: [DeliveryBatch?]
    private(set) var isOutboxUsed = false
    /// When scratch memory is looked at next, in milliseconds of the reactor clock; 0: not at all.
    private var trimAt: Int64 = 0
    private static let trimInterval: Int64 = 2000
    private var postponed: [() -> Void] = []
    /// How many clients have been let in.
    var entryCount = 0
    /// Work that goes on in slices.
    private(set) lazy var slices = SlicedWork(self)
    /// Subscriptions of ended sessions that the index still has.
    var endedSubscriptions: EndedSubscriptions
    /// Looks at all sessions, while that is under way.
    var figuresWalk: FiguresWalk?
    /// Why the last connections here have ended.
    var endings: EndingRing<Ending>
    /// How long messages are on their way.
    var deliveries = DeliverySampler()
    private var mail: [MailboxMessage] = []
    private var mailRead = 0

    package init(
        broker: Broker,
        mailbox: WorkerHandle
    ) throws(SystemError) {
        self.broker = broker
        self.mailbox = mailbox
        reactor = try Reactor(
            index: mailbox.index,
            waker: mailbox.waker,
            figures: mailbox.turns
        )
        log = broker.log
        counters = mailbox.counters
        settings = broker.settings
        endings = EndingRing(capacity: settings.configuration.connectionHistory)
        hooks = broker.hooks
        publishedEvents = hooks?.publishedEvents
        hasHooks = hooks != nil
        hasHelpers = hooks?.hasHelpers ?? false
        batch = PublishBatch(isChecked: hooks != nil)
        foreignBatch = PublishBatch(isChecked: hooks != nil)
        isTracing = log.isEnabled(.debug)
        limits = Limits(settings.configuration)
        sessions = UnsafeSessionTable(reactor: mailbox.index)
        endedSubscriptions = EndedSubscriptions(broker.subscriptions)
        routes = RouteCache(index: broker.subscriptions, reactor: mailbox.index)
        outboxes = Array(repeating: nil, count: broker.workers.count)
    }

    /// From now on what happens here is recorded; before the first client comes.
    package func record(in log: SessionLog) {
        let recorder = Recorder(self, log)
        self.recorder = recorder
        keeper = recorder
        for session in sessions.all { recorder.adopt(session) }
        sessionListener = recorder
        answerHolder = recorder
    }

    /// From now on persistence plugins are told what happens here; `lastNumber` is the greatest number
    /// of a message that they know.
    ///
    /// Sessions that are there already are told of when their clients come.
    package func report(lastNumber: MessageNumber) {
        guard keeper == nil, let hooks else { return }
        let reporter = StateReporter(self, hooks, lastNumber: lastNumber)
        self.reporter = reporter
        keeper = reporter
        sessionListener = reporter
        answerHolder = reporter.isImmediate ? nil : reporter
    }

    /// Plugins are told nothing more: the broker ends.
    package func endReports() {
        guard reporter != nil else { return }
        keeper?.submit()
        keeper = nil
        reporter = nil
        sessionListener = nil
        answerHolder = nil
    }

    /// Persistence plugins have been told of a hand-over of this worker.
    package func noteTold(_ number: UInt64) { reporter?.noteTold(number) }

    /// Runs `body` when all that has been recorded so far is safe, or cannot be any more, and plugins
    /// have been told.
    package func whenSafe(_ body: @escaping () -> Void) {
        if let recorder { return recorder.whenSafe(body) }
        if let reporter { return reporter.whenTold(body) }
        body()
    }

    /// Number of this worker.
    package var index: Int { mailbox.index }

    /// The reactor's clock, in seconds.
    var now: Int64 { reactor.nowSeconds }

    /// Accepts connections of listening sockets, beside the other workers.
    package func listen(on sockets: [ListenerSocket]) throws(SystemError) {
        for socket in sockets { try reactor.add(socket) }
    }

    /// Serves until `stop`.
    package func run() throws(SystemError) {
        broker.pluginBacklog.exemptThread()
        begin()
        try reactor.run(in: broker.group)
        end()
    }

    /// What comes before the first turn.
    func begin() {
        reactor.delegate = self
        mailbox.attach(self)
        reactorWoken(reactor)
    }

    /// What comes after the last turn.
    func end() {
        mailbox.detach()
        // Breaks the cycles between worker, reactor, sessions, clients and what they wait for.
        reactor.delegate = nil
        postponed = []
        slices.forgetAll()
        bridges.forgetAll()
        fanOuts.forgetAll()
        parkedPeers = []
        waitingLogins = []
        acceptQueue.forgetAll()
        openQuestions.forgetAll()
        reloadCheck = nil
        mailbox.takeMail(after: &mail)
        mail = []
        keeper?.submit()
        sessionListener = nil
        answerHolder = nil
        keeper = nil
        recorder = nil
        reporter = nil
        hooks?.threadIsEnding()
        for session in sessions.all {
            session.peer?.session = nil
            session.detach()
        }
        sessions.removeAll()
    }

    /// Takes nothing more from clients; what they have sent before is delivered.
    package func stopReading() { reactor.stopReading() }

    /// Delivers all that is to be delivered in slices.
    package func finishDeliveries() { fanOuts.drain(self) }

    /// Ends the loop and closes every connection.
    package func stop() {
        fanOuts.drain(self)
        reactor.stop()
    }

    func adopt(_ settings: Settings) {
        self.settings = settings
        limits = Limits(settings.configuration)
        endings.setCapacity(settings.configuration.connectionHistory)
        isTracing = log.isEnabled(.debug)
        recheckClients()
        applyBridges()
        acceptHeld()
    }

    /// The types of lines that are logged have changed.
    func adoptLogTypes() { isTracing = log.isEnabled(.debug) }

    /// Runs `work` at the end of the turn or in the next one; keeps long work from delaying others.
    func postpone(_ work: @escaping () -> Void) {
        postponed.append(work)
    }

    /// A batch has needed unusually much memory: that is given back some time after the last one.
    func trimScratchLater() {
        if trimAt == 0 { trimAt = reactor.now + Self.trimInterval }
    }

    private func trimScratch() {
        trimAt = 0
        let isLeft = [batch.trim(), foreignBatch.trim()].contains(true)
        if isLeft { trimScratchLater() }
    }

    /// Runs `work` when a whole turn is over that began after this one: everything has been noticed
    /// that has happened by now.
    func afterWholeTurn(_ work: @escaping () -> Void) {
        postpone { [self] in postpone { [self] in finishWholeTurn(work) } }
    }

    private func finishWholeTurn(_ work: @escaping () -> Void) {
        guard reactor.isBehind else { return work() }
        postpone { [self] in finishWholeTurn(work) }
    }

    /// Brings the gauges up to date.
    package func updateGauges() {
        let (packets, bytes) = reactor.waitingOutput
        mailbox.gauges.set(packetsWaiting: packets, bytesWaiting: bytes)
    }

    // MARK: Between reactors

    /// The batch of publications that leaves for another worker at the end of this turn.
    func outbox(for worker: Int) -> DeliveryBatch {
        if let batch = outboxes[worker] { return batch }
        let batch = broker.batches.take()
        batch.readAt = reactor.turnBeganAt
        outboxes[worker] = batch
        isOutboxUsed = true
        return batch
    }

    /// Whether nothing that was sent here earlier waits, so that what is delivered now comes in turn.
    private var isUpToDate: Bool { mail.isEmpty && !mailbox.hasMail && fanOuts.isEmpty }

    /// Sends publications to sessions of another worker: with the others of this turn, or at once if
    /// that has the same thread and has read what it was sent before.
    func send(
        _ batch: PublishBatch,
        entries: Range<Int>,
        to destinations: some Collection<Destination>,
        on home: Int
    ) {
        if reactor.isCoScheduled(with: home), outboxes[home] == nil,
            let worker = broker.workers[home].worker, worker.isUpToDate,
            destinations.count &* batch.workPerDestination <= worker.fanOuts.atOnceMax
        {
            worker.reactor.requestTurn(for: reactor)
            lentKeeper?._withUnsafeGuaranteedRef { $0.willDeliver(batch, on: worker) }
            return worker.deliver(batch, entries: entries, to: destinations)
        }
        outbox(for: home).append(batch, entries: entries, to: destinations)
        if broker.workers[home].backpressure.isHigh { park(batch, behind: home) }
    }

    /// What is recorded here comes behind what another worker of this thread has recorded.
    func follow(_ recorder: Recorder) {
        lentKeeper?._withUnsafeGuaranteedRef { $0.follow(recorder) }
    }

    /// Hands over what has been collected for other workers.
    ///
    /// Runs before anything a peer could take for a sign that its messages have been passed on.
    func sendOutboxes() {
        keeper?.submit()
        guard isOutboxUsed else { return }
        isOutboxUsed = false
        for index in outboxes.indices {
            guard let batch = outboxes[index] else { continue }
            outboxes[index] = nil
            broker.workers[index].backpressure.add(batch.byteCount)
            broker.workers[index].post(.deliveries(batch))
            keeper?.didMail(to: index)
        }
    }

    /// How many workers will be sent something.
    var usedOutboxCount: Int { isOutboxUsed ? outboxes.count { $0 != nil } : 0 }

    /// The same, if there is anything.
    func sendUsedOutboxes() {
        if isOutboxUsed { sendOutboxes() }
    }

    /// Reads the mail that has come, in its order, until its share of the turn is used up.
    ///
    /// That is the slice, or half of a turn like the last one: where the processor is scarce, others
    /// would else send more in each turn than is read in one.
    private func readMail() {
        mailbox.takeMail(after: &mail)
        let share = max(reactor.slice, reactor.lastTurnDuration / 2)
        let end = reactor.nanoseconds() + share
        while mailRead < mail.count {
            handle(mail[mailRead])
            mailRead += 1
            if reactor.nanoseconds() >= end { break }
        }
        guard mailRead == mail.count else {
            // Where there is always more, what has been handled is let go all the same.
            if mailRead > mail.count / 2 {
                mail.removeFirst(mailRead)
                mailRead = 0
            }
            return mailbox.waker.wake()
        }
        mail.removeAll(keepingCapacity: mail.capacity <= WorkerHandle.capacityKept)
        mailRead = 0
    }

    private func handle(_ message: MailboxMessage) {
        switch message {
        case .deliveries(let batch): deliver(batch)
        case .job(let job): job(self)
        }
    }
}

extension Worker: ReactorDelegate {
    package func reactorWoken(_ reactor: Reactor) {
        readMail()
        if hasHelpers, let hooks { take(hooks.collect(worker: index)) }
    }

    package func reactorTurnEnding(_ reactor: Reactor) {
        expireDeadlines()
        bridges.proceed(at: reactor.now)
        if index == 0 { retainedSweep.runIfDue(self) }
        if trimAt != 0, reactor.now >= trimAt { trimScratch() }
        if !postponed.isEmpty {
            let work = postponed
            postponed = []
            for item in work { item() }
        }
        sendOutboxes()
        recorder?.continueCheckpoint()
        deliveries.turnEnding(reactor, counters)
        if hasHelpers { hooks?.flush(worker: index) }
    }

    package func reactorNextDeadline(_ reactor: Reactor) -> Int64? {
        if !postponed.isEmpty { return 0 }
        var due = min(deadlines.first ?? .max, bridges.deadline)
        if index == 0, let sweep = retainedSweep.deadline(self) { due = min(due, sweep * 1000) }
        if trimAt != 0 { due = min(due, trimAt) }
        if let checkpoint = recorder?.checkpointDueAt { due = min(due, checkpoint) }
        return due == .max ? nil : due
    }

    package func reactor(
        _ reactor: Reactor,
        accepted descriptor: consuming OwnedDescriptor,
        from peer: PeerAddress,
        on socket: ListenerSocket
    ) {
        accept(AcceptedSocket(descriptor, peer: peer, socket: socket))
    }

    package func reactor(_ reactor: Reactor, descriptorsExhausted isExhausted: Bool) {
        if isExhausted {
            log.warning(
                "Warning: No file descriptors left; new connections are closed until others end."
            )
        } else {
            log.notice("File descriptors are available again; new connections are served.")
        }
    }
}
