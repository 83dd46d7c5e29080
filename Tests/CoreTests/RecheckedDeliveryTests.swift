// SPDX-License-Identifier: Apache-2.0
// What a client gets that comes back and may not read any more.

import Testing

@testable import Core

@Suite("Deliveries that are asked about again")
struct RecheckedDeliveryTests {
    /// A client with a session that stays, and a topic it has subscribed to.
    private static func come(to driven: DrivenBroker) throws -> Peer {
        let reader = try driven.connect()
        reader.send(Wire.connect("reader", isClean: false) + Wire.subscribe(["t"], qos: 2))
        driven.settle()
        reader.read()
        return reader
    }

    private static func packets(_ peer: Peer) -> [[UInt8]] {
        peer.read()
        var packets: [[UInt8]] = []
        while let packet = peer.packet() { packets.append(packet) }
        return packets
    }

    @Test(
        "A message whose PUBREC has come is released, the others are not sent again",
        arguments: [false, true]
    )
    func released(isDirect: Bool) throws {
        let hooks = RuleHooks(isDirect: isDirect)
        var mayRead = true
        var askedCount = 0
        hooks.isDenied = { kind, _ in
            guard kind == .read else { return false }
            askedCount += 1
            return !mayRead
        }
        let driven = try DrivenBroker(hooks: hooks)
        let reader = try Self.come(to: driven)
        let publisher = try driven.connect()
        publisher.send(Wire.connect("publisher"))
        for number in 1...4 {
            publisher.send(Wire.publish("t", [UInt8(number)], qos: 2, identifier: UInt16(number)))
        }
        driven.settle()
        for number in 1...4 { publisher.send(Wire.acknowledgement(0x62, UInt16(number))) }
        driven.settle()
        // The third has been read, and the answer to its PUBREL gets lost.
        reader.send(Wire.acknowledgement(0x50, 3))
        driven.settle()
        #expect(Self.packets(reader).contains(Wire.acknowledgement(0x62, 3)))
        reader.close()
        driven.settle()

        mayRead = false
        let askedBefore = askedCount
        let again = try driven.connect()
        again.send(Wire.connect("reader", isClean: false))
        driven.settle()
        let connack: [UInt8] = [0x20, 2, 1, 0]
        #expect(Self.packets(again) == [connack, Wire.acknowledgement(0x62, 3)])
        #expect(askedCount - askedBefore == 3)
        again.send(Wire.acknowledgement(0x70, 3))
        driven.settle()

        // Nothing is left of them, and all identifiers are free.
        mayRead = true
        publisher.send(Wire.publish("t", [9], qos: 2, identifier: 9))
        driven.settle()
        publisher.send(Wire.acknowledgement(0x62, 9))
        driven.settle()
        let fresh = Self.packets(again)
        #expect(fresh.count == 1 && fresh.first?.first == 0x34 && fresh.first?.last == 9)
        for worker in driven.workers { worker.sessions["reader"]?.checkInvariants() }
        driven.end()
    }
}
