// SPDX-License-Identifier: Apache-2.0
// The event loop: one thread, one epoll instance.

import CLinux
import Glibc

/// One event loop with everything that lives on it.
///
/// Created and freed on its own thread; not Sendable. That thread drives it; while the reactor is a
/// member of a `ReactorGroup`, the thread of the first reactor does. Other threads reach it through its
/// `Waker`.
///
/// A turn: wait, handle what is ready, let the delegate finish its work, flush every touched
/// connection once, fire timers.
///
/// Jobs that other threads have posted come first in a turn, before the sockets. So when a client has
/// been told that such a job was posted and then sends something, the job is done before that is read.
///
/// Listening sockets and unauthenticated connections (those `promote` has not been called for) come
/// last in a turn and share a slice of time: very many logins at once do not delay connected clients.
package final class Reactor {
    static let scratchSize = 256 << 10
    static let smallRemainderMax = 4 << 10
    static let readable = UInt32(EPOLLIN.rawValue)
    static let hangUp = UInt32(EPOLLRDHUP.rawValue)
    /// Connections are told of separately that have nothing more to say.
    static let receiving = readable | hangUp
    private static let gone = hangUp | UInt32(EPOLLHUP.rawValue) | UInt32(EPOLLERR.rawValue)
    /// So many may leave, or be closed, at once without being a crowd.
    private static let leavingMax = 8
    static let writable = UInt32(EPOLLOUT.rawValue)
    private static let eventsMax = 512
    static let touchedKept = 1024
    private static let slice: Int64 = 500_000

    /// Number of this reactor, from 0.
    package let index: Int
    /// Signals this reactor from other threads.
    package let waker: Waker
    /// How long its turns take.
    private let figures: TurnFigures
    /// Owner of the reactor; called every turn.
    package var delegate: (any ReactorDelegate)?

    /// Milliseconds of the monotonic clock at the beginning of this turn.
    package var now: Int64 { milliseconds }
    // Private: otherwise the compiler checks every access for exclusivity.
    private var milliseconds: Int64
    /// The same in nanoseconds.
    package private(set) var turnBeganAt: Int64
    /// When the turn before this one was over.
    package private(set) var turnEndedAt: Int64
    /// Nanoseconds the turn before this one took.
    package private(set) var lastTurnDuration: Int64 = 0
    /// Nanoseconds of a turn after which no further unauthenticated source, or mail, is served.
    ///
    /// Co-scheduled reactors divide it among them, so that connected clients wait no longer than on a
    /// reactor that has its thread to itself.
    package private(set) var slice = Reactor.slice
    /// The clock by which turns are shared out, in nanoseconds; another one makes that repeatable.
    package var nanoseconds: () -> Int64 = Clock.monotonicNanoseconds
    /// Milliseconds that `now` is ahead of the monotonic clock; see `advanceClock`.
    var clockLead: Int64 = 0
    /// `now` in whole seconds.
    package var nowSeconds: Int64 { now / 1000 }

    let scratch: UnsafeMutableRawBufferPointer
    let pool = BufferPool()
    var wheel: TimerWheel
    /// Where steps of handshakes come back to.
    let handshakes: HandshakeInbox
    /// Outgoing connections that are not open yet.
    let outgoing: OutgoingTable
    /// Where TLS connections find and leave their bytes; not there before the first needs it.
    lazy var pipe = TLSPipe(plaintextCapacity: Self.scratchSize + (64 << 10))
    /// Connections with output that their sockets have refused.
    var blocked = BlockedConnections()
    /// How many connections are handing up bytes, which may lie in `scratch`; for assertions.
    private(set) var readingDepth = 0
    /// Where WebSockets put their frames together.
    lazy var frames = FrameBuffer()

    let epoll: OwnedDescriptor
    private let events: UnsafeMutableBufferPointer<epoll_event>
    let sources = UnsafeSourceTable()
    private var unauthenticatedRotation = 0
    var touchedConnections: [Connection] = []
    /// Those that are being written to; empty between turns.
    var flushedConnections: [Connection] = []
    /// Those that an earlier turn had no time for.
    var lateConnections: [Connection] = []
    /// Whether any of the following may not be empty.
    private var hasDeferred = false
    private var ending: [(Connection, ConnectionEnd)] = []
    private var drained: [Connection] = []
    /// Those whose handlers have had their share of this turn and have not taken all that has come.
    private var yielding: [Connection] = []
    /// Those who go on in this turn.
    private var resuming: [Connection] = []
    /// Those of a crowd whose peers have closed, no longer watched.
    private var leaving: [Connection] = []
    /// Those that are closed as far as anybody here is concerned.
    private var closing: [Connection] = []
    /// How many were closed in this turn.
    private var closedCount = 0
    /// Makes room when no descriptor is left.
    var spare: CInt
    private var wakerTicket: UInt64 = 0
    /// Whether no descriptor was left last time.
    var isExhausted = false
    /// Whether a co-scheduled reactor has left work here since the last turn.
    private(set) var isTurnRequested = false
    /// The reactors that share this one's thread, one bit for each.
    private var coScheduled: UInt64 = 0
    private(set) var isStopping = false
    /// Whether nothing is read any more; see `stopReading`.
    var isReadingOver = false
    /// Whether the turn has left something for the next one that was ready when it began.
    package private(set) var isBehind = false

    /// Connections open on this reactor.
    package private(set) var connectionCount = 0

    package init(
        index: Int,
        waker: Waker,
        figures: TurnFigures = TurnFigures()
    ) throws(SystemError) {
        let fd = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard fd >= 0 else { throw SystemError("epoll_create1") }
        epoll = OwnedDescriptor(fd)
        self.index = index
        self.waker = waker
        self.figures = figures
        handshakes = HandshakeInbox(waker)
        outgoing = OutgoingTable(waker)
        turnBeganAt = Clock.monotonicNanoseconds()
        turnEndedAt = turnBeganAt
        milliseconds = turnBeganAt / 1_000_000
        wheel = TimerWheel(now: milliseconds / 1000)
        scratch = .allocate(byteCount: Self.scratchSize, alignment: 64)
        events = .allocate(capacity: Self.eventsMax)
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let slot = sources.add(.waker)
        promote(slot)
        wakerTicket = ticket(slot)
        try add(waker.rawValue, slot: slot, interest: Self.readable)
    }

    deinit {
        scratch.deallocate()
        events.deallocate()
        if spare >= 0 { _ = close(spare) }
    }

    // MARK: The loop

    /// Runs until `stop`, on a thread that the reactors of `group` share as their work fits.
    package func run(in group: ReactorGroup? = nil) throws(SystemError) {
        if let group {
            var thread = try ReactorThread(self, group)
            thread.run()
        } else {
            while !isStopping { turn(until: .max) }
        }
        closeConnections()
    }

    /// Waits for something to do until `deadline`, in milliseconds of the monotonic clock, and does it.
    ///
    /// A signal ends the wait.
    package func turn(until deadline: Int64) {
        wait(until: deadline == 0 ? 0 : min(deadline, nextDeadline()))
        finishTurn()
        turnEndedAt = Clock.monotonicNanoseconds()
        lastTurnDuration = turnEndedAt - turnBeganAt
        figures.end(after: lastTurnDuration)
    }

    /// Ends the loop after the present turn.
    package func stop() {
        isStopping = true
    }

    private func wait(until deadline: Int64) {
        let count = epoll_wait(
            epoll.rawValue,
            events.baseAddress,
            CInt(Self.eventsMax),
            Self.milliseconds(until: deadline)
        )
        turnBeganAt = nanoseconds()
        figures.begin(at: turnBeganAt)
        milliseconds = turnBeganAt / 1_000_000 + clockLead
        isBehind = false
        if hasDeferred, !yielding.isEmpty { swap(&yielding, &resuming) }
        guard count > 0 else { return }
        let wake = events[..<Int(count)].firstIndex { $0.data.u64 == wakerTicket }
        if let wake { dispatch(events[wake]) }
        let isCrowd =
            Int(count) > Self.leavingMax
            && events[..<Int(count)].count(where: Self.isLeaving) > Self.leavingMax
        var unauthenticated = 0
        for index in 0..<Int(count) where index != wake {
            let event = events[index]
            if sources.isUnauthenticated(event.data.u64) {
                events[unauthenticated] = event
                unauthenticated += 1
            } else if isCrowd, Self.isLeaving(event) {
                setAside(event)
            } else {
                dispatch(event)
            }
        }
        if unauthenticated > 0 { serveUnauthenticated(unauthenticated) }
    }

    private static func isLeaving(_ event: epoll_event) -> Bool { event.events & gone != 0 }

    /// One of a crowd whose peers have closed has to wait: what the end of a client takes is much more
    /// than what a packet does.
    ///
    /// The few that leave at other times keep their turn, so that what they have sent before comes
    /// before what others send after.
    private func setAside(_ event: epoll_event) {
        guard case .connection(let connection) = sources[event.data.u64], connection.leaveEpoll()
        else { return dispatch(event) }
        hasDeferred = true
        leaving.append(connection)
    }

    /// Handles those who were set aside, in their order, as many as fit into a slice.
    private func seeOff() {
        guard !leaving.isEmpty else { return }
        let began = nanoseconds()
        var count = 0
        var open: [Connection] = []
        repeat {
            let connection = leaving[count]
            count += 1
            connection.handleReadable()
            if !connection.isClosed { open.append(connection) }
        } while count < leaving.count && !isSliceUsed(since: began)
        // Those who have sent more than is read at once.
        leaving.replaceSubrange(..<count, with: [])
        leaving += open
        isBehind = isBehind || !leaving.isEmpty
    }

    /// Handles the unauthenticated sources in front of `events` until their share of the turn is used up.
    ///
    /// That is the slice, or half of what those inside had: a crowd inside does not shut the door.
    /// The rest is still ready in the next turn; nobody is first twice in a row.
    private func serveUnauthenticated(_ count: Int) {
        let began = nanoseconds()
        let end = began + max(slice, (began - turnBeganAt) / 2)
        let first = unauthenticatedRotation % count
        for turn in 0..<count {
            dispatch(events[(first + turn) % count])
            unauthenticatedRotation &+= 1
            if nanoseconds() >= end { break }
        }
    }

    func promote(_ slot: Int) {
        sources.promote(slot)
    }

    /// Lets the work be finished that the turn, or a co-scheduled reactor, has begun.
    func finishTurn() {
        isTurnRequested = false
        if hasDeferred { goOnWithDeferred() }
        handleTimeouts()
        if now >= outgoing.dueAt { outgoing.proceed(at: now) }
        delegate?.reactorTurnEnding(self)
        flushTouched()
        if hasDeferred { finishDeferred() }
        pool.turnEnding(at: now)
    }

    /// What earlier turns, or this one, have left for later and what comes before this turn's end.
    private func goOnWithDeferred() {
        resumeYielding()
        seeOff()
        tellDrained()
    }

    /// What comes when all else is done.
    private func finishDeferred() {
        endConnections()
        closeConnectionsInSlices()
        hasDeferred =
            !yielding.isEmpty || !leaving.isEmpty || !drained.isEmpty || !ending.isEmpty
            || !closing.isEmpty
    }

    /// Handles deadlines that have passed, as many as fit into a slice.
    private func handleTimeouts() {
        guard let first = wheel.popExpired(now: nowSeconds) else { return }
        let began = nanoseconds()
        var next: Int? = first
        while let index = next {
            if case .connection(let connection) = sources.source(index) {
                connection.handler?.connectionTimedOut(connection)
            }
            next = isSliceUsed(since: began) ? nil : wheel.popExpired(now: nowSeconds)
        }
    }

    /// Ends connections that were to be ended after the turn, as many as fit into a slice.
    private func endConnections() {
        guard !ending.isEmpty else { return }
        let began = nanoseconds()
        var count = 0
        repeat {
            let (connection, reason) = ending[count]
            count += 1
            connection.end(reason)
        } while count < ending.count && !isSliceUsed(since: began)
        ending.removeFirst(count)
    }

    /// Whether work that began at a time of `nanoseconds` has had its slice.
    package func isSliceUsed(since start: Int64) -> Bool { nanoseconds() - start >= slice }

    /// Notes that bytes are handed up, or no longer; inside `assert` only, so that it costs nothing.
    func noteReading(_ change: Int) -> Bool {
        readingDepth += change
        return readingDepth >= 0
    }

    /// What waits for sockets, packets and bytes.
    package var waitingOutput: (packets: Int, bytes: Int) {
        let (packets, bytes) = blocked.waiting
        return (packets, bytes)
    }

    /// When the next turn must be, in milliseconds of the monotonic clock, whatever comes.
    package func nextDeadline() -> Int64 {
        if hasDeferred || hasUnflushed { return 0 }
        var deadline = delegate?.reactorNextDeadline(self) ?? .max
        if let second = wheel.nextSecond() { deadline = min(deadline, second * 1000) }
        return min(deadline, outgoing.dueAt, pool.dueAt ?? .max)
    }

    private static func milliseconds(until deadline: Int64) -> CInt {
        switch deadline {
        case .max: -1
        case ...0: 0
        default: CInt(clamping: max(0, deadline - Clock.monotonicMilliseconds()))
        }
    }

    private func dispatch(_ event: epoll_event) {
        switch sources[event.data.u64] {
        case .none: break
        case .waker:
            waker.clear()
            finishHandshakes()
            outgoing.takeAnswers()
            delegate?.reactorWoken(self)
        case .listener(let listener): accept(on: listener)
        case .connection(let connection):
            let ready = event.events
            if ready & Self.writable != 0 { connection.handleWritable() }
            if ready & Self.hangUp != 0 { connection.handleHangUp() }
            if ready & ~Self.writable != 0, !connection.isClosed { connection.handleReadable() }
        case .member(let member): member.isReady = true
        case .attempt(let attempt): attempt.handleReady()
        }
    }

    // MARK: Sharing a thread

    /// From now on these reactors, this one among them, have one thread; none: this one is alone.
    func coSchedule(with reactors: [Reactor]) {
        slice = Self.slice / Int64(max(1, reactors.count))
        coScheduled = 0
        for reactor in reactors where reactor !== self { coScheduled |= Self.bit(reactor.index) }
    }

    /// Whether another reactor is driven by the same thread, so that each may work on what is the
    /// other's; see `requestTurn`.
    package func isCoScheduled(with index: Int) -> Bool {
        coScheduled != 0 && coScheduled & Self.bit(index) != 0
    }

    /// Reactors beyond have threads of their own all the time.
    private static func bit(_ index: Int) -> UInt64 { index < 64 ? 1 << UInt64(index) : 0 }

    /// What has been left here by a co-scheduled reactor in its turn is finished before the thread
    /// waits again.
    package func requestTurn(for other: Reactor) {
        isTurnRequested = true
        milliseconds = max(milliseconds, other.milliseconds)
    }

    private func finishHandshakes() {
        for outcome in handshakes.takeAll() {
            guard case .connection(let connection) = sources[outcome.ticket] else { continue }
            connection.handshakeAdvanced(outcome)
        }
    }

    /// Names the connection in a slot until it ends.
    func ticket(_ slot: Int) -> UInt64 { sources.ticket(slot) }

    // MARK: Touched connections

    func touched(_ connection: Connection) {
        touchedConnections.append(connection)
    }

    /// Tells a connection's handler that its output has drained, when nothing else is under way.
    func drainedLater(_ connection: Connection) {
        hasDeferred = true
        drained.append(connection)
    }

    /// What drains meanwhile is told of in the next turn.
    private func tellDrained() {
        guard !drained.isEmpty else { return }
        let connections = drained
        drained = []
        for connection in connections { connection.tellDrained() }
    }

    /// Ends a connection when the turn is over: its handler may be in the middle of something.
    func endLater(_ connection: Connection, _ reason: ConnectionEnd) {
        hasDeferred = true
        ending.append((connection, reason))
    }

    // MARK: Shares of a turn

    /// Hands up in the next turn what a handler has not taken.
    func resumeLater(_ connection: Connection) {
        hasDeferred = true
        yielding.append(connection)
    }

    private func resumeYielding() {
        for connection in resuming { connection.resumeYielding() }
        resuming.removeAll(keepingCapacity: true)
    }

    /// Closes a connection that its handler has done with, now or, when a crowd leaves, in slices.
    ///
    /// Closing a socket takes much longer than a packet does.
    func closeInTurn(_ connection: Connection) {
        hasDeferred = true
        closedCount += 1
        if closedCount <= Self.leavingMax { connection.close() } else { closing.append(connection) }
    }

    private func closeConnectionsInSlices() {
        closedCount = 0
        guard !closing.isEmpty else { return }
        let began = nanoseconds()
        var count = 0
        repeat {
            closing[count].close()
            count += 1
        } while count < closing.count && !isSliceUsed(since: began)
        closing.removeFirst(count)
    }

    /// Lets go of connections that turns have yet to look at: there are no more turns.
    func forgetConnections() {
        ending.removeAll()
        drained.removeAll()
        yielding.removeAll()
        resuming.removeAll()
        leaving.removeAll()
        closing.removeAll()
        touchedConnections.removeAll()
        lateConnections.removeAll()
    }

    // MARK: Sources

    /// Every open connection.
    var connections: [Connection] {
        sources.slots.compactMap { slot in
            if case .connection(let connection) = sources.source(slot) { connection } else { nil }
        }
    }

    /// Takes a new socket over and serves it here.
    package func adopt(
        _ descriptor: consuming OwnedDescriptor,
        peer: PeerAddress,
        over plan: TransportPlan
    ) throws(SystemError) -> Connection {
        try adopt(descriptor, peer: peer, layers: plan.makeLayers(for: peer))
    }

    /// Serves a connection here that came from another reactor.
    package func adopt(
        _ detached: consuming DetachedConnection
    ) throws(SystemError) -> Connection {
        let layers = detached.layers
        let peer = detached.peer
        let remainder = detached.remainder
        let connection = try adopt(detached.takeDescriptor(), peer: peer, layers: layers)
        remainder.withUnsafeBytes { connection.restore($0) }
        return connection
    }

    private func adopt(
        _ descriptor: consuming OwnedDescriptor,
        peer: PeerAddress,
        layers: Layers?
    ) throws(SystemError) -> Connection {
        let slot = sources.add(.none)
        do {
            try add(descriptor.rawValue, slot: slot, interest: Self.receiving)
        } catch {
            sources.remove(slot)
            throw error
        }
        let connection = Connection(
            descriptor.release(),
            peer: peer,
            layers: layers,
            reactor: self,
            slot: slot
        )
        sources.replace(slot, with: .connection(connection))
        connectionCount += 1
        if isReadingOver { connection.pauseReading() }
        return connection
    }

    /// Serves the new connections of a listening socket, beside other reactors.
    package func add(_ listener: ListenerSocket) throws(SystemError) {
        let slot = sources.add(.listener(listener))
        let exclusive = Self.readable | UInt32(1 << 28)
        try add(listener.rawValue, slot: slot, interest: exclusive)
    }

    /// Watches the sources of a reactor that has joined.
    func watch(_ member: GroupMember) throws(SystemError) {
        let slot = sources.add(.member(member))
        promote(slot)
        do {
            try add(member.reactor.epoll.rawValue, slot: slot, interest: Self.readable)
        } catch {
            sources.remove(slot)
            throw error
        }
    }

    /// Ends what `watch` began.
    func unwatch(_ member: GroupMember) {
        _ = epoll_ctl(epoll.rawValue, EPOLL_CTL_DEL, member.reactor.epoll.rawValue, nil)
        let slot = sources.slots.first { slot in
            if case .member(let other) = sources.source(slot) { other === member } else { false }
        }
        if let slot { sources.remove(slot) }
    }

    /// Stops watching a descriptor.
    func forget(descriptor: CInt) {
        _ = epoll_ctl(epoll.rawValue, EPOLL_CTL_DEL, descriptor, nil)
    }

    func remove(_ connection: Connection, descriptor: CInt) {
        if connection.isWatched { forget(descriptor: descriptor) }
        wheel.clear(connection.slot)
        sources.remove(connection.slot)
        connectionCount -= 1
    }

    func modify(_ slot: Int, descriptor: CInt, interest: UInt32) {
        var event = event(slot, interest)
        let result = epoll_ctl(epoll.rawValue, EPOLL_CTL_MOD, descriptor, &event)
        precondition(result == 0, "a registered descriptor can be modified")
    }

    func add(_ descriptor: CInt, slot: Int, interest: UInt32) throws(SystemError) {
        var event = event(slot, interest)
        guard epoll_ctl(epoll.rawValue, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
            throw SystemError("epoll_ctl")
        }
    }

    private func event(_ slot: Int, _ interest: UInt32) -> epoll_event {
        epoll_event(events: interest, data: epoll_data_t(u64: ticket(slot)))
    }
}
