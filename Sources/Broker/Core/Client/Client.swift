// SPDX-License-Identifier: Apache-2.0
// The MQTT side of one connection: from bytes to packets to handlers.

import Config
import Inflight
import Log
import MQTT
package import Net
import Topics

/// A client that has come: the MQTT side of its connection; nothing beyond the standard is asked of
/// it [MQTT311-7.0.0-2].
package final class Client: SessionPeer {
    // Members are in an order without gaps: there is one of these for every idle client.

    let listener: ListenerSettings
    /// Seconds without a packet after which the client is given up; 0: never.
    var timeoutSeconds: Int64 = 0
    /// Second of the reactor clock by which a client that is not connected must have got further.
    ///
    /// First to an accepted CONNECT, then to CONNACK; no byte it sends puts that off.
    var loginDueAt: Int64 = 0

    /// Topics by alias, as the client has set them; without mount point.
    var incomingAliases: [UInt16: [UInt8]] = [:]
    /// The CONNECT of a client that is being authenticated.
    var pendingConnect: PendingConnect?
    /// The SUBSCRIBE or UNSUBSCRIBE that is being carried out.
    var filterPacket: FilterPacket? {
        didSet { setWaiting() }
    }
    /// What lets the client in when its CONNACK may go out.
    var heldEntry: (() -> Void)?
    /// The question whose answer lets the client go on.
    var openQuestion: QuestionID? {
        didSet { setWaiting() }
    }
    /// Whether an exchange of enhanced authentication is under way on a connected client.
    var isReauthenticating = false
    /// How the client says who it is, while nobody has decided about that.
    var loginMethod: AuthenticationMethod?
    /// The port it has come in on, until the line about that is written: when something has come.
    var unannouncedPort: UInt16?

    init(worker: Worker, connection: Connection, listener: ListenerSettings) {
        self.listener = listener
        super.init(worker: worker, connection: connection, stage: .awaitingConnect)
        connection.handler = self
    }

    // MARK: What a client does in its own way

    override func finish(_ end: ClientEnd, isConnectionLost: Bool = false) {
        conclude(end, isConnectionLost: isConnectionLost)
    }

    override func logFields(_ kind: LogLineKind? = nil, reason: String? = nil) -> LogFields {
        if let identity { return identity.logFields(kind, reason: reason) }
        return connection?.peer.logFields(kind, at: listener, reason: reason)
            ?? LogFields(kind, reason: reason)
    }

    override func keep(_ batch: PublishBatch) { keepAll(of: batch) }

    override func letIn() {
        let enter = heldEntry
        heldEntry = nil
        enter?()
        if stage == .connected { connection?.resumeReading() }
    }

    // MARK: Time

    /// Starts the time in which a CONNECT must arrive.
    func awaitConnect() {
        loginDueAt = worker.now + Self.connectSecondsMax
        connection?.setDeadline(loginDueAt + 1)
    }

    private func setWaiting() { isWaiting = openQuestion != nil || filterPacket != nil }

    /// Seconds from accept to a whole CONNECT, through all layers.
    private static let connectSecondsMax: Int64 = 30

    // MARK: Packets

    /// Handles every complete packet in `bytes`; returns how many bytes those were.
    private func handlePackets(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        var meter = InputMeter(worker)
        while offset < bytes.count, takesPackets {
            if meter.isUsed(worker) {
                connection?.yieldReading(taken: offset)
                return offset
            }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let coalesced = coalesce(rest)
            if coalesced > 0 {
                offset += coalesced
                // What it takes is known before the next packet begins a batch.
                if batch.isFull { worker.deliverCollected() }
                continue
            }
            switch parseFixedHeader(RawSpan(_unsafeBytes: rest)) {
            case .needsMore where stage == .awaitingConnect && rest[0] >> 4 != 1:
                fail(.close("first packet is not CONNECT"), in: PacketType(rawValue: rest[0] >> 4))
                return bytes.count
            case .needsMore:
                connection?.neededBytes = 0
                return offset
            case .malformed:
                counters.violations.add(Int(rest[0] >> 4))
                finish(.violation(.close("remaining length of five bytes")))
                return bytes.count
            case .header(let header):
                let size = header.packetLength
                do throws(PacketError) {
                    try check(header, rest)
                    guard size <= rest.count else {
                        noteProgress(missing: size - rest.count, size: size)
                        return offset
                    }
                    let isReady = header.type == .publish && undecidedCount == 0
                    if !isReady, mustWait(for: header) { return offset }
                    try handle(header, UnsafeRawBufferPointer(rebasing: rest[..<size]))
                } catch {
                    fail(error, in: header.type)
                    return bytes.count
                }
                offset += size
            }
        }
        return offset
    }

    /// Whether the next packet may be handled.
    private var takesPackets: Bool {
        switch stage {
        case .connected: !isWaiting && spreadCount == 0
        case .awaitingConnect, .exchanging: true
        // [MQTT-3.1.4-6] [MQTT311-3.1.4-5]
        case .authenticating, .entering, .ended: false
        }
    }

    /// Takes a stretch of packets of the commonest kinds at once; 0 when there is none.
    private func coalesce(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard stage == .connected, bytes.count >= 4, !worker.isTracing else { return 0 }
        switch bytes[0] {
        case 0x30, 0x32, 0x34: return coalescePublishes(bytes)
        case 0x40, 0x50, 0x62, 0x70: return coalesceAcks(bytes)
        default: return 0
        }
    }

    /// Packets that continue the batch under way.
    private func coalescePublishes(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard batch.isCollecting(from: self) else { return 0 }
        let countBefore = batch.count
        let payloadBefore = batch.payloadByteCount
        let limits = worker.limits
        let taken = batch.coalesce(
            bytes,
            payloadMax: limits.payloadMax,
            packetMax: limits.packetSizeMax
        )
        guard taken > 0 else { return 0 }
        counters.received.addPublishes(qos: batch.qos, batch.count - countBefore)
        counters.publishBytesReceived.add(batch.payloadByteCount - payloadBefore)
        return taken
    }

    /// Acknowledgements in their short form, in the order of what they acknowledge.
    private func coalesceAcks(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let session else { return 0 }
        var count = 0
        switch bytes[0] {
        case 0x40:
            count = coalescePubacks(bytes, session)
            counters.received.puback.add(count)
        case 0x50:
            count = coalescePubrecs(bytes, session)
            counters.received.pubrec.add(count)
        case 0x70:
            count = coalescePubcomps(bytes, session)
            counters.received.pubcomp.add(count)
        default:
            guard undecidedCount == 0, !worker.hasHooks else { return 0 }
            count = coalescePubrels(bytes, session)
            counters.received.pubrel.add(count)
        }
        return 4 * count
    }

    /// Packets whose effect depends on earlier messages wait until plugins have decided about them,
    /// and until they are delivered.
    private func mustWait(for header: FixedHeader) -> Bool {
        switch header.type {
        case .puback, .pubrec, .pubcomp: return false
        case .publish where undecidedCount < Self.undecidedMax: return false
        case .publish, .pubrel: break
        default:
            worker.deliverCollected()
            if spreadCount > 0 { return true }
            if header.type == .pingreq { return false }
        }
        guard undecidedCount > 0 else { return false }
        connection?.pauseReading()
        return true
    }

    /// While much of a packet is missing, its bytes count as a sign of life.
    private func noteProgress(missing: Int, size: Int) {
        connection?.neededBytes = size
        if missing > 1000 { touch() }
    }

    private func check(
        _ header: FixedHeader,
        _ bytes: UnsafeRawBufferPointer
    ) throws(PacketError) {
        if stage == .connected || stage == .exchanging {
            // A second CONNECT is an error like any other [MQTT-3.1.0-2]: the will is published, and
            // the session stays as long as it was to stay.
            // [MQTT311-3.1.0-2]
            try checkFixedHeader(
                header,
                version: version,
                maximumPacketSize: worker.limits.packetSizeMax
            )
            return
        }
        if header.firstByte == 0x16 {
            noteTLS()
            throw .close("TLS handshake on a listener without TLS")
        }
        // [MQTT-3.1.0-1] [MQTT311-3.1.0-1]
        guard header.type == .connect else {
            throw .close("first packet is not CONNECT")
        }
        guard header.remainingLength <= connectLengthMax,
            header.packetLength <= worker.limits.packetSizeMax
        else { throw .close("CONNECT too long") }
    }

    private func noteTLS() {
        guard let peer = connection?.peer else { return }
        log.notice(
            "Client from \(peer.host):\(peer.port) appears to be using TLS to connect to a non-TLS listener.",
            logFields(.protocolError, reason: "TLS on a listener without TLS")
        )
    }

    /// The one switch over packet types; `packet` is the whole packet.
    private func handle(
        _ header: FixedHeader,
        _ packet: UnsafeRawBufferPointer
    ) throws(PacketError) {
        let body = UnsafeRawBufferPointer(rebasing: packet[header.headerLength...])
        guard let type = header.type else { throw .protocolError(version, "packet type 0") }
        if type == .publish {
            counters.received.addPublishes(qos: header.flags >> 1 & 3)
        } else {
            counters.received.add(type)
        }
        if stage == .exchanging, type != .auth, type != .disconnect {
            throw .protocolError(version, "packet during authentication")
        }
        if type == .publish { return try handlePublish(header, packet, body) }
        let span = RawSpan(_unsafeBytes: body)
        switch type {
        case .puback: try handlePuback(span)
        case .pubrec: try handlePubrec(span)
        case .pubrel: try handlePubrel(span)
        case .pubcomp: try handlePubcomp(span)
        case .pingreq: handlePingreq()
        case .connect: handleConnect(span, flags: header.flags)
        case .subscribe: try handleSubscribe(span)
        case .unsubscribe: try handleUnsubscribe(span)
        case .disconnect: try handleDisconnect(span)
        case .auth: try handleAuth(span)
        default: throw .protocolError(version, "packet type that only a server sends")
        }
    }

    // [MQTT-3.12.4-1] [MQTT311-3.12.4-1]
    private func handlePingreq() {
        log.debug("Received PINGREQ from \(logName)")
        log.debug("Sending PINGRESP to \(logName)")
        write([0xD0, 0x00], .pingresp)
    }
}

extension Client: ConnectionHandler {
    package func connection(
        _ connection: Connection,
        received bytes: UnsafeRawBufferPointer
    ) -> Int {
        if unannouncedPort != nil { announceOpening(.notice) }
        return take(from: connection) { handlePackets(bytes) }
    }

    package func connection(_ connection: Connection, ended end: ConnectionEnd) {
        finish(.ended(end), isConnectionLost: true)
    }

    // [MQTT-3.1.2-22] [MQTT311-3.1.2-24]
    package func connectionTimedOut(_ connection: Connection) {
        guard stage == .connected else {
            guard worker.now <= loginDueAt else { return finish(.loginTimedOut) }
            return connection.setDeadline(loginDueAt + 1)
        }
        if isParked || spreadCount > 0 { touch() }
        let due = lastPacketAt + timeoutSeconds
        if timeoutSeconds > 0, worker.now > due {
            finish(.timedOut)
        } else if timeoutSeconds > 0 {
            connection.setDeadline(due + 1)
        }
    }

    package func connectionDrained(_ connection: Connection) {
        goOnWriting()
    }
}
