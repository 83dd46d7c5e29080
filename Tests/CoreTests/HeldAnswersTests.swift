// SPDX-License-Identifier: Apache-2.0
// Answers that wait: in order, all of them, and none too early.

import MQTT
import Testing

import struct TestSupport.SplitMix64

@testable import Core

@Suite("Held answers")
struct HeldAnswersTests {
    @Test(
        "They leave in order, as far as the number has been reached",
        arguments: [UInt64(1), 2, 3]
    )
    func random(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var held = HeldAnswers()
        var model: [(ticket: UInt64, identifier: UInt16)] = []
        var ticket: UInt64 = 1
        var next: UInt16 = 0
        for _ in 0..<5000 {
            if generator.next(below: 3) > 0 {
                next &+= 1
                let needsNone = generator.next(below: 3) == 0
                if !needsNone { ticket += UInt64(generator.next(below: 3)) }
                held.hold(.release(identifier: next), until: needsNone ? 0 : ticket)
                model.append((needsNone ? model.last?.ticket ?? 0 : ticket, next))
            } else {
                let reached = ticket - min(ticket, UInt64(generator.next(below: 6)))
                let expected = model.prefix { $0.ticket <= reached }.map(\.identifier)
                model.removeFirst(expected.count)
                let released = held.release(upTo: reached).map(Self.identifier)
                #expect(released == expected, "seed \(seed)")
            }
            #expect(held.count == model.count && held.isEmpty == model.isEmpty)
        }
    }

    private static func identifier(_ answer: HeldAnswer) -> UInt16 {
        if case .release(let identifier) = answer { identifier } else { 0 }
    }

    /// Gives a ticket for everything; nothing goes out before `reach`.
    private final class Holder: AnswerHolder {
        private(set) var last: UInt64 = 0

        func ticket(for answer: HeldAnswer, of session: Session) -> UInt64 {
            last += 1
            return last
        }
    }

    /// The types of the packets that have come.
    private static func types(_ peer: Peer) -> [UInt8] {
        var types: [UInt8] = []
        peer.read()
        while let packet = peer.packet() { types.append(packet[0] >> 4) }
        return types
    }

    @Test("CONNACK, SUBACK, PUBACK, PUBREC and QoS 2 packets wait; PINGRESP and QoS 0 pass them")
    func wire() throws {
        let driven = try DrivenBroker()
        defer { driven.end() }
        let worker = driven.workers[0]
        let holder = Holder()
        worker.answerHolder = holder
        let peer = try driven.connect()
        peer.send(Wire.connect("c", isClean: false))
        peer.send(Wire.pingreq)
        driven.settle()
        #expect(Self.types(peer) == [], "no packet is read before CONNACK has gone out")
        worker.releaseAnswers(upTo: holder.last)
        driven.settle()
        #expect(Self.types(peer) == [2, 13])
        peer.send(Wire.subscribe(["t"], qos: 2))
        driven.settle()
        #expect(Self.types(peer) == [])
        peer.send(Wire.pingreq)
        peer.send(Wire.publish("t", [1]))
        driven.settle()
        #expect(Self.types(peer) == [13, 3], "PINGRESP and QoS 0 pass what waits")
        peer.send(Wire.publish("t", [1], qos: 1, identifier: 7))
        driven.settle()
        // QoS 1 towards the client need not wait; its own acknowledgement does.
        #expect(Self.types(peer) == [3])
        peer.send(Wire.publish("t", [1], qos: 2, identifier: 8))
        driven.settle()
        #expect(Self.types(peer) == [])
        worker.releaseAnswers(upTo: holder.last)
        driven.settle()
        #expect(Self.types(peer) == [9, 4, 5], "in the order of what they answer")
        peer.send([0x62, 2, 0, 8])
        driven.settle()
        #expect(Self.types(peer) == [], "the released message with QoS 2 waits, PUBCOMP too")
        worker.releaseAnswers(upTo: holder.last)
        driven.settle()
        #expect(Self.types(peer).sorted() == [3, 7])
        worker.answerHolder = nil
    }

    @Test("What was held is forgotten with the connection, and the session has it all the same")
    func lost() throws {
        let driven = try DrivenBroker()
        defer { driven.end() }
        let worker = driven.workers[0]
        let holder = Holder()
        worker.answerHolder = holder
        let peer = try driven.connect()
        peer.send(Wire.connect("c", isClean: false))
        driven.settle()
        worker.releaseAnswers(upTo: holder.last)
        driven.settle()
        peer.send(Wire.publish("t", [1], qos: 2, identifier: 8))
        driven.settle()
        peer.close()
        driven.settle()
        worker.releaseAnswers(upTo: holder.last)
        let session = try #require(worker.sessions["c"])
        #expect(session.incoming?.contains(8) == true)
        #expect(worker.holdingPeers.isEmpty)
        worker.answerHolder = nil
    }
}
