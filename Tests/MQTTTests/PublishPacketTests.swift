// SPDX-License-Identifier: Apache-2.0
// PUBLISH, there and back.

import MQTT
import Testing

@Suite("PUBLISH")
struct PublishPacketTests {
    @Test(
        "Every combination of flags and versions round-trips",
        arguments: [ProtocolVersion.v31, .v311, .v5],
        [0, 1, 2] as [UInt8]
    )
    func roundTrip(version: ProtocolVersion, qos: UInt8) throws {
        for isRetained in [false, true] {
            for isDuplicate in qos == 0 ? [false] : [false, true] {
                var bytes: [UInt8] = []
                bytes.appendPublish(
                    topic: [UInt8]("a/b".utf8),
                    payload: [1, 2, 3],
                    qos: qos,
                    isRetained: isRetained,
                    isDuplicate: isDuplicate,
                    packetIdentifier: 0x1234,
                    properties: forwardedProperties,
                    version: version
                )
                let content = body(of: bytes)
                let packet = try PublishPacket(
                    decoding: content.rawBytes,
                    flags: bytes[0] & 0x0F,
                    version: version
                )
                #expect(packet.qos == qos)
                #expect(packet.isRetained == isRetained)
                #expect(packet.isDuplicate == isDuplicate)
                #expect(packet.packetIdentifier == (qos == 0 ? 0 : 0x1234))
                #expect(content[packet.topic].elementsEqual("a/b".utf8))
                #expect([UInt8](content[packet.payload]) == [1, 2, 3])
                let properties = version == .v5 ? forwardedProperties : []
                #expect([UInt8](content[packet.properties]) == properties)
                #expect(packet.forwardedPropertiesByteCount == properties.count)
            }
        }
    }

    @Test("[MQTT-3.3.2-4] Alias, expiry and nothing else is held back from subscribers")
    func forwarded() throws {
        let expiry = hex("02 00 00 00 0a")
        let alias = hex("23 00 07")
        let text: [UInt8] = [0x03] + lengthPrefixed("text")
        let user: [UInt8] = [0x26] + lengthPrefixed("k") + lengthPrefixed("")
        let cases: [([UInt8], [UInt8])] = [
            (expiry + alias, []), (alias + text + user + expiry, text + user),
            (text + alias + user, text + user),
            (text + expiry + user + alias + user, text + user + user),
            (text, text), ([], []),
        ]
        for (properties, expected) in cases {
            let content = lengthPrefixed("t") + [UInt8(properties.count)] + properties
            let packet = try PublishPacket(decoding: content.rawBytes, flags: 0, version: .v5)
            #expect(packet.forwardedPropertiesByteCount == expected.count)
            var appended: [UInt8] = []
            packet.appendForwardedProperties(from: content.rawBytes, to: &appended)
            #expect(appended == expected)
            var runs = packet.forwardedRuns(in: content.rawBytes)
            var joined: [UInt8] = []
            while let run = runs.next() { joined += content[run] }
            #expect(joined == expected)
        }
    }

    @Test("Alias and expiry are handed out")
    func aliasAndExpiry() throws {
        let content = hex("00 00 08 02 00 00 01 00 23 00 07 ff")
        let packet = try PublishPacket(decoding: content.rawBytes, flags: 1, version: .v5)
        #expect(packet.topic.isEmpty)
        #expect(packet.topicAlias == 7)
        #expect(packet.messageExpiryInterval == 256)
        #expect(packet.payload == 11..<12)
    }

    @Test(
        "Refusals in 5.0",
        arguments: [
            ("QoS 3", 0x06, "00 01 61 00 01 00", 0x81),
            ("DUP with QoS 0", 0x08, "00 01 61 00", 0x81),
            ("no topic length", 0x00, "00", 0x81), ("topic cut off", 0x00, "00 02 61", 0x81),
            ("empty topic without alias", 0x00, "00 00 00", 0x81),
            ("NUL in topic", 0x00, "00 01 00 00", 0x81), ("wildcard", 0x00, "00 01 23 00", 0x81),
            ("identifier 0", 0x02, "00 01 61 00 00 00", 0x82),
            ("identifier cut off", 0x02, "00 01 61 00", 0x81),
            ("no property length", 0x00, "00 01 61", 0x81),
            ("property length too large", 0x00, "00 01 61 02 01", 0x81),
            ("long form of the property length", 0x00, "00 01 61 80 00", 0x81),
            ("unknown property", 0x00, "00 01 61 02 05 00", 0x81),
            ("alias 0", 0x00, "00 01 61 03 23 00 00", 0x82),
            ("two aliases", 0x00, "00 01 61 06 23 00 01 23 00 01", 0x82),
            ("format indicator 2", 0x00, "00 01 61 02 01 02", 0x82),
            ("empty response topic", 0x00, "00 01 61 03 08 00 00", 0x82),
            ("wildcard in response topic", 0x00, "00 01 61 04 08 00 01 2b", 0x82),
            ("subscription identifier", 0x00, "00 01 61 02 0b 01", 0x82),
            ("long form of a subscription identifier", 0x00, "00 01 61 03 0b 81 00", 0x81),
            ("reason string", 0x00, "00 01 61 04 1f 00 01 61", 0x82),
            ("forbidden, then malformed", 0x00, "00 01 61 03 0b 01 23", 0x81),
            ("content type not UTF-8", 0x00, "00 01 61 04 03 00 01 ff", 0x81),
        ] as [(String, UInt8, String, UInt8)]
    )
    func refused(name: String, flags: UInt8, text: String, code: UInt8) {
        #expect(Outcome(publish: hex(text), flags: flags, .v5) == .code(code))
    }

    @Test(
        "Refusals before 5.0 close the connection",
        arguments: [
            (0x06, "00 01 61 00 01"), (0x08, "00 01 61"), (0x00, "00"), (0x00, "00 02 61"),
            (0x00, "00 00"), (0x00, "00 01 00"), (0x00, "00 01 2b"), (0x02, "00 01 61 00 00"),
            (0x04, "00 01 61 00"),
        ] as [(UInt8, String)]
    )
    func refusedBefore5(flags: UInt8, text: String) {
        #expect(Outcome(publish: hex(text), flags: flags, .v311) == .close)
        #expect(Outcome(publish: hex(text), flags: flags, .v31) == .close)
    }

    @Test("Message expiry 0, empty content type and empty correlation data are accepted")
    func accepted() {
        #expect(
            Outcome(publish: hex("00 01 61 0b 02 00 00 00 00 03 00 00 09 00 00"), flags: 0, .v5)
                == .accepted
        )
    }

    @Test("A client takes subscription identifiers from its broker")
    func asClient() throws {
        let content = hex("00 01 61 04 0b 01 0b 02")
        let packet = try PublishPacket(
            decoding: content.rawBytes,
            flags: 0,
            version: .v5,
            receiver: .client
        )
        #expect(packet.forwardedPropertiesByteCount == 0)
        let properties = walk(content, packet.properties)
        #expect(properties.list.map(\.value) == [.variableByteInteger(1), .variableByteInteger(2)])
        #expect(!properties.isMalformed)
    }

    @Test("Everything before the payload is refused when cut off at any byte")
    func truncated() {
        var bytes: [UInt8] = []
        bytes.appendPublish(
            topic: [UInt8]("a/b".utf8),
            payload: [],
            qos: 1,
            packetIdentifier: 1,
            properties: forwardedProperties,
            version: .v5
        )
        let content = body(of: bytes)
        for count in 0..<content.count {
            let part = [UInt8](content[..<count])
            #expect(Outcome(publish: part, flags: 2, .v5) == .code(0x81))
        }
        #expect(Outcome(publish: content, flags: 2, .v5) == .accepted)
    }
}
