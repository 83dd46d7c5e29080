// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE: what is refused, and the forms of their answers.

import TestSupport
import Testing

@Suite("SUBSCRIBE and UNSUBSCRIBE")
struct SubscribePackets {
    static func subscribe(
        _ filter: Bytes,
        _ options: UInt8 = 0,
        list: Bytes = []
    ) -> (Version) -> Bytes {
        { version in
            let properties = version == .v5 ? Wire.properties(list) : []
            return Wire.packet(0x82, [0, 9] + properties + Wire.binary(filter) + [options])
        }
    }

    static func refused(
        _ title: String,
        _ filter: Bytes,
        _ options: UInt8 = 0,
        _ reason: UInt8 = 0x81
    ) -> [Row] {
        Row.both(title, v5: .disconnect(reason), subscribe(filter, options))
    }

    static let filters: [Row] = Row.table(
        refused("empty filter", []),
        refused("inner #", utf8("a/#/b")),
        refused("# with text", utf8("a#")),
        refused("# after text", utf8("a/b#")),
        refused("+ with text", utf8("a+/b")),
        refused("+ before text", utf8("+a")),
        refused("NUL", hex("61 00")),
        refused("surrogate", hex("ED A0 80")),
        refused("control character", hex("61 1F")),
        refused("201 slashes", Bytes(repeating: 0x2F, count: 201)),
        refused("65535 slashes", Bytes(repeating: 0x2F, count: 65535)),
        refused("share name with +", utf8("$share/+/p"), 0, 0x82),
        refused("share name with #", utf8("$share/#/p"), 0, 0x81),
        refused("share without filter", utf8("$share/p"), 0, 0x82),
        refused("share with an empty filter", utf8("$share/p/"), 0, 0x82),
        refused("share with no-local", utf8("$share/p/a"), 4, 0x82),
        refused("QoS 3", utf8("a"), 3),
        refused("retain handling 3", utf8("a"), 0x30),
        refused("reserved bit 6", utf8("a"), 0x40),
        refused("reserved bit 7", utf8("a"), 0x80)
    )

    // [MQTT-1.5.4-2] [MQTT-3.8.3-1] [MQTT-3.8.3-4] [MQTT-3.8.3-5] [MQTT-4.7.1-1] [MQTT-4.7.1-2]
    // [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.8.2-1] [MQTT-4.8.2-2] [MQTT311-1.5.3-2]
    // [MQTT311-3.8.3-1] [MQTT311-3.8.3-4] [MQTT311-4.7.1-2] [MQTT311-4.7.1-3] [MQTT311-4.7.3-1]
    @Test("[MQTT-3.8.3] Bad filters and options end the connection", arguments: filters, reactors)
    func filter(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    static let shapes: [Row] = Row.table(
        Row.both("packet identifier 0", v5: .disconnect(0x81)) {
            Wire.subscribe($0, id: 0, [("a", 0)])
        },
        Row.both("no filter", v5: .disconnect(0x81)) { Wire.subscribe($0, []) },
        Row.both("no options", v5: .disconnect(0x81)) {
            Wire.packet(0x82, [0, 1] + ($0 == .v5 ? [0] : []) + Wire.string("a"))
        },
        Row.both("filter length beyond the packet", v5: .disconnect(0x81)) {
            Wire.packet(0x82, [0, 1] + ($0 == .v5 ? [0] : []) + [0, 5, 0x61])
        },
        Row.both("trailing byte", v5: .disconnect(0x81)) {
            Wire.packet(0x82, Wire.subscribe($0, [("a", 0)]).dropFirst(2) + [0])
        },
        Row.both("empty", "82 00", v4: .close, v5: .disconnect(0x81)),
        Row.both("one byte", "82 01 00", v4: .close, v5: .disconnect(0x81)),
        [
            Row("options 4", .v4, subscribe(utf8("a"), 4)(.v4), .close),
            Row("options 3", .v3, subscribe(utf8("a"), 3)(.v3), .close),
            Row("options 4", .v3, subscribe(utf8("a"), 4)(.v3), .close),
        ]
    )

    // [MQTT-3.8.3-2] [MQTT311-2.3.1-1] [MQTT311-3.8.3-3] [MQTT311-3.8.3-4]
    @Test("[MQTT-3.8.2] Malformed SUBSCRIBE ends the connection", arguments: shapes, reactors)
    func shape(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    static func with(_ title: String, _ list: Bytes, _ reason: UInt8) -> Row {
        Row(title, .v5, subscribe(utf8("a"), 0, list: list)(.v5), .disconnect(reason))
    }

    static let properties: [Row] = [
        with("subscription identifier 0", hex("0B 00"), 0x81),
        with("subscription identifier over-long", hex("0B 80 80 80 80 01"), 0x81),
        with("subscription identifier not minimal", hex("0B 81 00"), 0x81),
        with("two subscription identifiers", hex("0B 01 0B 02"), 0x82),
        with("payload format", Property.payloadFormat(0), 0x81),
        with("reason string", Property.reasonString("a"), 0x81),
        with("topic alias", Property.topicAlias(1), 0x81),
        with("receive maximum", Property.receiveMaximum(1), 0x81),
        with("session expiry", Property.sessionExpiry(1), 0x81),
        with("unknown property", hex("7F 00"), 0x81),
        with("truncated user property", hex("26 00"), 0x81),
        Row("property length too large", .v5, "82 07 00 01 7F 00 01 61 00", .disconnect(0x81)),
    ]

    // [MQTT-1.5.5-1]
    @Test("[MQTT-3.8.2.1] Properties of SUBSCRIBE are checked", arguments: properties, reactors)
    func property(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    static let unsubscribes: [Row] = Row.table(
        Row.both("packet identifier 0", v5: .disconnect(0x81)) {
            Wire.unsubscribe($0, id: 0, ["a"])
        },
        Row.both("no filter", v5: .disconnect(0x81)) { Wire.unsubscribe($0, []) },
        Row.both("empty filter", v5: .disconnect(0x81)) { Wire.unsubscribe($0, [""]) },
        Row.both("inner #", v5: .disconnect(0x81)) { Wire.unsubscribe($0, ["a/#/b"]) },
        Row.both("NUL", v5: .disconnect(0x81)) { Wire.unsubscribe($0, ["a\0"]) },
        Row.both("no UTF-8", v5: .disconnect(0x81)) {
            Wire.packet(0xA2, [0, 1] + ($0 == .v5 ? [0] : []) + [0, 2, 0x61, 0xFF])
        },
        Row.both("filter length beyond the packet", v5: .disconnect(0x81)) {
            Wire.packet(0xA2, [0, 1] + ($0 == .v5 ? [0] : []) + [0, 5, 0x61])
        },
        Row.both("empty", "A2 00", v4: .close, v5: .disconnect(0x81)),
        [
            Row("subscription identifier", .v5, "A2 08 00 01 02 0B 01 00 01 61", .disconnect(0x81)),
            Row("unknown property", .v5, "A2 08 00 01 02 7F 00 00 01 61", .disconnect(0x81)),
            Row(
                "user property",
                .v5,
                "A2 0D 00 01 07 26 0001 61 0001 62 0001 7A",
                .answer("B0 04 00 01 00 11")
            ),
        ]
    )

    // [MQTT-3.10.3-1] [MQTT-3.10.3-2] [MQTT311-2.3.1-1] [MQTT311-3.10.3-1] [MQTT311-3.10.3-2]
    @Test(
        "[MQTT-3.10] Malformed UNSUBSCRIBE ends the connection",
        arguments: unsubscribes,
        reactors
    )
    func unsubscribe(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    // [MQTT-2.2.1-6] [MQTT-2.2.2-1] [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.8.4-6]
    // [MQTT-3.8.4-7] [MQTT-3.9.2-1] [MQTT-3.9.2-2] [MQTT-3.9.3-2] [MQTT311-2.3.1-7]
    // [MQTT311-3.8.4-1] [MQTT311-3.8.4-2] [MQTT311-3.8.4-4] [MQTT311-3.8.4-5] [MQTT311-3.9.3-1]
    // [MQTT311-3.9.3-2]
    @Test(
        "[MQTT-3.9.3-1] SUBACK has one code for each filter, in order",
        arguments: Version.allCases,
        reactors
    )
    func codes(version: Version, workers: Int) throws {
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("c"),
            version
        )
        let stem = unique("t")
        client.send(
            Wire.subscribe(
                version,
                id: 65535,
                [("\(stem)/a", 2), ("\(stem)/b", 0), ("\(stem)/+", 1), ("$share/g/\(stem)", 2)]
            )
        )
        try client.expect(Wire.suback(version, id: 65535, [2, 0, 1, 2]))
    }

    // [MQTT-2.2.1-6] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.2-1]
    // [MQTT-3.11.2-2] [MQTT-3.11.3-2] [MQTT311-2.3.1-7] [MQTT311-3.10.4-4] [MQTT311-3.10.4-5]
    // [MQTT311-3.10.4-6]
    @Test(
        "[MQTT-3.11.3-1] UNSUBACK has 00 or 11 for each filter",
        arguments: Version.allCases,
        reactors
    )
    func unsubscribeCodes(version: Version, workers: Int) throws {
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("c"),
            version
        )
        let stem = unique("t")
        let share = "$share/g/\(stem)"
        client.send(
            Wire.subscribe(version, id: 2, [("\(stem)/a", 2), ("\(stem)/#", 0), (share, 1)])
        )
        try client.expect(Wire.suback(version, id: 2, [2, 0, 1]))
        let filters = ["\(stem)/a", "\(stem)/b", "\(stem)/#", share, "\(stem)/a", "$other/\(stem)"]
        client.send(Wire.unsubscribe(version, id: 3, filters))
        try client.expect(Wire.unsuback(version, id: 3, [0, 0x11, 0, 0, 0x11, 0x11]))
        client.publish("\(stem)/a", "x")
        client.publish(stem, "x")
        try client.expectNothing(from: client)
    }

    @Test("Version 3.1.1 may use shared subscriptions", arguments: reactors)
    func sharedInOldVersion(workers: Int) throws {
        let client = try RawClient.connected(to: Broker.shared(workers: workers))
        let topic = unique("t")
        try client.subscribe("$share/g/\(topic)", 1)
        try client.publish1WithEcho(topic)
    }

    @Test("3.1 SUBSCRIBE and UNSUBSCRIBE without filters are answered", arguments: reactors)
    func emptyInOldVersion(workers: Int) throws {
        let client = try RawClient.connected(to: Broker.shared(workers: workers), unique("c"), .v3)
        client.send("82 02 00 05")
        try client.expect("90 02 00 05")
        client.send("A2 02 00 06")
        try client.expect("B0 02 00 06")
    }

    @Test("200 slashes are allowed in topics and filters", arguments: Version.allCases, reactors)
    func depth(version: Version, workers: Int) throws {
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("c"),
            version
        )
        let topic = unique("t") + String(repeating: "/", count: 200)
        try client.subscribe(topic)
        client.publish(topic, "deep")
        try client.expectPublish(topic, "deep")
    }
}

extension RawClient {
    /// Publishes at QoS 1 to a topic this client itself is subscribed to at QoS 1.
    func publish1WithEcho(_ topic: String, id: Int = 7, delivery: Int = 1) throws {
        send(Wire.publish(version, topic, "echo", qos: 1, id: id))
        try expect(inAnyOrder: [
            Wire.puback(id), Wire.publish(version, topic, "echo", qos: 1, id: delivery),
        ])
        send(Wire.puback(delivery))
        try expectSilence()
    }
}
