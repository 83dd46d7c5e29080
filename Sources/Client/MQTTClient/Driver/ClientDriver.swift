// SPDX-License-Identifier: Apache-2.0
// A client on a reactor: its session, its connections, one after the other.

import ClientMachine
import Inflight
package import MQTT
package import Net

/// A client on a reactor, used on that reactor's thread alone.
///
/// ```
///  idle ─ connect ─► opening ─► greeting ─ CONNACK ─► online ─ disconnect ─► idle
///    ▲                  │          │                    │
///    │                  ▼          ▼                    ▼
///    └── for good ── failed     refused               lost ── a while ─► waiting ─► opening
/// ```
/// It keeps what outlives a connection: both windows, the messages at their places, requests without an
/// answer, and what it is subscribed to. It is tried again only after the server has accepted it once.
///
/// Whoever owns the reactor calls `proceed` in each of its turns and asks for `deadline`.
package final class ClientDriver {
    private enum Stage {
        case idle
        case opening(OutgoingConnection, LinkOpener)
        case linked(ServerLink)
        case waiting(until: Int64)
    }

    /// A message that the server does not have yet.
    struct Kept {
        let message: OutgoingPublish
        let ticket: UInt64
    }

    /// Names are looked up on threads of its own.
    private static let resolver = NameResolver()

    /// The reactor that the client lives on.
    package let reactor: Reactor
    /// What connections are made from.
    package private(set) var configuration: MQTTConfiguration
    /// Who is told; not kept alive, and must live as long as the client is connected.
    // Not weak: objects that were ever referred to weakly are slow to retain.
    package unowned var delegate: (any ClientDriverDelegate)?
    /// The client identifier in force; empty until the server has chosen one.
    package private(set) var clientIdentifier: String

    private var plan: OutgoingPlan
    private var stage = Stage.idle {
        didSet { if case .linked = stage { return } else { noteLimits(nil) } }
    }
    private var backoff: Backoff
    /// Whether the server has accepted the client since `connect`.
    private var wasAccepted = false
    /// Whether the server has ever accepted it.
    private var hasSession = false

    let sending = SendWindow()
    let receiving = ReceiveWindow()
    /// Messages by their places in the window.
    var kept = PlacedQueue<Kept>()
    var lastTicket: UInt64 = 0
    /// Payload bytes of messages that wait.
    var keptByteCount = 0
    /// Whether somebody has been told `.full` and not yet that there is room.
    var isAwaited = false
    /// The last topic that was published to, as bytes, which was found to be valid.
    var lastTopic: [UInt8] = []
    var requests: [PendingRequest] = []
    var lastRequest: UInt64 = 0
    var subscriptions = SubscriptionList()
    /// Whether nothing is read from the server.
    package private(set) var isReadingPaused = false
    /// Whether somebody wants to be told of each packet.
    private(set) var isTraced = false

    /// Makes a client that does nothing yet; reads the files of TLS, so it may block.
    package convenience init(
        _ configuration: MQTTConfiguration,
        on reactor: Reactor
    ) throws(MQTTError) {
        self.init(configuration, try configuration.outgoingPlan(), on: reactor)
    }

    /// Makes a client of a plan that was made of the configuration.
    init(_ configuration: MQTTConfiguration, _ plan: OutgoingPlan, on reactor: Reactor) {
        self.configuration = configuration
        self.plan = plan
        self.reactor = reactor
        clientIdentifier = configuration.clientIdentifier
        if clientIdentifier.isEmpty, configuration.version == .v31 {
            clientIdentifier = MQTTConfiguration.freshClientIdentifier()
        }
        backoff = Backoff(configuration.reconnection ?? MQTTReconnection())
    }

    // MARK: What is

    /// The connection, from CONNECT on.
    var link: ServerLink? { if case .linked(let link) = stage { link } else { nil } }

    /// The connection that is on its way.
    var opening: OutgoingConnection? {
        if case .opening(let connection, _) = stage { connection } else { nil }
    }

    /// Whether the server has accepted the client and the connection stands.
    package var isConnected: Bool { link?.isConnected ?? false }

    /// Whether nothing is under way.
    package var isIdle: Bool { if case .idle = stage { true } else { false } }

    /// The highest QoS that the server takes; 2 where there is no connection.
    package private(set) var serverMaximumQoS: UInt8 = 2

    /// The most bytes of a packet that the server takes; `Int.max` where there is no connection.
    package private(set) var serverMaximumPacketSize = Int.max

    /// Takes in what a server takes; nil: there is none.
    private func noteLimits(_ limits: ServerLimits?) {
        serverMaximumQoS = limits?.maximumQoS ?? 2
        serverMaximumPacketSize = limits?.maximumPacketSize ?? .max
    }

    /// Bytes that were said over the connection, of which the socket has taken `takenByteCount`.
    package var saidByteCount: Int { link?.saidByteCount ?? 0 }

    /// Bytes of what was said over the connection that the socket has taken.
    package var takenByteCount: Int { link?.takenByteCount ?? 0 }

    /// Whether bytes wait that the socket has not taken.
    package var hasUnwritten: Bool { takenByteCount < saidByteCount }

    /// Whether the last attempt to connect has come as far as CONNECT.
    package private(set) var hasSaidConnect = false

    /// What was wrong with the packet that ended the last connection; nil where it ended otherwise.
    package private(set) var violation: PacketError?

    /// The server has sent something it may not.
    func note(_ error: PacketError) { violation = error }

    /// Why the last connection was not made; nil where it was.
    package private(set) var failure: OutgoingFailure?

    private func note(_ failure: OutgoingFailure) { self.failure = failure }

    /// The authentication method of the connection; nil for none.
    package var authenticationMethod: String? { link?.machine.authenticationMethod }

    /// Messages that the server does not have yet.
    package var pendingCount: Int { sending.count }

    // MARK: Connecting

    /// Makes further connections from this; reads the files of TLS, so it may block.
    ///
    /// Only while nothing is under way. A client identifier that a server has chosen is kept where there is
    /// none now.
    package func reconfigure(_ configuration: MQTTConfiguration) throws(MQTTError) {
        assert(isIdle, "a connection keeps what it was made from")
        plan = try configuration.outgoingPlan()
        if !configuration.clientIdentifier.isEmpty {
            clientIdentifier = configuration.clientIdentifier
        } else if self.configuration.clientIdentifier != configuration.clientIdentifier {
            clientIdentifier = ""
        }
        if clientIdentifier.isEmpty, configuration.version == .v31 {
            clientIdentifier = MQTTConfiguration.freshClientIdentifier()
        }
        self.configuration = configuration
    }

    /// Begins to connect; `connected` or `ended` follows.
    package func connect() {
        guard isIdle else { return }
        wasAccepted = false
        hasSaidConnect = false
        violation = nil
        failure = nil
        backoff.reset()
        isTraced = delegate?.wantsTrace ?? false
        open()
    }

    private func open() {
        let opener = LinkOpener(self)
        stage = .opening(reactor.connect(plan, by: Self.resolver, for: opener), opener)
    }

    /// When `proceed` has something to do, in milliseconds of the reactor's clock; nil: never.
    package var deadline: Int64? {
        switch stage {
        case .waiting(let time): time
        case .linked(let link) where link.hasOutput: 0
        case .idle, .opening, .linked: nil
        }
    }

    /// Does what is due, and writes what has been said in this turn.
    package func proceed() {
        switch stage {
        case .waiting(let time): if reactor.now >= time { open() }
        case .linked(let link): link.writeOutput()
        case .idle, .opening: break
        }
    }

    /// CONNACK has come.
    func accepted(_ link: ServerLink, _ packet: ConnackPacket) {
        let limits = link.machine.limits
        noteLimits(limits)
        clientIdentifier = limits.clientIdentifier
        wasAccepted = true
        backoff.reset()
        let mustRenew = hasSession && !packet.isSessionPresent
        hasSession = true
        if isReadingPaused { link.connection?.pauseReading() }
        if mustRenew, configuration.renewsSubscriptions { renewSubscriptions() }
        sendRequests()
        pump()
        delegate?.client(self, connected: MQTTConnack(packet, limits))
        noteRoom()
    }

    // MARK: Ends

    /// Ends the connection in good order once all that was written is on its way; `ended` follows.
    ///
    /// Messages without an acknowledgement are kept.
    package func disconnect(
        _ reason: MQTTReasonCode = .success,
        properties: [UInt8] = []
    ) {
        switch stage {
        case .linked(let link) where link.isConnected || configuration.speaksEarly:
            link.leave(ReasonCode(rawValue: reason.rawValue), properties)
        case .idle: break
        case .linked, .opening, .waiting:
            close()
            delegate?.client(self, ended: nil, retryIn: nil)
        }
    }

    /// Ends the connection at once, without a word to anybody.
    package func close() {
        switch stage {
        case .idle, .waiting: break
        case .opening(let connection, _): connection.cancel()
        case .linked(let link): link.close()?.closeInTurn()
        }
        stage = .idle
        failRequests(.closed)
    }

    /// The connection is over; nil where the client has ended it.
    func linkEnded(_ link: ServerLink, _ error: MQTTError?) {
        guard self.link === link else { return }
        ended(error)
    }

    private func ended(_ error: MQTTError?) {
        guard let error, let delay = retryDelay(after: error) else {
            stage = .idle
            failRequests(error ?? .closed)
            delegate?.client(self, ended: error, retryIn: nil)
            return
        }
        forgetRequestIdentifiers()
        stage = .waiting(until: reactor.now + delay)
        delegate?.client(self, ended: error, retryIn: delay)
    }

    private func retryDelay(after error: MQTTError) -> Int64? {
        guard wasAccepted, let reconnection = configuration.reconnection,
            reconnection.isStubborn || !error.isFinal
        else { return nil }
        return backoff.next()
    }

    // MARK: Reading

    /// The server has released a QoS 2 message, which will not come again.
    func released(_ packetIdentifier: UInt16) {
        delegate?.client(self, released: packetIdentifier)
    }

    /// Reads nothing more from the server, so that it must wait; keep alive goes on.
    package func pauseReading() {
        guard !isReadingPaused else { return }
        isReadingPaused = true
        if let link, link.isConnected { link.connection?.pauseReading() }
    }

    /// Reads again.
    package func resumeReading() {
        guard isReadingPaused else { return }
        isReadingPaused = false
        if let link, link.isConnected { link.connection?.resumeReading() }
    }

    /// Messages have arrived.
    func deliver(_ messages: UnsafeReceivedMessages) {
        delegate?.client(self, received: messages)
    }

    /// What came with one read of the socket has been delivered.
    func tookBatch() { delegate?.clientTookBatch(self) }

    // MARK: Authentication

    /// Authenticates anew on the open connection; returns whether that is possible.
    package func reauthenticate() throws -> Bool {
        guard let link, link.isConnected, link.exchange == nil,
            let exchange = try configuration.authentication?.begin()
        else { return false }
        let data = try exchange.initialData()
        let now = reactor.now
        guard link.say({ $0.reauthenticate(data, now: now, output: &$1) }) else { return false }
        link.exchange = exchange
        return true
    }

    /// The server wants to know more; returns whether somebody will answer.
    func challenged(_ data: [UInt8]?) -> Bool {
        delegate?.client(self, challenged: data) ?? false
    }

    /// Answers the server, after `challenged`; `properties` are encoded and without their length.
    package func answer(_ data: [UInt8]?, properties: [UInt8] = []) {
        let now = reactor.now
        link?.say { $0.answer(data, properties: properties, now: now, output: &$1) }
    }

    /// A further authentication is over.
    func reauthenticated(_ error: MQTTError?) {
        delegate?.clientReauthenticated(self)
    }

    // MARK: Trace

    /// Asks anew whether packets are to be told of.
    package func refreshTrace() { isTraced = delegate?.wantsTrace ?? false }

    /// Tells of each packet in `bytes`.
    @inline(__always)
    func trace(_ bytes: UnsafeRawBufferPointer, isSent: Bool) {
        if isTraced { tracePackets(bytes, isSent: isSent) }
    }

    private func tracePackets(_ bytes: UnsafeRawBufferPointer, isSent: Bool) {
        var offset = 0
        while offset < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            guard case .header(let header) = parseFixedHeader(rest.bytes),
                header.packetLength <= rest.count
            else { return }
            let packet = UnsafeRawBufferPointer(rebasing: rest[..<header.packetLength])
            delegate?.client(self, traced: packet, isSent: isSent)
            offset += header.packetLength
        }
    }
}

extension ClientDriver {
    /// Packets may go: CONNECT.
    func opened(_ connection: Connection) {
        var exchange: (any MQTTAuthenticationExchange)?
        var data: [UInt8]?
        do {
            exchange = try configuration.authentication?.begin()
            data = try exchange?.initialData()
        } catch {
            connection.closeInTurn()
            return ended(.authentication("\(error)"))
        }
        let packet = configuration.connectPacket(
            isFirst: !hasSession,
            clientIdentifier: clientIdentifier,
            authenticationData: data
        )
        hasSaidConnect = true
        let link = ServerLink(self, connection, packet)
        link.exchange = exchange
        stage = .linked(link)
    }

    /// There is no connection.
    func failed(_ failure: OutgoingFailure) {
        note(failure)
        ended(MQTTError(failure))
    }
}

/// Hears of an outgoing connection in the place of a client, as whoever does is referred to weakly.
private final class LinkOpener: OutgoingHandler {
    private unowned let driver: ClientDriver

    init(_ driver: ClientDriver) { self.driver = driver }

    func outgoing(_ outgoing: OutgoingConnection, opened connection: Connection) {
        driver.opened(connection)
    }

    func outgoing(_ outgoing: OutgoingConnection, failed failure: OutgoingFailure) {
        driver.failed(failure)
    }
}

extension MQTTError {
    /// Why there is no connection.
    fileprivate init(_ failure: OutgoingFailure) {
        switch failure {
        case .lookup(let reason): self = .lookup(reason)
        case .connecting(let peer, let error):
            let address =
                if case .unix(let path) = peer { path } else { "\(peer.host) port \(peer.port)" }
            self = .unreachable(address: address, code: error.code)
        case .timeout(let step, _): self = .timedOut(step.rawValue)
        case .proxy(let reason, _): self = .proxy(reason)
        case .refused(.handshake(let failure)): self = .tls(failure.explanation ?? failure.error)
        case .refused(.tls(let reason)): self = .tls(reason)
        case .refused(.webSocket(let reason)): self = .webSocket(reason)
        case .refused(.proxy), .closed: self = .connectionLost
        }
    }

    /// Whether the same would happen again.
    var isFinal: Bool {
        switch self {
        case .refused(let code, .v5):
            ![.serverUnavailable, .serverBusy, .unspecifiedError, .quotaExceeded]
                .contains(MQTTReasonCode(rawValue: code)) && code != 0x9F
        case .refused(let code, _): code != 3
        case .disconnected(let code, _):
            [
                .sessionTakenOver, .notAuthorized, .banned, .useAnotherServer, .serverMoved,
                .protocolError, .packetTooLarge, .qosNotSupported, .retainNotSupported,
            ].contains(code) || code.rawValue == 0x98
        case .authentication, .configuration, .notSupported: true
        default: false
        }
    }
}
