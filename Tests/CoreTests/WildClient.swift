// SPDX-License-Identifier: Apache-2.0
// A client that does what it likes.

/// Sends packets good and bad, reads or does not, acknowledges or does not.
final class WildClient {
    private let peer: Peer
    private let version: UInt8
    private var toAcknowledge: [[UInt8]] = []
    private var identifier: UInt16 = 0

    static let names = ["wild1", "wild2", "wild3"]
    static let topics = ["some/0", "some/1", "some/2", "else/3"]
    static let filters = [
        "some/0", "some/1", "some/+", "#", "else/#", "$share/a/some/+", "$share/b/some/0",
        "$share/b/#", "honest/topic", "$share/c/honest/#",
    ]

    init(_ peer: Peer, _ dice: inout Dice) {
        self.peer = peer
        version = dice.pick([4, 5])
        if dice.isOne(in: 16) { return }
        peer.send(
            Wire.connect(
                dice.pick(Self.names),
                isClean: dice.isOne(in: 2),
                version: version,
                keepAlive: dice.pick([0, 1, 60]),
                expiry: version == 5 ? dice.pick([nil, 0, 1, 1000]) : nil,
                receiveMaximum: version == 5 ? dice.pick([nil, 1, 3]) : nil,
                will: dice.isOne(in: 3) ? (dice.pick(Self.topics), UInt8(dice.roll(3))) : nil
            )
        )
    }

    /// Sends one packet that is in order, as such.
    func say(_ dice: inout Dice) {
        peer.send(packet(&dice))
    }

    private func packet(_ dice: inout Dice) -> [UInt8] {
        switch dice.roll(10) {
        case 0:
            return Wire.subscribe(
                (0...dice.roll(3)).map { _ in dice.pick(Self.filters) },
                qos: UInt8(dice.roll(3)),
                identifier: next(&dice),
                version: version
            )
        case 1:
            return Wire.unsubscribe(
                (0...dice.roll(3)).map { _ in dice.pick(Self.filters) },
                identifier: next(&dice),
                version: version
            )
        case 2: return Wire.pingreq
        case 3: return dice.isOne(in: 8) ? Wire.disconnect : Wire.pingreq
        case 4, 5: return acknowledgement(&dice)
        default:
            return Wire.publish(
                dice.pick(Self.topics),
                [UInt8](repeating: 0x77, count: dice.pick([0, 4, 300, 5000, 40_000])),
                qos: UInt8(dice.roll(3)),
                identifier: next(&dice),
                isRetained: dice.isOne(in: 4),
                version: version
            )
        }
    }

    /// Sends what is broken, or half of what is not.
    func mumble(_ dice: inout Dice) {
        var bytes = packet(&dice)
        switch dice.roll(4) {
        case 0: bytes.removeLast(dice.roll(bytes.count))
        case 1: bytes[dice.roll(bytes.count)] = UInt8(dice.roll(256))
        case 2: bytes = (0..<dice.roll(40)).map { _ in UInt8(dice.roll(256)) }
        default: bytes = Wire.connect("wild1") + bytes
        }
        peer.send(bytes)
    }

    /// Reads some, and acknowledges in order, in reverse, or not.
    func listen(_ dice: inout Dice) {
        peer.read(limit: dice.pick([100, 3000, .max]))
        while let packet = peer.packet() { note(packet) }
        switch dice.roll(3) {
        case 0: break
        case 1:
            for answer in toAcknowledge { peer.send(answer) }
            toAcknowledge = []
        default:
            for answer in toAcknowledge.reversed() { peer.send(answer) }
            toAcknowledge = []
        }
    }

    func leave() { peer.close() }

    private func note(_ packet: [UInt8]) {
        switch packet[0] >> 4 {
        case 3:
            // What it has mumbled may have been a CONNECT of another version.
            let (qos, identifier) = Wire.delivery(packet)
            guard qos > 0 else { return }
            toAcknowledge.append(Wire.acknowledgement(qos == 1 ? 0x40 : 0x50, identifier))
        case 5: toAcknowledge.append(Wire.acknowledgement(0x62, Wire.identifier(packet)))
        case 6: toAcknowledge.append(Wire.acknowledgement(0x70, Wire.identifier(packet)))
        default: break
        }
    }

    private func acknowledgement(_ dice: inout Dice) -> [UInt8] {
        let first: UInt8 = dice.pick([0x40, 0x50, 0x62, 0x70])
        return Wire.acknowledgement(first, UInt16(dice.roll(30)))
    }

    private func next(_ dice: inout Dice) -> UInt16 {
        identifier = dice.isOne(in: 8) ? UInt16(dice.roll(1000)) : identifier &+ 1
        return identifier
    }
}
