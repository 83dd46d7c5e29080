// SPDX-License-Identifier: Apache-2.0
// What a server must not send, in each state and version.

import ClientMachine
import MQTT
import TestSupport
import Testing

@Suite("What a server must not send")
struct UnexpectedPacketTests {
    static let before5: [ProtocolVersion] = [.v31, .v311]

    static let rows: [BadBytes] = [
        BadBytes("PUBLISH first", .connecting, "30 03 0001 61", reason: 0x82),
        BadBytes("SUBACK first", .connecting, "90 03 0001 00", reason: 0x82),
        BadBytes("PINGRESP first", .connecting, "D0 00", reason: 0x82),
        BadBytes("DISCONNECT first", .connecting, "E0 00", reason: 0x82),
        BadBytes("AUTH without a method", .connecting, "F0 02 18 00", reason: 0x82),
        BadBytes("a web server", .connecting, "48 54 54 50 2F", reason: 0x82),
        BadBytes("TLS", .connecting, "15 03 03 00 02 02 28", reason: 0x82),
        BadBytes("packet type 0", .connecting, "00", reason: 0x82),
        BadBytes("CONNACK of one byte", .connecting, "20 01 00", reason: 0x81),
        BadBytes("CONNACK flags", .connecting, "20 02 02 00", reason: nil, [.v311]),
        BadBytes("CONNACK flags", .connecting, "20 03 02 00 00", reason: 0x81, [.v5]),
        BadBytes("CONNACK fixed header flags", .connecting, "21 02 00 00", reason: 0x82),
        BadBytes("session after clean start", .connecting, "20 02 01 00", reason: nil, [.v311]),
        BadBytes("session after clean start", .connecting, "20 03 01 00 00", reason: 0x82, [.v5]),
        BadBytes("session in a refusal", .connecting, "20 02 01 05", reason: nil, [.v311]),
        BadBytes("session in a refusal", .connecting, "20 03 01 87 00", reason: 0x82, [.v5]),
        BadBytes("receive maximum 0", .connecting, "20 06 00 00 03 21 0000", reason: 0x82, [.v5]),
        BadBytes("maximum QoS 2", .connecting, "20 05 00 00 02 24 02", reason: 0x82, [.v5]),
        BadBytes(
            "a property twice",
            .connecting,
            "20 07 00 00 04 25 01 25 01",
            reason: 0x82,
            [.v5]
        ),
        BadBytes("unknown property", .connecting, "20 05 00 00 02 7E 02", reason: 0x81, [.v5]),
        BadBytes("properties cut off", .connecting, "20 04 00 00 05 24", reason: 0x81, [.v5]),
        BadBytes("bytes behind CONNACK", .connecting, "20 03 00 00 00", Self.before5),
        BadBytes(
            "CONNACK with a method",
            .connecting,
            "20 07 00 00 04 15 0001 6D",
            reason: 0x82,
            [.v5]
        ),
        BadBytes("five bytes of length", .connecting, "20 FF FF FF FF 01", reason: 0x81),

        BadBytes(
            "AUTH of another method",
            .authenticating,
            "F0 06 18 04 15 0001 78",
            reason: 0x82,
            [.v5]
        ),
        BadBytes("AUTH without the method", .authenticating, "F0 02 18 00", reason: 0x82, [.v5]),
        BadBytes("AUTH success", .authenticating, "F0 06 00 04 15 0001 6D", reason: 0x82, [.v5]),
        BadBytes("AUTH again", .authenticating, "F0 06 19 04 15 0001 6D", reason: 0x82, [.v5]),
        BadBytes(
            "CONNACK without the method",
            .authenticating,
            "20 03 00 00 00",
            reason: 0x82,
            [.v5]
        ),

        BadBytes("second CONNACK", .connected, "20 03 00 00 00", reason: 0x82),
        BadBytes("CONNECT", .connected, "10 02 00 00", reason: nil),
        BadBytes("SUBSCRIBE", .connected, "82 06 0001 0001 61 00", reason: 0x82),
        BadBytes("UNSUBSCRIBE", .connected, "A2 05 0001 0001 61", reason: 0x82),
        BadBytes("PINGREQ", .connected, "C0 00", reason: 0x82),
        BadBytes("DISCONNECT", .connected, "E0 00", Self.before5),
        BadBytes("AUTH", .connected, "F0 06 18 04 15 0001 6D", reason: 0x82, [.v5]),
        BadBytes("AUTH", .connected, "F0 02 18 00", Self.before5),
        BadBytes("QoS 3", .connected, "36 05 0001 61 0001", reason: 0x81),
        BadBytes("DUP with QoS 0", .connected, "38 03 0001 61", reason: 0x81),
        BadBytes("topic cut off", .connected, "30 02 0005", reason: 0x81),
        BadBytes("wildcard in a topic", .connected, "30 03 0001 23", reason: 0x81),
        BadBytes("topic that is no UTF-8", .connected, "30 04 0001 FF 00", reason: 0x81),
        BadBytes("packet identifier 0", .connected, "32 05 0001 61 0000", Self.before5),
        BadBytes("packet identifier 0", .connected, "32 06 0001 61 0000 00", reason: 0x82, [.v5]),
        BadBytes("empty topic", .connected, "30 02 0000", Self.before5),
        BadBytes("empty topic", .connected, "30 03 0000 00", reason: 0x81, [.v5]),
        BadBytes("unknown alias", .connected, "30 06 0000 03 23 0001", reason: 0x82, [.v5]),
        BadBytes("alias too high", .connected, "30 07 0001 61 03 23 0003", reason: 0x94, [.v5]),
        BadBytes("alias 0", .connected, "30 07 0001 61 03 23 0000", reason: 0x82, [.v5]),
        BadBytes("too large", .connected, "30 E9 07", reason: 0x95, [.v5]),
        BadBytes("PUBACK 0", .connected, "40 02 0000", reason: 0x82),
        BadBytes("PUBACK flags", .connected, "42 02 0001", reason: 0x81),
        BadBytes("PUBACK for QoS 2", .connected, "40 02 0001", reason: 0x82),
        BadBytes("PUBCOMP before PUBREC", .connected, "70 02 0001", reason: 0x82),
        BadBytes("PUBREC with a code of SUBACK", .connected, "50 03 0001 8F", reason: 0x82, [.v5]),
        BadBytes("PUBREC of three bytes", .connected, "50 03 0001 00", Self.before5),
        BadBytes("PUBREL flags", .connected, "60 02 0001", reason: 0x81, [.v311, .v5]),
        BadBytes("SUBACK for nothing", .connected, "90 03 0001 00", Self.before5),
        BadBytes("SUBACK for nothing", .connected, "90 04 0001 00 00", reason: 0x82, [.v5]),
        BadBytes("UNSUBACK for nothing", .connected, "B0 02 0001", Self.before5),
        BadBytes("UNSUBACK for nothing", .connected, "B0 04 0001 00 00", reason: 0x82, [.v5]),
        BadBytes("PINGRESP with a body", .connected, "D0 01 00", reason: nil),
    ]

    @Test(
        "A bad packet ends the connection, with the reason where the version has one",
        arguments: rows
    )
    func ends(row: BadBytes) {
        for version in row.versions {
            let driver = Self.driver(version, row.stage)
            driver.feed(hex(row.bytes))
            #expect(driver.end == .failed, "\(version)")
            #expect(driver.events.last?.hasPrefix("failed: ") ?? false, "\(version)")
            let told: [UInt8] = row.reason.map { [0xE0, 0x01, $0] } ?? []
            #expect(Array(driver.takeOutput().suffix(3)) == (version == .v5 ? told : []))
            #expect(driver.deadline == nil)
            // Nothing more comes of it.
            driver.feed(hex("20 03 00 00 00"))
            driver.tick(1_000_000)
            driver.pump()
            #expect(driver.takeOutput().isEmpty, "\(version)")
        }
    }

    /// A driver in a state; connected, it has sent a QoS 2 message with identifier 1.
    static func driver(_ version: ProtocolVersion, _ stage: BadBytes.Stage) -> MachineDriver {
        let driver = MachineDriver()
        var packet = ConnectPacket(version: version, clientIdentifier: "c")
        packet.topicAliasMaximum = 2
        packet.receiveMaximum = 2
        packet.maximumPacketSize = 1000
        if stage == .authenticating { packet.authenticationMethod = "m" }
        driver.holdsAnswers = true
        driver.connect(packet)
        if stage == .connected {
            driver.feed(version == .v5 ? hex("20 03 00 00 00") : hex("20 02 00 00"))
            #expect(driver.stage == .connected)
            driver.publish(OutgoingPublish(topic: Array("t".utf8), payload: [], qos: 2))
            driver.pump()
        }
        _ = driver.takeOutput()
        return driver
    }

    @Test(
        "Every truncation of good packets waits for more",
        arguments: [ProtocolVersion.v311, .v5]
    )
    func truncated(version: ProtocolVersion) {
        let packets =
            version == .v5
            ? ["32 09 0001 61 0005 03 02 0000", "E0 02 8B 00", "50 04 0001 10 00"]
            : ["32 05 0001 61 0005", "50 02 0001", "30 03 0001 61"]
        for packet in packets.map(hex) {
            for count in 0..<packet.count {
                let driver = Self.driver(version, .connected)
                driver.feed(Array(packet.prefix(count)))
                #expect(driver.end == .open)
                #expect(driver.arrived.isEmpty)
                #expect(driver.events == ["connected false"])
            }
        }
    }
}
