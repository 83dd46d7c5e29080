// SPDX-License-Identifier: Apache-2.0
// CONNECT on the worker that accepted the connection: checks, identity, authentication.

import Config
import Encoding
import Log
import MQTT
import Net
import Results

/// A CONNECT that has passed its checks, on its way to the home of its session.
struct ConnectRequest: Sendable {
    let packet: ConnectPacket
    let identity: ClientIdentity
    /// What 5.0 clients without an identifier of their own are told.
    let assignedIdentifier: String?
    /// Data of the authentication method for CONNACK.
    var authenticationData: [UInt8]?
    /// The settings in force when the client was found to be who it says it is.
    let settings: Settings
}

extension ConnectRequest {
    /// Seconds that the session is to live without a connection; `UInt32.max`: for ever.
    var expiryInterval: UInt32 {
        if packet.version == .v5 { return packet.sessionExpiryInterval }
        return packet.isCleanStart ? 0 : UInt32.max
    }

    /// Whether the session is to outlive its connection.
    var isPersistent: Bool { expiryInterval != 0 }
}

extension Client {
    /// About what a client and its session take in memory.
    private static let connectionByteCount = 4 << 10

    /// Decodes a CONNECT and decides who may come in; docs/protocol-choices.md has the checks in their
    /// order, with the answers.
    func handleConnect(_ body: RawSpan, flags: UInt8) {
        let expected = Self.connectionByteCount + 2 * body.byteCount
        if worker.isOutOfMemory(expecting: expected) {
            return finish(.refused("out of memory", code: ResultCode.noMemory))
        }
        do throws(ConnectError) {
            let packet = try ConnectPacket(decoding: body, flags: flags, limits: connectLimits)
            version = packet.version
            isV5 = version == .v5
            packetSizeMax = packet.maximumPacketSize ?? .max
            try identify(packet)
        } catch {
            refuseConnect(error)
        }
    }

    private var connectLimits: ConnectLimits {
        let configuration = worker.settings.configuration
        var limits = ConnectLimits()
        limits.acceptedVersions = listener.acceptedVersions
        limits.maximumQoS = UInt8(clamping: listener.configuration.maxQoS)
        limits.isRetainAvailable = configuration.retainAvailable
        limits.allowsZeroLengthClientIdentifier = listener.allowsEmptyClientIdentifier
        limits.messageSizeLimit = configuration.messageSizeLimit
        limits.mountPoint = listener.mountPoint
        return limits
    }

    /// Finds out who a client says it is, and has that checked.
    private func identify(_ packet: ConnectPacket) throws(ConnectError) {
        var identifier = packet.clientIdentifier
        let isAssigned = identifier.isEmpty
        // [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT311-3.1.3-6]
        if isAssigned { identifier = ClientIdentifier.random(prefix: listener.identifierPrefix) }
        var security = connection?.security
        if packet.authenticationMethod != nil {
            security?.channelBinding = connection?.channelBinding
        }
        let (userName, proof) = findUserName(packet, security)
        if let prefix = worker.settings.configuration.clientidPrefixes,
            !identifier.utf8.starts(with: prefix.utf8)
        {
            throw refusal(packet, "client identifier prefix not allowed")
        }
        if listener.configuration.useUsernameAsClientid {
            guard let userName else {
                throw refusal(packet, "no user name for the client identifier")
            }
            identifier = userName
        }
        guard let peer = connection?.peer else { return }
        logProxyTLS(security, peer)
        let identity = ClientIdentity(
            clientIdentifier: identifier,
            userName: userName,
            peer: peer,
            listener: listener,
            version: packet.version,
            keepAliveSeconds: packet.keepAlive,
            isCleanStart: packet.isCleanStart,
            isBridge: packet.isBridge,
            authenticationMethod: packet.authenticationMethod,
            security: security,
            proof: proof
        )
        self.identity = identity
        if proof == .missing { throw nameless(packet) }
        authenticate(PendingConnect(packet, isAssigned: isAssigned), identity)
    }

    // [MQTT311-3.1.3-9]
    private func refusal(_ packet: ConnectPacket, _ detail: StaticString) -> ConnectError {
        ConnectError(
            answer: packet.version == .v5 ? .connackV5(.notAuthorized) : .connackV3(.notAuthorized),
            detail: detail
        )
    }

    /// Answers a CONNECT that is refused, as far as it is answered, and closes.
    ///
    /// - Parameter code: the `MOSQ_ERR_*` plugins are told, if it is not the one that goes with the
    ///   answer
    /// [MQTT-3.1.4-2] [MQTT-3.2.2-7] [MQTT-3.2.2-8] [MQTT-4.13.2-1] [MQTT311-3.2.2-5]
    /// [MQTT311-3.2.2-6]
    func refuseConnect(
        _ error: ConnectError,
        code told: Int32? = nil,
        authenticationData: [UInt8]? = nil
    ) {
        switch error.answer {
        case .close:
            counters.violations.add(Int(PacketType.connect.rawValue))
            log.info(
                "Protocol error from \(logName): \(error.detail).",
                logFields(.protocolError, reason: "\(error.detail)")
            )
            finish(.refused("protocol error", code: ResultCode.protocolError))
        case .connackV3(let code):
            var connack: [UInt8] = []
            connack.appendConnack(code)
            writeConnack(connack, code: code.rawValue)
            finish(Self.end(v3: code), told)
        case .connackV5(let reason):
            var connack: [UInt8] = []
            var packet = ConnackPacket(reasonCode: reason)
            if reason != .unsupportedProtocolVersion {
                packet.maximumQoS = UInt8(clamping: listener.configuration.maxQoS)
            }
            if let authenticationData {
                packet.authenticationMethod = identity?.authenticationMethod
                packet.authenticationData = authenticationData
            }
            connack.appendConnack(packet, version: .v5)
            writeConnack(connack, code: reason.rawValue)
            finish(Self.end(v5: reason), told)
        }
    }

    private func finish(_ end: ClientEnd, _ code: Int32?) {
        var end = end
        end.code = code ?? end.code
        finish(end)
    }

    func writeConnack(_ packet: [UInt8], code: UInt8) {
        log.debug("Sending CONNACK to \(logName) (\(packet[2]), \(code))")
        write(packet, .connack)
    }

    private static func end(v3 code: ConnectReturnCode) -> ClientEnd {
        switch code {
        case .unacceptableProtocolVersion: notSupported
        case .serverUnavailable: .refused("server busy", code: ResultCode.serverBusy)
        case .badUserNameOrPassword, .notAuthorized: .notAuthorized
        case .accepted, .identifierRejected:
            .refused(
                "protocol error",
                code: ResultCode.protocolError,
                reason: .identifierNotValid
            )
        }
    }

    private static let notSupported = ClientEnd.refused(
        ClientEnd.disallowedFeature,
        code: ResultCode.protocolError,
        reason: .notSupported
    )

    private static func end(v5 reason: ReasonCode) -> ClientEnd {
        switch reason {
        case .notAuthorized, .badUserNameOrPassword: .notAuthorized
        case .malformedPacket: .refused("malformed packet", code: ResultCode.malformedPacket)
        case .unspecifiedError: .refused("authentication failed", code: ResultCode.unknown)
        case .packetTooLarge: .refused("oversize payload", code: ResultCode.payloadSize)
        case .unsupportedProtocolVersion, .qosNotSupported, .retainNotSupported,
            .badAuthenticationMethod:
            notSupported
        case .clientIdentifierNotValid:
            .refused("client identifier not valid", code: ResultCode.clientIdentifierNotValid)
        case .serverUnavailable: .refused("server unavailable", code: ResultCode.serverUnavailable)
        case .serverBusy: .refused("server busy", code: ResultCode.serverBusy)
        case .banned: .refused("client banned", code: ResultCode.banned)
        case .connectionRateExceeded:
            .refused("connection rate exceeded", code: ResultCode.connectionRateExceeded)
        default: .refused("protocol error", code: ResultCode.protocolError)
        }
    }

    /// Goes on here or, when the session lives on another worker, moves there.
    func enter(_ request: ConnectRequest) {
        let name = request.identity.clientIdentifier
        // [MQTT-3.1.3-2] [MQTT311-3.1.3-2]
        let home = worker.broker.home(of: name)
        let isHome = home == worker.index
        if isHome {
            let earlier = worker.sessions[name]
            if earlier?.peer == nil { return worker.attach(self, request, to: earlier) }
        }
        let earlierStage = stage
        stage = .entering
        connection?.pauseReading()
        let worker = worker
        worker.postpone { [self] in
            guard stage == .entering else { return }
            guard isHome else { return worker.move(self, request, to: home) }
            stage = earlierStage
            worker.attachInTurn(self, request)
            worker.recheckLate(self, request)
            connection?.resumeReading()
        }
    }
}

extension Worker {
    /// Sends a client with all it has received so far to the home of its session.
    fileprivate func move(_ client: Client, _ request: ConnectRequest, to home: Int) {
        guard let connection = client.releaseConnection() else { return }
        client.stage = .ended
        let listenerIndex = client.listener.index
        let loginDueAt = client.loginDueAt
        let transfer = ConnectionTransfer(connection.detach())
        broker.workers[home].post { worker in
            worker.receive(
                transfer.open(),
                request,
                listenerIndex: listenerIndex,
                loginDueAt: loginDueAt
            )
        }
    }

    private func receive(
        _ detached: consuming DetachedConnection,
        _ request: ConnectRequest,
        listenerIndex: Int,
        loginDueAt: Int64
    ) {
        let listener = settings.listeners[listenerIndex]
        let peer = detached.peer
        do {
            let connection = try reactor.adopt(detached)
            let client = Client(worker: self, connection: connection, listener: listener)
            client.identity = request.identity
            client.version = request.packet.version
            client.isV5 = client.version == .v5
            client.packetSizeMax = request.packet.maximumPacketSize ?? .max
            client.stage = .entering
            client.loginDueAt = loginDueAt
            attachInTurn(client, request)
            recheckLate(client, request)
            connection.presentWaitingInput()
        } catch {
            broker.census.removeSocket()
            listener.load.leave()
            log.error("Error: Unable to serve connection from \(peer.host): \(error).")
        }
    }
}

/// Carries a connection through a closure: filled by one thread, opened once by another.
///
/// The mailbox orders the two, which is what makes `@unchecked Sendable` true.
private final class ConnectionTransfer: @unchecked Sendable {
    private var content: DetachedConnection?

    init(_ content: consuming DetachedConnection) {
        self.content = consume content
    }

    func open() -> DetachedConnection {
        guard let content = content.take() else { preconditionFailure("a transfer is opened once") }
        return content
    }
}

/// Client identifiers made by the broker.
enum ClientIdentifier {
    /// `prefix` and 16 random bytes in upper-case hexadecimal, grouped 8-4-4-4-12.
    static func random(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        // Two draws, because each is a system call.
        let bytes = [generator.next(), generator.next()].flatMap { (half: UInt64) in
            withUnsafeBytes(of: half) { Array($0) }
        }
        var text = Array(prefix.utf8)
        for (index, digit) in Hexadecimal.encode(bytes, letters: .uppercase).enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digit)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
