// SPDX-License-Identifier: Apache-2.0
// The lines of -d.

import MQTT
import Testing

@testable import PacketTracing

@Suite("Debug lines of the client tools")
struct TraceTests {
    private static let sent: [([UInt8], String)] = [
        ([0x10, 0], "CONNECT"), ([0xC0, 0], "PINGREQ"), ([0xE0, 0], "DISCONNECT"),
        ([0x40, 2, 1, 2], "PUBACK (m258, rc0)"), ([0x50, 3, 0, 2, 0x80], "PUBREC (m2, rc128)"),
        ([0x62, 2, 0, 3], "PUBREL (m3)"), ([0x70, 2, 0, 3], "PUBCOMP (m3)"),
        ([0x3B, 7, 0, 1, 0x61, 0, 5, 0, 0x78], "PUBLISH (d1, q1, r1, m5, 'a', ... (1 bytes))"),
        ([0x30, 5, 0, 1, 0x61, 0, 0x78], "PUBLISH (d0, q0, r0, m1, 'a', ... (1 bytes))"),
        (
            [0x82, 7, 0, 1, 0, 0, 1, 0x61, 0x2D],
            "SUBSCRIBE (Mid: 1, Topic: a, QoS: 1, Options: 0x2c)"
        ),
        ([0xA2, 6, 0, 9, 0, 0, 1, 0x61], "UNSUBSCRIBE (Mid: 9, Topic: a)"),
    ]

    @Test("packets that are sent", arguments: sent)
    func sentPacket(_ packet: [UInt8], _ text: String) {
        var trace = PacketTrace(version: .v5, clientIdentifier: "me")
        let line = packet.withUnsafeBytes { trace.lines($0, isSent: true) }
        #expect(line == "Client me sending \(text)\n")
    }

    private static let received: [([UInt8], String)] = [
        ([0x20, 3, 0, 0x87, 0], "CONNACK (135)"), ([0xD0, 0], "PINGRESP"),
        ([0x40, 2, 0, 2], "PUBACK (Mid: 2, RC:0)"),
        ([0x40, 3, 0, 2, 0x10], "PUBACK (Mid: 2, RC:16)"),
        ([0x50, 2, 0, 2], "PUBREC (Mid: 2)"), ([0x62, 2, 0, 3], "PUBREL (Mid: 3)"),
        ([0x70, 2, 0, 3], "PUBCOMP (Mid: 3, RC:0)"), ([0x90, 4, 0, 1, 0, 1], "SUBACK"),
        ([0xB0, 4, 0, 1, 0, 0], "UNSUBACK"),
        ([0x34, 7, 0, 1, 0x61, 0, 5, 0, 0x78], "PUBLISH (d0, q2, r0, m5, 'a', ... (1 bytes))"),
    ]

    @Test("packets that are received", arguments: received)
    func receivedPacket(_ packet: [UInt8], _ text: String) {
        var trace = PacketTrace(version: .v5, clientIdentifier: "")
        let line = packet.withUnsafeBytes { trace.lines($0, isSent: false) }
        #expect(line == "Client null received \(text)\n")
    }

    @Test("each filter has a line; messages without an identifier are numbered on")
    func several() {
        var trace = PacketTrace(version: .v311, clientIdentifier: "c")
        let subscribe: [UInt8] = [0x82, 10, 0, 1, 0, 1, 0x61, 0, 0, 1, 0x62, 2]
        let lines = subscribe.withUnsafeBytes { trace.lines($0, isSent: true) }
        #expect(
            lines == "Client c sending SUBSCRIBE (Mid: 1, Topic: a, QoS: 0, Options: 0x00)\n"
                + "Client c sending SUBSCRIBE (Mid: 1, Topic: b, QoS: 2, Options: 0x00)\n"
        )
        let publish: [UInt8] = [0x30, 3, 0, 1, 0x61]
        for number in 2...3 {
            let line = publish.withUnsafeBytes { trace.lines($0, isSent: true) }
            #expect(
                line == "Client c sending PUBLISH (d0, q0, r0, m\(number), 'a', ... (0 bytes))\n"
            )
        }
    }

    @Test("what is no packet has no line, wherever it is cut")
    func cut() {
        var trace = PacketTrace(version: .v5, clientIdentifier: "c")
        for (packet, _) in Self.sent {
            for count in 0..<packet.count {
                let line = packet.prefix(count).withUnsafeBytes { trace.lines($0, isSent: true) }
                #expect(line.isEmpty)
            }
        }
    }
}
