// SPDX-License-Identifier: Apache-2.0
// A client that keeps to the standard, and knows what it is owed.

/// Subscribes to one filter with a session that stays, publishes, acknowledges, and counts.
///
/// It keeps what it has sent until that is acknowledged and sends it again after it has come back.
final class HonestClient {
    let name: String
    let version: UInt8
    let qos: UInt8
    private(set) var peer: Peer?
    /// Payloads that have arrived, with how often.
    private(set) var taken: [UInt32: Int] = [:]
    /// Payloads of its own that the broker has acknowledged.
    private(set) var acknowledged: Set<UInt32> = []
    /// PINGREQs whose answer has not come.
    private(set) var pingsAwaited = 0
    /// Whether CONNACK has come on this connection.
    private(set) var isWelcome = false
    /// What the broker has done that it must not.
    private(set) var complaints: [String] = []
    private var unacknowledged: [Outgoing] = []
    /// How many of those may be on their way at once; the broker says it.
    private var receiveMaximum = 65_535
    /// Identifiers of QoS 2 that came and were not released yet.
    private var received: Set<UInt16> = []
    private var lastIdentifier: UInt16 = 0
    private var output: [UInt8] = []

    /// A message of its own whose handshake is not over.
    private struct Outgoing {
        let identifier: UInt16
        let payload: UInt32
        /// Whether it was sent on this connection.
        var isSent = false
        /// Whether it was sent on any.
        var wasSent = false
        /// Whether PUBREC has come for it.
        var isReleased = false
    }

    /// Messages that it keeps at most.
    static let windowMax = 50
    static let topic = "honest/topic"

    init(_ name: String, version: UInt8, qos: UInt8) {
        self.name = name
        self.version = version
        self.qos = qos
    }

    /// Comes for the first time or again.
    func come(over peer: Peer) {
        leave()
        self.peer = peer
        send(
            Wire.connect(
                name,
                isClean: false,
                version: version,
                expiry: version == 5 ? 1_000_000 : nil
            )
        )
        send(Wire.subscribe([Self.topic], qos: qos, identifier: nextIdentifier(), version: version))
    }

    /// Goes without a word, or with DISCONNECT.
    func leave(politely: Bool = false) {
        if politely, output.isEmpty { peer?.send(Wire.disconnect) }
        peer?.close()
        peer = nil
        output = []
        isWelcome = false
        pingsAwaited = 0
    }

    var mayPublish: Bool { isWelcome && unacknowledged.count < Self.windowMax }

    /// Sends a message with a payload that nobody else has.
    func publish(_ payload: UInt32) {
        let identifier = nextIdentifier()
        unacknowledged.append(Outgoing(identifier: identifier, payload: payload))
        pump()
    }

    /// Sends what may be sent, in order.
    private func pump() {
        guard isWelcome else { return }
        for index in unacknowledged.indices.prefix(receiveMaximum)
        where !unacknowledged[index].isSent {
            let message = unacknowledged[index]
            unacknowledged[index].isSent = true
            unacknowledged[index].wasSent = true
            if message.isReleased {
                send(Wire.acknowledgement(0x62, message.identifier))
            } else {
                send(publication(message.identifier, message.payload, isAgain: message.wasSent))
            }
        }
    }

    func ping() {
        pingsAwaited += 1
        send(Wire.pingreq)
    }

    /// Reads at most `limit` bytes and answers what it has read; writes what waits.
    func work(limit: Int = .max) {
        guard let peer else { return }
        peer.read(limit: limit)
        while let packet = peer.packet() { take(packet) }
        flush()
        if peer.isClosed, self.peer != nil { leave() }
    }

    private func flush() {
        guard let peer, !output.isEmpty else { return }
        output.removeFirst(peer.send(output))
    }

    private func send(_ packet: [UInt8]) {
        output += packet
        flush()
    }

    private func publication(_ identifier: UInt16, _ payload: UInt32, isAgain: Bool) -> [UInt8] {
        var packet = Wire.publish(
            Self.topic,
            Wire.bytes(payload),
            qos: qos,
            identifier: identifier,
            version: version
        )
        if isAgain { packet[0] |= 8 }
        return packet
    }

    private func nextIdentifier() -> UInt16 {
        repeat {
            lastIdentifier = lastIdentifier == .max ? 1 : lastIdentifier + 1
        } while unacknowledged.contains { $0.identifier == lastIdentifier }
        return lastIdentifier
    }

    private func take(_ packet: [UInt8]) {
        let type = packet[0] >> 4
        if [4, 5, 7].contains(type), packet.count > 4, packet[4] >= 0x80 {
            return complaints.append("an acknowledgement with reason \(packet[4])")
        }
        switch type {
        case 2: welcome(packet)
        case 3: takePublication(packet)
        case 4: finish(Wire.identifier(packet), step: "PUBACK", qos: 1)
        case 5: release(Wire.identifier(packet))
        case 6:
            received.remove(Wire.identifier(packet))
            send(Wire.acknowledgement(0x70, Wire.identifier(packet)))
        case 7: finish(Wire.identifier(packet), step: "PUBCOMP", qos: 2)
        case 9: if packet.last == 0x80 { complaints.append("the subscription was refused") }
        case 13: pingsAwaited -= 1
        case 14: break
        default: complaints.append("a packet of type \(type)")
        }
    }

    private func welcome(_ packet: [UInt8]) {
        // While another CONNECT of that name is undecided this one may be refused: it comes again.
        guard packet[3] == 0 else { return }
        isWelcome = true
        receiveMaximum = version == 5 ? Wire.receiveMaximum(packet) : 65_535
        // The session of the broker may be a new one, then nothing of before counts on its side.
        if packet[2] & 1 == 0 { received = [] }
        for index in unacknowledged.indices { unacknowledged[index].isSent = false }
        pump()
    }

    private func takePublication(_ packet: [UInt8]) {
        let publication = Wire.Publication(packet, version: version)
        guard publication.payload.count == 4 else {
            return complaints.append("a payload of \(publication.payload.count) bytes")
        }
        let payload = publication.payload.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        switch publication.qos {
        case 1:
            taken[payload, default: 0] += 1
            send(Wire.acknowledgement(0x40, publication.identifier))
        case 2:
            if received.insert(publication.identifier).inserted { taken[payload, default: 0] += 1 }
            send(Wire.acknowledgement(0x50, publication.identifier))
        default: taken[payload, default: 0] += 1
        }
    }

    private func release(_ identifier: UInt16) {
        guard let index = unacknowledged.firstIndex(where: { $0.identifier == identifier }) else {
            return complaints.append("PUBREC for \(identifier), which is not under way")
        }
        unacknowledged[index].isReleased = true
        send(Wire.acknowledgement(0x62, identifier))
    }

    private func finish(_ identifier: UInt16, step: String, qos: UInt8) {
        guard let index = unacknowledged.firstIndex(where: { $0.identifier == identifier }),
            self.qos == qos
        else { return complaints.append("\(step) for \(identifier), which is not under way") }
        acknowledged.insert(unacknowledged.remove(at: index).payload)
        pump()
    }
}
