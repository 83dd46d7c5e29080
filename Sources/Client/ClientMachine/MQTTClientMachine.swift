// SPDX-License-Identifier: Apache-2.0
// The client's side of one connection, without any I/O.

package import Inflight
package import MQTT

/// The client's side of one MQTT connection: bytes in; bytes, events and deadlines out.
///
/// ```
///   connecting ── CONNACK 0 ──► connected ── DISCONNECT, error, cut ──► ended
///       │  ▲                        │  ▲
///       ▼  │ AUTH                   ▼  │ AUTH
///    challenge                 authenticating again                        (5.0)
/// ```
/// It knows what has been said on this connection: versions, limits, aliases, keep alive, requests
/// under way. What survives the connection is the driver's: the driver lends the windows of the
/// session with each call and keeps the messages at their places. Nothing is acknowledged by the
/// machine: the driver calls `acknowledge` when it has taken a message over.
///
/// Times are milliseconds of any clock that only goes forward. Bytes for the server are appended to
/// an array of the driver's; what it writes besides, it tells with `noteSent`.
///
/// Invariants: `unacknowledgedCount >= 0`; aliases are known for `1...topicAliasMaximum` alone;
/// packet identifiers in `requests` are used by no message of the send window when they are chosen.
package struct MQTTClientMachine: ~Copyable {
    /// How far the connection has come.
    package enum Stage: Sendable, Equatable {
        /// CONNECT is sent, CONNACK has not come.
        case connecting
        /// CONNACK has come.
        case connected
        /// Nothing goes out any more, and what comes in is of no interest.
        case ended
    }

    /// How far the connection has come.
    package private(set) var stage = Stage.connecting
    /// How it has ended.
    package private(set) var end = ClientEnd.open
    /// What the server takes, and what holds for this connection.
    package internal(set) var limits: ServerLimits
    /// The protocol version.
    package let version: ProtocolVersion

    /// Whether the server has sent more QoS 1 and 2 messages at once than the client has said it takes.
    package internal(set) var hasExcess = false

    let isCleanStart: Bool
    let topicAliasMaximum: UInt16
    let receiveMaximum: Int
    let maximumPacketSize: Int
    /// The method of enhanced authentication; nil for none.
    package let authenticationMethod: String?
    let releasesAtOnce: Bool
    let numbersInTurn: Bool
    /// Whether the client is as patient with servers as those of the original: answers that nobody has asked
    /// for concern nobody, what the server says it lacks is asked for all the same, and packets may go
    /// before CONNACK has come.
    let isLenient: Bool
    /// Whether messages go out before CONNACK has come, of a window that was empty before.
    package var sendsEarly = false
    let connectDeadline: Int64
    var keepAlive: KeepAlive
    var incomingAliases: [UInt16: [UInt8]] = [:]
    var outgoingAliases = OutgoingAliases(maximum: 0)
    /// QoS 1 and 2 messages that have come over this connection and are not acknowledged.
    var unacknowledgedCount = 0
    /// SUBSCRIBE and UNSUBSCRIBE packets without an answer, with their number of filters.
    var requests: [UInt16: (type: PacketType, count: Int)] = [:]
    var isReauthenticating = false
    /// Messages from this place of the send window on were never sent in the server's session: they go
    /// out without DUP [MQTT-3.3.1-1].
    package internal(set) var firstNewPlace = 0
    /// QoS and topic of the last PUBLISH, if another one like it may follow.
    var lastQoS: UInt8?
    var lastTopic: [UInt8] = []

    /// Begins a connection that has just been made: appends CONNECT.
    ///
    /// - Parameters:
    ///   - connect: What to connect with; also how much the client takes.
    ///   - releasesAtOnce: Whether PUBREC is answered with PUBREL by the machine; otherwise
    ///     `release` is called once it is certain that the message will not be sent again.
    ///   - numbersInTurn: Whether requests have packet identifiers between those of the messages before
    ///     and after them, from 1 on, instead of some of their own.
    ///   - isLenient: Whether oddities of a server are taken that harm nobody.
    ///   - timeout: Milliseconds in which CONNACK is to come; authentication counts.
    package init(
        connecting connect: ConnectPacket,
        releasesAtOnce: Bool = true,
        numbersInTurn: Bool = false,
        isLenient: Bool = false,
        timeout: Int64,
        now: Int64,
        output: inout [UInt8]
    ) {
        assert(timeout > 0, "CONNACK needs time to come")
        version = connect.version
        let isV5 = connect.version == .v5
        isCleanStart = connect.isCleanStart
        topicAliasMaximum = isV5 ? connect.topicAliasMaximum : 0
        receiveMaximum = isV5 ? Int(connect.receiveMaximum ?? 65_535) : .max
        maximumPacketSize =
            isV5 ? connect.maximumPacketSize.map { Int($0) } ?? packetLengthMax : packetLengthMax
        authenticationMethod = isV5 ? connect.authenticationMethod : nil
        self.releasesAtOnce = releasesAtOnce
        self.numbersInTurn = numbersInTurn
        self.isLenient = isLenient
        connectDeadline = now + timeout
        limits = ServerLimits(connect)
        keepAlive = KeepAlive(seconds: 0, now: now)
        output.appendConnect(connect)
    }

    /// Whether messages may go.
    package var mayPublish: Bool {
        stage == .connected || (stage == .connecting && sendsEarly)
    }

    // MARK: Time

    /// When `tick` has something to do; nil: only when bytes come.
    package var deadline: Int64? {
        switch stage {
        case .connecting: connectDeadline
        case .connected: keepAlive.deadline
        case .ended: nil
        }
    }

    /// Does what is due: PINGREQ, or the end when the server does not answer.
    ///
    /// Returns `.failed` then, and `.nothing` otherwise.
    package mutating func tick(now: Int64, output: inout [UInt8]) -> ClientEvent {
        if stage == .connecting, now >= connectDeadline {
            return fail(.close("no CONNACK in time"), output: &output)
        }
        guard stage == .connected else { return .nothing }
        switch keepAlive.need(at: now) {
        case .nothing: break
        case .ping: ping(now: now, output: &output)
        case .end:
            let reason: ReasonCode? = version == .v5 ? .keepAliveTimeout : nil
            return fail(
                PacketError(reason: reason, detail: "no answer to PINGREQ"),
                output: &output
            )
        }
        return .nothing
    }

    /// Asks the server for a sign of life: PINGREQ.
    ///
    /// `answeredPing` follows.
    package mutating func ping(now: Int64, output: inout [UInt8]) {
        guard stage == .connected else { return }
        output.appendPingreq()
        keepAlive.noteSent(now)
        keepAlive.notePing(now)
    }

    /// The driver has written packets of its own.
    package mutating func noteSent(now: Int64) { keepAlive.noteSent(now) }

    /// The driver does not read what the server sends, which so cannot show that it is there.
    ///
    /// Nothing is concluded from that. Call it before `tick`.
    package mutating func noteUnread(now: Int64) { keepAlive.noteUnread(now) }

    // MARK: Ends

    /// Ends the connection in good order, or with a reason: appends DISCONNECT.
    ///
    /// `properties` are encoded and without their length; 5.0 only, as is the reason.
    /// [MQTT-3.14.4-1] [MQTT-3.14.4-2]
    package mutating func disconnect(
        _ reason: ReasonCode = .normalDisconnection,
        properties: [UInt8] = [],
        output: inout [UInt8]
    ) {
        guard stage != .ended else { return }
        output.appendDisconnect(reason, properties: properties, version: version)
        close(reason.isError ? .failed : .byClient)
    }

    /// The connection was closed by the server or by the network.
    package mutating func cut() {
        if stage != .ended { close(.cut) }
    }

    mutating func close(_ end: ClientEnd) {
        assert(stage != .ended, "a connection ends once")
        stage = .ended
        self.end = end
        requests.removeAll()
        lastQoS = nil
    }

    mutating func enterConnected() {
        assert(stage == .connecting, "CONNACK comes once")
        stage = .connected
    }

    /// Ends the connection because of an error; the server hears of it where the version allows.
    mutating func fail(_ error: PacketError, output: inout [UInt8]) -> ClientEvent {
        guard stage != .ended else { return .nothing }
        if version == .v5, let reason = error.reason {
            output.appendDisconnect(reason, version: version)
        }
        close(.failed)
        return .failed(error)
    }

    // MARK: Bytes

    /// Takes the next packet, or a stretch of alike ones, off the front of `bytes`.
    ///
    /// Call it again with the rest until it says `needsMore`, and then when there are more bytes; or
    /// until the connection has ended. The packets that answer are appended to `output`.
    package mutating func receive(
        _ bytes: UnsafeRawBufferPointer,
        _ send: borrowing SendWindow,
        _ receive: borrowing ReceiveWindow,
        now: Int64,
        output: inout [UInt8]
    ) -> ClientStep {
        guard stage != .ended, !bytes.isEmpty else {
            return ClientStep(byteCount: 0, event: .needsMore(packetByteCount: 0))
        }
        if stage == .connected {
            keepAlive.noteReceived(now)
            if let step = takeStretch(bytes, send, receive, now: now, output: &output) {
                return step
            }
        }
        let header: FixedHeader
        do throws(PacketError) {
            switch parseFixedHeader(bytes.bytes) {
            case .needsMore:
                return ClientStep(byteCount: 0, event: .needsMore(packetByteCount: 0))
            case .malformed: throw .malformed(version, "remaining length")
            case .header(let found):
                header = found
                try check(header)
            }
            let count = header.packetLength
            guard bytes.count >= count else {
                return ClientStep(byteCount: 0, event: .needsMore(packetByteCount: count))
            }
            let packet = UnsafeRawBufferPointer(rebasing: bytes[..<count])
            let size = output.count
            let event = try handle(header, packet, send, receive, now: now, output: &output)
            if output.count > size { keepAlive.noteSent(now) }
            return ClientStep(byteCount: count, event: event)
        } catch {
            return ClientStep(byteCount: bytes.count, event: fail(error, output: &output))
        }
    }

    /// What needs no body.
    private func check(_ header: FixedHeader) throws(PacketError) {
        if stage == .connecting {
            // Said at once: a peer of another protocol may never send the whole packet.
            switch header.type {
            case .connack: break
            case .auth where authenticationMethod != nil: break
            default: throw .protocolError(version, "the server did not begin with CONNACK")
            }
        } else if header.type == .connack {
            throw .protocolError(version, "second CONNACK")
        }
        try checkFixedHeader(
            header,
            version: version,
            maximumPacketSize: maximumPacketSize,
            receiver: .client
        )
    }

    /// The one switch over packet types.
    private mutating func handle(
        _ header: FixedHeader,
        _ packet: UnsafeRawBufferPointer,
        _ send: borrowing SendWindow,
        _ receive: borrowing ReceiveWindow,
        now: Int64,
        output: inout [UInt8]
    ) throws(PacketError) -> ClientEvent {
        let bytes = UnsafeRawBufferPointer(rebasing: packet[header.headerLength...])
        let body = bytes.bytes
        switch header.type {
        case .connack: return try handleConnack(body, send, receive, now: now)
        case .auth: return try handleAuth(body)
        case .publish: return try handlePublish(header, packet, bytes, receive)
        case .puback, .pubcomp: return try handleAck(header, body, send)
        case .pubrec: return try handlePubrec(body, send, output: &output)
        case .pubrel: return try handlePubrel(body, receive, output: &output)
        case .suback, .unsuback: return try handleAnswer(header, body)
        case .pingresp:
            keepAlive.notePong()
            return .answeredPing
        case .disconnect:
            let disconnect = try DisconnectPacket(decoding: body, version: version)
            close(.byServer)
            return .disconnected(ServerDisconnect(disconnect, body))
        default: throw .protocolError(version, "packet type that only a client sends")
        }
    }
}
