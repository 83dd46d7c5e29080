// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE, UNSUBSCRIBE and their acknowledgments.

import MQTT
import Testing

@Suite("SUBSCRIBE and UNSUBSCRIBE")
struct SubscribePacketTests {
    @Test("SUBSCRIBE round-trips", arguments: [ProtocolVersion.v31, .v311, .v5])
    func subscribeRoundTrip(version: ProtocolVersion) throws {
        let filters: [(filter: [UInt8], options: SubscriptionOptions)] = [
            ([UInt8]("a/#".utf8), SubscriptionOptions(qos: 1)),
            (
                [UInt8]("b".utf8),
                SubscriptionOptions(
                    qos: 2,
                    isNoLocal: true,
                    isRetainAsPublished: true,
                    retainHandling: 2
                )
            ),
        ]
        var writer = PropertyWriter()
        writer.append(.subscriptionIdentifier, variableByteInteger: 268_435_455)
        writer.appendUserProperty(name: "k", value: "v")
        var bytes: [UInt8] = []
        bytes.appendSubscribe(
            packetIdentifier: 9,
            filters: filters,
            properties: writer.bytes,
            version: version
        )
        #expect(bytes[0] == 0x82)
        let content = body(of: bytes)
        let packet = try SubscribePacket(decoding: content.rawBytes, version: version)
        #expect(packet.packetIdentifier == 9)
        #expect(packet.subscriptionIdentifier == (version == .v5 ? 268_435_455 : nil))
        #expect([UInt8](content[packet.properties]) == (version == .v5 ? writer.bytes : []))
        let decoded = try packet.filters(in: content.rawBytes)
        #expect(decoded.map(\.filter) == filters.map(\.filter))
        #expect(decoded[0].options == filters[0].options)
        #expect(decoded[1].options.qos == 2)
        #expect(decoded[1].options.isNoLocal == (version == .v5))
        #expect(decoded[1].options.isRetainAsPublished == (version == .v5))
        #expect(decoded[1].options.retainHandling == (version == .v5 ? 2 : 0))
    }

    @Test("UNSUBSCRIBE round-trips", arguments: [ProtocolVersion.v31, .v311, .v5])
    func unsubscribeRoundTrip(version: ProtocolVersion) throws {
        let filters = [[UInt8]("a/#".utf8), [UInt8]("$share/g/x".utf8)]
        var bytes: [UInt8] = []
        bytes.appendUnsubscribe(packetIdentifier: 9, filters: filters, version: version)
        #expect(bytes[0] == 0xA2)
        let content = body(of: bytes)
        let packet = try UnsubscribePacket(decoding: content.rawBytes, version: version)
        #expect(packet.packetIdentifier == 9)
        let decoded = try packet.filters(in: content.rawBytes)
        #expect(decoded == filters)
    }

    @Test(
        "SUBSCRIBE refusals: 5.0, 3.1.1",
        arguments: [
            ("00 00", "00 01 61 00", Outcome.code(0x81), Outcome.close),
            ("00 01", "", .code(0x81), .close), ("00 01", "00 00 00", .code(0x81), .close),
            ("00 01", "00 01 61", .code(0x81), .close), ("00 01", "00 02 61", .code(0x81), .close),
            ("00 01", "00 01 61 00 00", .code(0x81), .close),
            ("00 01", "00 01 61 03", .code(0x81), .close),
            ("00 01", "00 01 61 40", .code(0x81), .close),
            ("00 01", "00 01 61 80", .code(0x81), .close),
            ("00 01", "00 01 61 30", .code(0x81), .close),
            ("00 01", "00 01 61 2e", .accepted, .close),
            ("00 01", "00 01 61 02", .accepted, .accepted),
            ("00 01", "00 02 61 23 00", .code(0x81), .close),
            ("00 01", "00 01 ff 00", .code(0x81), .close),
        ]
    )
    func subscribeRefusals(identifier: String, filters: String, v5: Outcome, v311: Outcome) {
        let head = hex(identifier)
        #expect(Outcome(subscribe: head + [0] + hex(filters), .v5) == v5)
        #expect(Outcome(subscribe: head + hex(filters), .v311) == v311)
    }

    @Test(
        "UNSUBSCRIBE refusals: 5.0, 3.1.1",
        arguments: [
            ("00 00", "00 01 61", Outcome.code(0x81), Outcome.close),
            ("00 01", "", .code(0x81), .close), ("00 01", "00 00", .code(0x81), .close),
            ("00 01", "00 02 61", .code(0x81), .close),
            ("00 01", "00 01 61 00", .code(0x81), .close),
            ("00 01", "00 02 61 23", .code(0x81), .close),
            ("00 01", "00 01 61", .accepted, .accepted),
        ]
    )
    func unsubscribeRefusals(identifier: String, filters: String, v5: Outcome, v311: Outcome) {
        let head = hex(identifier)
        #expect(Outcome(unsubscribe: head + [0] + hex(filters), .v5) == v5)
        #expect(Outcome(unsubscribe: head + hex(filters), .v311) == v311)
    }

    @Test("[MQTT-3.8.3-2] [MQTT-3.10.3-2] Only 3.1 packets may have no filter")
    func noFilters() {
        #expect(Outcome(subscribe: hex("00 01"), .v31) == .accepted)
        #expect(Outcome(unsubscribe: hex("00 01"), .v31) == .accepted)
        #expect(Outcome(subscribe: hex("00"), .v31) == .close)
    }

    @Test(
        "SUBSCRIBE properties",
        arguments: [
            ("0b 01", .accepted), ("0b ff ff ff 7f", .accepted), ("0b 00", .code(0x81)),
            ("0b 81 00", .code(0x81)), ("0b ff ff ff ff 01", .code(0x81)),
            ("0b 01 0b 02", .code(0x82)),
            ("01 01", .code(0x81)), ("1f 00 01 61", .code(0x81)), ("7f", .code(0x81)),
            ("26 00 01 61 00 01 62", .accepted), ("26 00 01", .code(0x81)),
        ] as [(String, Outcome)]
    )
    func subscribeProperties(text: String, outcome: Outcome) {
        let properties = hex(text)
        let content = [0, 1, UInt8(properties.count)] + properties + hex("00 01 61 00")
        #expect(Outcome(subscribe: content, .v5) == outcome)
    }

    @Test("UNSUBSCRIBE takes user properties only")
    func unsubscribeProperties() {
        #expect(Outcome(unsubscribe: hex("00 01 02 0b 01 00 01 61"), .v5) == .code(0x81))
        #expect(Outcome(unsubscribe: hex("00 01 05 26 00 00 00 00 00 01 61"), .v5) == .accepted)
        #expect(Outcome(unsubscribe: hex("00 01 09 00 01 61"), .v5) == .code(0x81))
    }

    @Test(
        "[MQTT-3.8.3-4] [MQTT-4.8.2-2] Shared subscriptions",
        arguments: [
            ("$share/p/a", 0, .accepted), ("$share/p/a", 4, .code(0x82)),
            ("$share/+/p", 0, .code(0x82)),
            ("$share/#/p", 0, .code(0x81)), ("$share/p/", 0, .code(0x82)),
            ("$share/p", 0, .code(0x82)),
        ] as [(String, UInt8, Outcome)]
    )
    func shared(filter: String, options: UInt8, outcome: Outcome) {
        let content = [0, 1, 0] + lengthPrefixed(filter) + [options]
        #expect(Outcome(subscribe: content, .v5) == outcome)
        let old = [0, 1] + lengthPrefixed(filter) + [options]
        #expect(Outcome(subscribe: old, .v311) == (outcome == .accepted ? .accepted : .close))
    }

    @Test(
        "The filters before a wrong one are handed out first",
        arguments: [ProtocolVersion.v311, .v5]
    )
    func filtersBeforeError(version: ProtocolVersion) throws {
        let head: [UInt8] = version == .v5 ? [0, 1, 0] : [0, 1]
        let content = head + hex("00 01 61 00 00 01 62 01 00 02 63 23 00")
        var packet = try SubscribePacket(decoding: content.rawBytes, version: version)
        let first = try packet.next(in: content.rawBytes)
        #expect(first.map { [UInt8](content[$0.filter]) } == [0x61])
        let second = try packet.next(in: content.rawBytes)
        #expect(second.map { [UInt8](content[$0.filter]) } == [0x62])
        #expect(second?.options.qos == 1)
        let third = Outcome { () throws(PacketError) in _ = try packet.next(in: content.rawBytes) }
        #expect(third == (version == .v5 ? .code(0x81) : .close))
    }

    @Test("Packets cut off at any byte but a filter's end are refused")
    func truncated() {
        let content = hex("00 01 09 0b 01 26 00 01 61 00 01 62 00 01 61 00 00 01 62 01")
        for count in 0..<content.count {
            let outcome = Outcome(subscribe: [UInt8](content[..<count]), .v5)
            #expect(outcome == (count == 16 ? .accepted : .code(0x81)))
        }
        let unsubscribe = hex("00 01 00 00 01 61 00 01 62")
        for count in 0..<unsubscribe.count {
            let outcome = Outcome(unsubscribe: [UInt8](unsubscribe[..<count]), .v5)
            #expect(outcome == (count == 6 ? .accepted : .code(0x81)))
        }
    }

    @Test("SUBACK and UNSUBACK round-trip", arguments: [ProtocolVersion.v311, .v5])
    func acknowledgments(version: ProtocolVersion) throws {
        let codes: [ReasonCode] = [.grantedQoS1, .unspecifiedError]
        var suback: [UInt8] = []
        suback.appendSuback(packetIdentifier: 3, reasonCodes: codes, version: version)
        #expect(suback == hex(version == .v5 ? "90 05 00 03 00 01 80" : "90 04 00 03 01 80"))
        let decoded = try SubscriptionAckPacket(
            decoding: body(of: suback).rawBytes,
            type: .suback,
            version: version
        )
        #expect(decoded.packetIdentifier == 3)
        #expect(decoded.reasonCodes == codes)
        var unsuback: [UInt8] = []
        let noSubscription: [ReasonCode] = [.noSubscriptionExisted]
        unsuback.appendUnsuback(packetIdentifier: 3, reasonCodes: noSubscription, version: version)
        #expect(unsuback == hex(version == .v5 ? "b0 04 00 03 00 11" : "b0 02 00 03"))
        let other = try SubscriptionAckPacket(
            decoding: body(of: unsuback).rawBytes,
            type: .unsuback,
            version: version
        )
        #expect(other.reasonCodes == (version == .v5 ? noSubscription : []))
    }
}
