// SPDX-License-Identifier: Apache-2.0
// Clients that ask and do not read the answers.

import Config
import Net
import Testing

@testable import Core

@Suite("Answers that nobody reads")
struct UnreadAnswersTests {
    /// What is asked again and again, and what answers it.
    static let questions: [(packet: [UInt8], answer: [UInt8])] = [
        (Wire.pingreq, [0xD0, 0]),
        (Wire.subscribe(["a"]), [0x90, 3, 0, 1, 0]),
        (Wire.unsubscribe(["b"]), [0xB0, 2, 0, 1]),
        (Wire.publish("b", [0], qos: 1), [0x40, 2, 0, 1]),
        (Wire.packet(0x62, [0, 1]), [0x70, 2, 0, 1]),
        (Wire.packet(0x50, [0, 1]), [0x62, 2, 0, 1]),
    ]

    // [MQTT-3.3.4-1] [MQTT-3.8.4-1] [MQTT-3.10.4-4] [MQTT-3.12.4-1] [MQTT-4.3.3-4] [MQTT-4.3.3-11]
    // [MQTT311-3.8.4-1] [MQTT311-3.10.4-4] [MQTT311-3.12.4-1]
    @Test(
        "Who does not read is read from no further, and none of its answers is lost",
        arguments: 0..<questions.count
    )
    func flood(index: Int) throws {
        var configuration = Configuration()
        configuration.maxQueuedMessages = 100
        let driven = try DrivenBroker(configuration)
        let peer = try driven.connect(sendBuffer: 4096)
        peer.send(Wire.connect("c"))
        driven.settle()
        peer.read()
        #expect(peer.packet() == [0x20, 2, 0, 0])
        let (packet, answer) = Self.questions[index]
        let count = 400_000
        let flow = Array(repeatElement(packet, count: count).joined())
        var sent = 0
        while sent < flow.count {
            let piece = peer.send(Array(flow[sent..<min(sent + 32 << 10, flow.count)]))
            #expect(driven.settle())
            if piece == 0 { break }
            sent += piece
        }
        #expect(sent < flow.count, "the broker has read on")
        let connection = try #require(driven.workers[0].sessions["c"]?.peer?.connection)
        // What may wait, and what one read can bring.
        #expect(connection.queuedPacketCount <= 100 + 1000 + (64 << 10) / 2)
        var answers = 0
        var isStill = false
        while !isStill {
            peer.read()
            isStill = peer.received.isEmpty && !driven.isReady
            while let next = peer.packet() {
                #expect(next == answer)
                answers += 1
            }
            driven.settle()
        }
        #expect(answers == sent / packet.count)
        peer.send(Array(packet.dropFirst(sent % packet.count)) + Wire.pingreq)
        driven.settle()
        peer.read()
        #expect(peer.received == answer + [0xD0, 0])
        driven.end()
    }

    // [MQTT-4.9.0-3]
    @Test("Messages of others do not keep a client from being read")
    func crowd() throws {
        var configuration = Configuration()
        configuration.maxQueuedMessages = 10
        let driven = try DrivenBroker(configuration)
        let peer = try driven.connect(sendBuffer: 4096)
        peer.send(Wire.connect("c") + Wire.subscribe(["t"]))
        let publisher = try driven.connect()
        publisher.send(Wire.connect("p"))
        driven.settle()
        peer.read()
        while peer.packet() != nil {}
        for _ in 0..<1000 {
            publisher.send(Wire.publish("t", Array(repeating: 0, count: 1000)))
            driven.settle()
        }
        peer.send(Wire.publish("other", [1], qos: 1))
        #expect(driven.settle())
        var last: [UInt8] = []
        for _ in 0..<1000 {
            peer.read()
            while let packet = peer.packet() { last = packet }
            driven.settle()
        }
        #expect(last == [0x40, 2, 0, 1])
        driven.end()
    }
}
