// SPDX-License-Identifier: Apache-2.0
// One bridge: when it connects, to which address, and what it has where there is no connection.

import ClientMachine
import Config
import Inflight
import Log
import MQTT
import Net
import Topics

/// A bridge of this broker, on the home worker of its local client identifier.
///
/// ```
///            ┌───────────── wait is over ─────────────┐
///            ▼                                        │
///   waiting ───► dialing ── opened ──► connected ── end ──► waiting
///     ▲             └──── failed ────────────────────────────┘
///     └ messages wait (lazy) ── resting ◄── end (lazy, once)
/// ```
/// Its messages wait in an ordinary session, which is there from the start and keeps its subscriptions;
/// with `local_cleansession` only while it is connected.
final class Bridge {
    /// What it is doing.
    enum State {
        /// Until that millisecond of the reactor clock.
        case waiting(until: Int64)
        /// Until messages wait, or for ever.
        case resting(since: Int64)
        case dialing(OutgoingConnection)
        /// CONNECT has been sent, at least.
        case connected(BridgePeer)
        case removed
    }

    unowned let worker: Worker
    /// Its place among the worker's; nil when it is none of them.
    var place: Int?
    /// What it does from the next connection on.
    var plan: BridgePlan
    private(set) var state: State {
        didSet {
            worker.bridges.noteDeadline(of: self)
            report()
        }
    }
    var introduction: BridgeIntroduction
    private var backoff: BridgeBackoff
    private(set) var rotation: BridgeAddressRotation
    private var generator = SystemRandomNumberGenerator()
    /// Whether it has tried to connect before.
    private var hasTried = false
    /// Whether the session that is there has the subscriptions of the plan.
    private var isPrepared = false
    /// Whether others have been told why there is no connection.
    private var hasEnded = false
    /// What it was last that others see; nil before anything.
    private var reported: BridgeStatus.State?
    /// Its line on the broker's board.
    private let line: Int
    /// When the first address is looked for next; nil while nobody looks.
    private var probeDueAt: Int64?
    private var probe: OutgoingConnection?

    var configuration: BridgeConfiguration {
        _read { yield plan.configuration }
    }

    var log: Log { worker.log }

    /// - Parameter delay: milliseconds until it connects first
    init(_ plan: BridgePlan, on worker: Worker, after delay: Int64 = 0) {
        self.worker = worker
        self.plan = plan
        let configuration = plan.configuration
        introduction = BridgeIntroduction(configuration)
        backoff = BridgeBackoff(configuration.restartTimeout)
        rotation = BridgeAddressRotation(
            count: plan.configuration.addresses.count,
            isRoundRobin: configuration.roundRobin
        )
        line = worker.broker.bridges.add(
            BridgeStatus(
                plan: plan,
                addressIndex: 0,
                protocolVersion: introduction.version.rawValue,
                state: .waiting,
                since: Clock.wallSeconds()
            ),
            home: worker.index
        )
        state = .waiting(until: worker.reactor.now + delay)
        report()
    }

    // MARK: Time

    /// When `proceed` has something to do, in milliseconds of the reactor clock.
    var deadline: Int64 {
        switch state {
        case .waiting(let time): time
        case .resting(let since):
            configuration.startType == .lazy ? since + Self.restInterval : .max
        case .dialing, .removed: .max
        case .connected(let peer): min(probeDueAt ?? .max, peer.idleDeadline ?? .max)
        }
    }

    /// Milliseconds between two looks whether messages wait.
    private static let restInterval: Int64 = 1000

    /// Does what is due.
    func proceed() {
        let now = worker.reactor.now
        switch state {
        case .waiting(let time): if now >= time { dial() }
        case .resting:
            guard configuration.startType == .lazy else { return }
            if waitingCount >= configuration.threshold { return dial() }
            state = .resting(since: now)
        case .connected(let peer):
            if let idle = peer.idleDeadline, now >= idle { return peer.leave(.idle) }
            if let due = probeDueAt, now >= due { lookForPrimary() }
        case .dialing, .removed: break
        }
    }

    /// The session where its messages wait, if it is there.
    var session: Session? { worker.sessions[configuration.localClientid] }

    private var waitingCount: Int { session?.outgoing.window.count ?? 0 }

    // MARK: Connecting

    /// Begins an attempt.
    private func dial() {
        if !hasTried {
            hasTried = true
            publishState(isUp: false)
        }
        if !plan.isCleanHere, session == nil || !isPrepared { _ = prepareSession(plan) }
        let address = configuration.addresses[rotation.index]
        log.notice("Connecting bridge \(configuration.name) (\(address))")
        state = .dialing(
            worker.reactor.connect(
                plan.target(rotation.index),
                by: worker.broker.resolver,
                for: self
            )
        )
    }

    /// The connection, or the attempt at one, is over.
    ///
    /// - Parameter lasted: seconds since the remote had accepted the bridge; nil if it never did
    func ended(_ end: BridgeEnd, lasted: Int64? = nil) {
        if case .removed = state { return }
        hasEnded = true
        worker.broker.bridges.change(line) { $0.lastEnd = end }
        probe?.cancel()
        probe = nil
        probeDueAt = nil
        if lasted != nil { publishState(isUp: false) }
        switch end {
        case .primaryBack: rotation.notePrimary()
        case .renewed, .idle: break
        default: rotation.noteEnd()
        }
        let now = worker.reactor.now
        if case .renewed = end { return wait(0) }
        if case .primaryBack = end { return wait(0) }
        if configuration.startType == .once {
            state = .resting(since: now)
            return
        }
        let wait = backoff.next(afterLasting: lasted, &generator)
        if !backoff.isConstant {
            if wait.isReset {
                log.info(
                    "Bridge \(configuration.name) connection was stable enough, resetting backoff"
                )
            }
            log.info("Bridge \(configuration.name) next backoff will be \(wait.milliseconds) ms")
        }
        if configuration.startType == .lazy {
            // The look at the queue comes one backoff later.
            state = .resting(since: now + Int64(wait.milliseconds) - Self.restInterval)
        } else {
            self.wait(Int64(wait.milliseconds))
        }
    }

    /// Waits; up to the next whole second of the clock where that is not over at once, so that many
    /// bridges whose remotes are away wake their thread once a second and not each for itself.
    private func wait(_ milliseconds: Int64) {
        let time = worker.reactor.now + milliseconds
        state = .waiting(until: milliseconds == 0 ? time : (time + 999) / 1000 * 1000)
    }

    /// The remote has accepted the bridge.
    func accepted(at now: Int64) {
        if rotation.looksForPrimary { probeDueAt = now + BridgeAddressRotation.probeInterval }
        publishState(isUp: true)
        report()
        worker.bridges.noteDeadline(of: self)
    }

    // MARK: The primary address

    private func lookForPrimary() {
        probeDueAt = worker.reactor.now + BridgeAddressRotation.probeInterval
        worker.bridges.noteDeadline(of: self)
        guard probe == nil else { return }
        var plan = plan.target(0)
        plan.tls = nil
        plan.webSocket = nil
        probe = worker.reactor.connect(plan, by: worker.broker.resolver, for: self)
    }

    // MARK: Its session

    /// The session with the subscriptions of the bridge; made where it is not there.
    func prepareSession(_ plan: BridgePlan, maximumQoS: UInt8 = 2) -> Session {
        isPrepared = maximumQoS == 2
        let session = session ?? worker.makeSession(ofBridge: self)
        if session.peer == nil, !session.identity.isOwnBridge {
            worker.claim(session, for: self)
        }
        let wanted = plan.subscriptions(maximumQoS: maximumQoS)
        let texts = Set(wanted.map(\.text))
        var slot: UInt32 = 0
        for old in session.subscriptions.slice(from: &slot, limit: .max)
        where !texts.contains(old.text) {
            _ = session.unsubscribe(old)
        }
        for subscription in wanted {
            if log.isEnabled(.debug) {
                let filter = String(decoding: subscription.text, as: UTF8.self)
                log.debug(
                    "Bridge \(configuration.localClientid) doing local SUBSCRIBE on topic \(filter)"
                )
            }
            _ = session.subscribe(subscription, isLimited: false)
        }
        return session
    }

    /// Who it is in this broker.
    func identity(at peer: PeerAddress) -> ClientIdentity {
        ClientIdentity(
            clientIdentifier: configuration.localClientid,
            userName: configuration.localUsername,
            peer: peer,
            listener: nil,
            version: introduction.version,
            keepAliveSeconds: UInt16(clamping: configuration.keepaliveInterval),
            isCleanStart: plan.isCleanHere,
            isBridge: true,
            authenticationMethod: nil,
            proof: .ownBridge
        )
    }

    /// Seconds for which its session outlives a connection.
    var expiryInterval: UInt32 { plan.isCleanHere ? 0 : .max }

    // MARK: Notifications

    /// Tells clients of this broker whether the bridge is connected.
    func publishState(isUp: Bool) {
        guard configuration.notifications else { return }
        worker.publishInternally(
            topic: Array(configuration.stateTopic.utf8),
            payload: BridgeIntroduction.payload(isUp: isUp),
            qos: 1,
            isRetained: true,
            expiryInterval: nil
        )
    }

    // MARK: What others see

    /// Says how it is.
    private func report() {
        let word: BridgeStatus.State
        var next: Int64?
        switch state {
        case .waiting(let time):
            word = .waiting
            next = Clock.wallSeconds() + max(0, time - worker.reactor.now) / 1000
        case .resting: word = configuration.startType == .lazy ? .idle : .stopped
        case .dialing: word = .connecting
        case .connected(let peer): word = peer.stage == .connected ? .connected : .connecting
        case .removed:
            worker.broker.bridges.remove(line)
            return
        }
        // A lazy bridge that is still at rest says so once.
        if word == reported { return }
        reported = word
        worker.broker.bridges.change(line) { status in
            status.plan = plan
            status.addressIndex = rotation.index
            status.protocolVersion = introduction.version.rawValue
            status.state = word
            status.since = Clock.wallSeconds()
            status.nextAttempt = next
        }
    }

    // MARK: Changes

    /// Connects anew, at once.
    func reconnect() {
        switch state {
        case .connected(let peer): peer.leave(.renewed)
        case .dialing(let outgoing):
            outgoing.cancel()
            wait(0)
        case .waiting, .resting: wait(0)
        case .removed: break
        }
    }

    /// Takes another plan, which the next connection is made with: at once, where the configuration asks for
    /// that, else when this one is over.
    func adopt(_ plan: BridgePlan, isChanged: Bool) {
        self.plan = plan
        guard isChanged else {
            // Nobody keeps what the file said before.
            worker.broker.bridges.change(line) { $0.plan = plan }
            if case .connected(let peer) = state { peer.plan = plan }
            return
        }
        isPrepared = false
        introduction = BridgeIntroduction(plan.configuration)
        backoff = BridgeBackoff(plan.configuration.restartTimeout)
        rotation = BridgeAddressRotation(
            count: plan.configuration.addresses.count,
            isRoundRobin: plan.configuration.roundRobin
        )
        if plan.configuration.reloadType == .immediate { reconnect() }
    }

    /// Ends it, in good order.
    func remove() {
        let state = state
        self.state = .removed
        probe?.cancel()
        probe = nil
        switch state {
        case .connected(let peer): peer.leave(.renewed)
        case .dialing(let outgoing): outgoing.cancel()
        case .waiting, .resting, .removed: break
        }
        publishState(isUp: false)
    }
}

extension Bridge: OutgoingHandler {
    func outgoing(_ outgoing: OutgoingConnection, opened connection: Connection) {
        if outgoing === probe { return foundPrimary(connection) }
        guard case .dialing(let current) = state, current === outgoing else {
            return connection.closeInTurn()
        }
        state = .connected(BridgePeer(self, connection))
    }

    func outgoing(_ outgoing: OutgoingConnection, failed failure: OutgoingFailure) {
        if outgoing === probe {
            probe = nil
            return
        }
        guard case .dialing(let current) = state, current === outgoing else { return }
        log.error("Error creating bridge: \(failure.description).")
        if !hasEnded {
            log.warning("Warning: Unable to connect bridge \(configuration.name).")
        }
        ended(.unreachable(failure))
    }

    private func foundPrimary(_ connection: Connection) {
        probe = nil
        connection.closeInTurn()
        guard case .connected(let peer) = state, rotation.looksForPrimary else { return }
        peer.leave(.primaryBack)
    }
}
