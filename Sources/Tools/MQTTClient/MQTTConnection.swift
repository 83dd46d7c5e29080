// SPDX-License-Identifier: Apache-2.0
// The client: connects, subscribes, publishes, receives, one call at a time.

package import MQTT

/// A message the broker has sent.
package struct ReceivedMessage: Sendable, Equatable {
    /// The topic name.
    package var topic: String
    /// The application message.
    package var payload: [UInt8]
    /// The quality of service it was delivered with.
    package var qos: UInt8
    /// Whether it was retained before the subscription.
    package var isRetained: Bool
}

/// An open MQTT connection used by one thread at a time.
///
/// Every call sends what it has to and waits for the broker's answer until its deadline. Messages
/// that arrive meanwhile are acknowledged and kept for `receive`.
package final class MQTTConnection {
    private static let idleTimeout = Duration.seconds(10)

    private let transport: Transport
    private let version: ProtocolVersion
    private let keepAliveInterval: Duration
    private var input: [UInt8] = []
    private var messages: [ReceivedMessage] = []
    private var unreleased: Set<UInt16> = []
    private var isAnswered = false
    private var lastIdentifier: UInt16 = 0
    private var lastSent = ContinuousClock.now
    private var pingSent: ContinuousClock.Instant?

    /// Whether the broker resumed a session [MQTT-3.2.2-3].
    package private(set) var isSessionPresent = false
    /// The client identifier, the broker's choice if it chose one [MQTT-3.1.3-7].
    package private(set) var clientID: String

    /// Connects, and waits for the broker to accept.
    package init(connecting options: ClientOptions) throws(ClientError) {
        let deadline = Deadline(in: options.connectTimeout)
        version = options.version
        clientID = options.clientID
        keepAliveInterval = .seconds(Int64(options.keepAliveSeconds))
        transport = try Transport(connecting: options, deadline: deadline)
        var packet = ConnectPacket(version: options.version, clientIdentifier: options.clientID)
        packet.isCleanStart = options.isCleanStart
        packet.keepAlive = options.keepAliveSeconds
        packet.userName = options.username
        packet.password = options.password
        var bytes: [UInt8] = []
        bytes.appendConnect(packet)
        try send(bytes, deadline)
        guard case .connack(let connack) = try nextEvent(deadline) else {
            throw .protocolError("The broker did not begin with CONNACK.")
        }
        guard connack.reasonCode == .success else {
            throw .refused(code: connack.reasonCode.rawValue, version: refusalVersion(connack))
        }
        isAnswered = true
        isSessionPresent = connack.isSessionPresent
        clientID = connack.assignedClientIdentifier ?? clientID
    }

    /// Brokers that do not know 5.0 refuse it with a code of 3.1.1.
    private func refusalVersion(_ connack: ConnackPacket) -> ProtocolVersion {
        connack.reasonCode.isError ? version : .v311
    }

    /// The descriptor that becomes readable when the broker has something to say.
    package var descriptor: CInt { transport.descriptor }

    // MARK: Requests

    /// Subscribes to one filter.
    ///
    /// - Returns: the granted QoS or the reason of the refusal.
    package func subscribe(
        to filter: String,
        qos: UInt8,
        _ deadline: Deadline
    ) throws(ClientError) -> ReasonCode {
        let identifier = nextIdentifier()
        var bytes: [UInt8] = []
        bytes.appendSubscribe(
            packetIdentifier: identifier,
            filters: [(Array(filter.utf8), SubscriptionOptions(qos: qos))],
            version: version
        )
        try send(bytes, deadline)
        while true {
            guard case .suback(identifier, let codes) = try nextEvent(deadline) else { continue }
            return codes.first ?? .unspecifiedError
        }
    }

    /// Ends the subscription to one filter.
    package func unsubscribe(
        from filter: String,
        _ deadline: Deadline
    ) throws(ClientError) -> ReasonCode {
        let identifier = nextIdentifier()
        var bytes: [UInt8] = []
        bytes.appendUnsubscribe(
            packetIdentifier: identifier,
            filters: [Array(filter.utf8)],
            version: version
        )
        try send(bytes, deadline)
        while true {
            guard case .unsuback(identifier, let codes) = try nextEvent(deadline) else { continue }
            return codes.first ?? .success
        }
    }

    /// Publishes a message and waits until the broker has taken it over [MQTT-4.3.2-1].
    ///
    /// - Returns: the reason of a refusal, or a code below 0x80. QoS 0 has no answer.
    package func publish(
        to topic: String,
        payload: [UInt8],
        qos: UInt8 = 0,
        isRetained: Bool = false,
        _ deadline: Deadline
    ) throws(ClientError) -> ReasonCode {
        let identifier = qos > 0 ? nextIdentifier() : 0
        var bytes: [UInt8] = []
        bytes.appendPublish(
            topic: Array(topic.utf8),
            payload: payload,
            qos: qos,
            isRetained: isRetained,
            packetIdentifier: identifier,
            version: version
        )
        try send(bytes, deadline)
        guard qos > 0 else { return .success }
        let first = try ack(qos == 1 ? .puback : .pubrec, identifier, deadline)
        guard qos == 2, !first.isError else { return first }
        try sendAck(.pubrel, identifier, deadline)
        return try ack(.pubcomp, identifier, deadline)
    }

    /// The next message, whichever subscription it is for.
    package func receive(_ deadline: Deadline) throws(ClientError) -> ReceivedMessage {
        while messages.isEmpty { _ = try nextEvent(deadline) }
        return messages.removeFirst()
    }

    /// Forgets the messages that have arrived but were not asked for.
    package func discardMessages() { messages.removeAll() }

    /// Sends PINGREQ and waits for the answer.
    package func ping(_ deadline: Deadline) throws(ClientError) {
        try sendPing(deadline)
        while pingSent != nil { _ = try nextEvent(deadline) }
    }

    /// Takes in what has arrived, without waiting, and pings when it is time [MQTT-3.1.2-20].
    ///
    /// For clients with nothing to do: call it when the descriptor is readable and every few
    /// seconds. Messages are acknowledged and forgotten.
    package func keepAlive() throws(ClientError) {
        while try hasInput() { _ = try nextEvent(Deadline(in: Self.idleTimeout)) }
        discardMessages()
        guard keepAliveInterval > .zero else { return }
        if let pingSent, ContinuousClock.now - pingSent > keepAliveInterval { throw .timeout }
        if pingSent == nil, ContinuousClock.now - lastSent > keepAliveInterval / 2 {
            try sendPing(Deadline(in: Self.idleTimeout))
        }
    }

    /// Ends the connection in good order [MQTT-3.14.4-1]; that the broker hears it is not certain.
    package func disconnect() {
        var bytes: [UInt8] = []
        bytes.appendDisconnect(version: version)
        if (try? send(bytes, Deadline(in: .seconds(1)))) != nil { transport.shutdown() }
    }

    // MARK: Packets

    /// What a packet from the broker means to a waiting call.
    private enum Event {
        case connack(ConnackPacket)
        case suback(UInt16, [ReasonCode])
        case unsuback(UInt16, [ReasonCode])
        case ack(PacketType, UInt16, ReasonCode)
        /// Dealt with already.
        case handled
    }

    private func ack(
        _ type: PacketType,
        _ identifier: UInt16,
        _ deadline: Deadline
    ) throws(ClientError) -> ReasonCode {
        while true {
            guard case .ack(type, identifier, let reason) = try nextEvent(deadline) else {
                continue
            }
            return reason
        }
    }

    /// Reads one packet and deals with it.
    private func nextEvent(_ deadline: Deadline) throws(ClientError) -> Event {
        let (header, body) = try nextPacket(deadline)
        do {
            return try handle(header, body, deadline)
        } catch let error as PacketError {
            throw .protocolError("The broker sent a bad packet: \(error.detail).")
        } catch let error as ClientError {
            throw error
        } catch {
            throw .protocolError("The broker sent a bad packet.")
        }
    }

    private func nextPacket(
        _ deadline: Deadline
    ) throws(ClientError) -> (FixedHeader, [UInt8]) {
        while true {
            switch parseFixedHeader(input.rawBytes) {
            case .malformed: throw .protocolError("The broker sent a bad packet length.")
            case .header(let header) where !isAnswered && header.type != .connack:
                // Said at once: a peer of another protocol may never send the whole "packet".
                throw .protocolError("The broker did not begin with CONNACK.")
            case .header(let header) where input.count >= header.packetLength:
                let body = Array(input[header.headerLength..<header.packetLength])
                input.removeFirst(header.packetLength)
                return (header, body)
            case .header, .needsMore:
                let bytes = try transport.read(deadline)
                guard !bytes.isEmpty else { throw .closed }
                input += bytes
            }
        }
    }

    private func handle(
        _ header: FixedHeader,
        _ body: [UInt8],
        _ deadline: Deadline
    ) throws -> Event {
        let bytes = body.rawBytes
        switch header.type {
        case .connack:
            return .connack(try ConnackPacket(decoding: bytes, version: version))
        case .suback:
            let packet = try SubscriptionAckPacket(decoding: bytes, type: .suback, version: version)
            return .suback(packet.packetIdentifier, packet.reasonCodes)
        case .unsuback:
            let packet = try SubscriptionAckPacket(
                decoding: bytes,
                type: .unsuback,
                version: version
            )
            return .unsuback(packet.packetIdentifier, packet.reasonCodes)
        case .pubrel:
            let packet = try AckPacket(decoding: bytes, type: .pubrel, version: version)
            unreleased.remove(packet.packetIdentifier)
            try sendAck(.pubcomp, packet.packetIdentifier, deadline)
            return .handled
        case .puback, .pubrec, .pubcomp:
            let type = header.type ?? .puback
            let packet = try AckPacket(decoding: bytes, type: type, version: version)
            return .ack(type, packet.packetIdentifier, packet.reasonCode)
        case .publish:
            try handlePublish(header, body, deadline)
            return .handled
        case .pingresp:
            pingSent = nil
            return .handled
        case .disconnect:
            let packet = try DisconnectPacket(decoding: bytes, version: version)
            throw ClientError.disconnected(packet.reasonCode)
        default:
            throw ClientError.protocolError("The broker sent a packet only clients send.")
        }
    }

    private func handlePublish(
        _ header: FixedHeader,
        _ body: [UInt8],
        _ deadline: Deadline
    ) throws {
        let packet = try PublishPacket(
            decoding: body.rawBytes,
            flags: header.flags,
            version: version,
            receiver: .client
        )
        let message = ReceivedMessage(
            topic: String(decoding: body[packet.topic], as: UTF8.self),
            payload: Array(body[packet.payload]),
            qos: packet.qos,
            isRetained: packet.isRetained
        )
        switch packet.qos {
        case 0: messages.append(message)
        case 1:
            messages.append(message)
            try sendAck(.puback, packet.packetIdentifier, deadline)
        default:
            // Once only: a repeated PUBLISH before PUBREL is the same message [MQTT-4.3.3-10].
            if unreleased.insert(packet.packetIdentifier).inserted { messages.append(message) }
            try sendAck(.pubrec, packet.packetIdentifier, deadline)
        }
    }

    // MARK: Sending

    private func nextIdentifier() -> UInt16 {
        lastIdentifier = lastIdentifier == .max ? 1 : lastIdentifier + 1
        return lastIdentifier
    }

    private func send(_ bytes: [UInt8], _ deadline: Deadline) throws(ClientError) {
        try transport.write(bytes, deadline)
        lastSent = .now
    }

    private func sendAck(
        _ type: PacketType,
        _ identifier: UInt16,
        _ deadline: Deadline
    ) throws(ClientError) {
        var bytes: [UInt8] = []
        bytes.appendAck(type, packetIdentifier: identifier, version: version)
        try send(bytes, deadline)
    }

    private func sendPing(_ deadline: Deadline) throws(ClientError) {
        var bytes: [UInt8] = []
        bytes.appendPingreq()
        try send(bytes, deadline)
        pingSent = .now
    }

    /// Whether something has arrived; never waits.
    private func hasInput() throws(ClientError) -> Bool {
        if !input.isEmpty || transport.hasBufferedBytes { return true }
        return try transport.isReadable()
    }
}
