// SPDX-License-Identifier: Apache-2.0
// PUBLISH from clients: what is refused, what passes, and what passes through unchanged.

import TestSupport
import Testing

@Suite("PUBLISH")
struct PublishPackets {
    static let badTopics: [(String, Bytes)] = [
        ("wildcard +", utf8("a/+")), ("wildcard #", utf8("#")), ("inner wildcard", utf8("a+b")),
        ("NUL", hex("61 00")), ("control character", hex("61 07")), ("surrogate", hex("ED A0 80")),
        ("noncharacter", hex("EF BF BF")), ("overlong", hex("C0 80")),
        ("201 slashes", Bytes(repeating: 0x2F, count: 201)),
        ("65535 slashes", Bytes(repeating: 0x2F, count: 65535)),
    ]

    static func raw(_ version: Version, _ first: UInt8, _ body: Bytes) -> Bytes {
        Wire.packet(first, body)
    }

    static let headers: [Row] = Row.table(
        badTopics.flatMap { title, topic in
            Row.both("topic: \(title)", v5: .disconnect(0x81)) { version in
                let list: Bytes = version == .v5 ? [0] : []
                return Wire.packet(0x30, Wire.binary(topic) + list + [0x78])
            }
        },
        Row.both("empty topic", v5: .disconnect(0x81)) { Wire.publish($0, "") },
        Row.both("DUP at QoS 0", v5: .disconnect(0x81)) { Wire.publish($0, "a", dup: true) },
        Row.both("QoS 3", v5: .disconnect(0x81)) { Wire.publish($0, "a", qos: 3, id: 1) },
        Row.both("QoS 3 with DUP", v5: .disconnect(0x81)) {
            Wire.publish($0, "a", qos: 3, id: 1, dup: true)
        },
        Row.both("packet identifier 0, QoS 1", v5: .disconnect(0x82)) {
            Wire.publish($0, "a", qos: 1)
        },
        Row.both("packet identifier 0, QoS 2", v5: .disconnect(0x82)) {
            Wire.publish($0, "a", qos: 2)
        },
        Row.both("empty", "30 00", v4: .close, v5: .disconnect(0x81)),
        Row.both(
            "topic length beyond the packet",
            "30 03 00 05 61",
            v4: .close,
            v5: .disconnect(0x81)
        ),
        Row.both("no packet identifier", "32 03 00 01 61", v4: .close, v5: .disconnect(0x81)),
        Row.both("half a packet identifier", "32 04 00 01 61 00", v4: .close, v5: .disconnect(0x81))
    )

    // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-3.3.1-2] [MQTT-3.3.1-4] [MQTT-3.3.2-1] [MQTT-3.3.2-2]
    // [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT311-1.5.3-1] [MQTT311-1.5.3-2] [MQTT311-2.3.1-1]
    // [MQTT311-3.3.1-2] [MQTT311-3.3.1-4] [MQTT311-3.3.2-1] [MQTT311-3.3.2-2] [MQTT311-4.7.3-1]
    // [MQTT311-4.7.3-2]
    @Test("[MQTT-3.3.1, 3.3.2] Malformed PUBLISH ends the connection", arguments: headers, reactors)
    func header(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    static func with(
        _ title: String,
        _ list: Bytes,
        _ reaction: Reaction,
        topic: String = "prop/a"
    ) -> Row {
        Row(title, .v5, Wire.publish(.v5, topic, "x", qos: 1, id: 7, properties: list), reaction)
    }

    static let refusedProperties: [Row] = Row.table(
        [
            with("topic alias 11", Property.topicAlias(11), .disconnect(0x94)),
            with("topic alias 65535", Property.topicAlias(65535), .disconnect(0x94)),
            with("topic alias 0", Property.topicAlias(0), .disconnect(0x82)),
            with(
                "two topic aliases",
                Property.topicAlias(1) + Property.topicAlias(1),
                .disconnect(0x82)
            ),
            with(
                "unknown alias and no topic",
                Property.topicAlias(3),
                .disconnect(0x82),
                topic: ""
            ),
            with("payload format 2", Property.payloadFormat(2), .disconnect(0x82)),
            with("response topic with wildcard", Property.responseTopic("a/#"), .disconnect(0x82)),
            with("empty response topic", Property.responseTopic(""), .disconnect(0x82)),
            with("subscription identifier", Property.subscriptionIdentifier(1), .disconnect(0x82)),
            with(
                "subscription identifier badly encoded",
                hex("0B 80 80 80 80 01"),
                .disconnect(0x81)
            ),
            with("subscription identifier not minimal", hex("0B 81 00"), .disconnect(0x81)),
            with("truncated message expiry", hex("02 00 00"), .disconnect(0x81)),
            with("unknown property", hex("7F 00"), .disconnect(0x81)),
            with("reason string", Property.reasonString("a"), .disconnect(0x82)),
            with("session expiry", Property.sessionExpiry(1), .disconnect(0x82)),
            with("receive maximum", Property.receiveMaximum(1), .disconnect(0x82)),
            with("maximum QoS", Property.maximumQoS(1), .disconnect(0x82)),
            with("will delay", Property.willDelay(1), .disconnect(0x82)),
            with("server keep alive", Property.serverKeepAlive(1), .disconnect(0x82)),
        ],
        [
            ("payload format", Property.payloadFormat(0)),
            ("message expiry", Property.messageExpiry(9)),
            ("content type", Property.contentType("a")),
            ("response topic", Property.responseTopic("a")),
            ("correlation data", Property.correlationData([1])),
        ].map { with("\($0) twice", $1 + $1, .disconnect(0x82)) },
        [
            Row("property length too large", .v5, "30 05 00 01 61 7F 00", .disconnect(0x81)),
            Row(
                "property length over-long",
                .v5,
                "30 09 00 01 61 80 80 80 80 01 00",
                .disconnect(0x81)
            ),
            Row("no property length", .v5, "30 03 00 01 61", .disconnect(0x81)),
        ]
    )

    // [MQTT-1.5.5-1] [MQTT-3.3.2-14] [MQTT-3.3.4-6]
    @Test(
        "[MQTT-3.3.2.3] Properties of PUBLISH are checked",
        arguments: refusedProperties,
        reactors
    )
    func refusedProperty(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    static let passed: [(String, Bytes)] = [
        ("payload format 0", Property.payloadFormat(0)),
        ("payload format 1", Property.payloadFormat(1)),
        ("empty content type", Property.contentType("")),
        ("content type", Property.contentType("text/plain")),
        ("response topic", Property.responseTopic("answer/here")),
        ("empty correlation data", Property.correlationData([])),
        ("correlation data", Property.correlationData([0, 1, 0xFF])),
        (
            "user properties",
            Property.user("a", "1") + Property.user("", "") + Property.user("a", "1")
        ),
        (
            "all, in an order of its own",
            Property.user("z", "1") + Property.correlationData([1]) + Property.user("a", "2")
                + Property.contentType("c") + Property.payloadFormat(1)
                + Property.responseTopic("r") + Property.user("m", "3")
        ),
    ]

    // [MQTT-2.2.2-1] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18]
    // [MQTT-3.3.2-20]
    @Test(
        "[MQTT-3.3.2-4] Properties pass through unchanged in their order",
        arguments: 0..<passed.count,
        reactors
    )
    func passThrough(index: Int, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        let old = try RawClient.connected(to: broker)
        let topic = unique("t")
        try client.subscribe(topic)
        try old.subscribe(topic)
        let publisher = try RawClient.connected(to: broker, unique("c"), .v5)
        publisher.publish(topic, "x", properties: Self.passed[index].1)
        try client.expectPublish(topic, "x", properties: Self.passed[index].1)
        try old.expectPublish(topic, "x")
    }

    // [MQTT-3.1.2-27]
    @Test(
        "[MQTT-3.3.2-12] A topic alias is not passed on, the identifier of the subscription is",
        arguments: reactors
    )
    func alias(workers: Int) throws {
        let client = try RawClient.connected(to: Broker.shared(workers: workers), unique("c"), .v5)
        let (first, second) = (unique("t"), unique("t"))
        try client.subscribe(first, properties: Property.subscriptionIdentifier(268_435_455))
        try client.subscribe(second, id: 2)
        client.publish(first, "1", properties: Property.topicAlias(10))
        client.publish("", "2", properties: Property.topicAlias(10) + Property.user("a", "b"))
        client.publish(second, "3", properties: Property.topicAlias(10))
        client.publish("", "4", properties: Property.topicAlias(10))
        let identifier = Property.subscriptionIdentifier(268_435_455)
        try client.expectPublish(first, "1", properties: identifier)
        try client.expectPublish(first, "2", properties: Property.user("a", "b") + identifier)
        try client.expectPublish(second, "3")
        try client.expectPublish(second, "4")
    }

    @Test(
        "[MQTT-3.3.2-6] Message expiry 0 is accepted, others are counted down",
        arguments: reactors
    )
    func expiry(workers: Int) throws {
        let client = try RawClient.connected(to: Broker.shared(workers: workers), unique("c"), .v5)
        let topic = unique("t")
        try client.subscribe(topic)
        client.publish(topic, "0", properties: Property.messageExpiry(0))
        let first = try client.readPacket()
        let plain = Wire.publish(.v5, topic, "0")
        let zero = Wire.publish(.v5, topic, "0", properties: Property.messageExpiry(0))
        #expect(first == plain || first == zero)
        client.publish(topic, "1", properties: Property.messageExpiry(1000))
        let second = try client.readPacket()
        // The second may have changed between arrival and delivery.
        let candidates = [1000, 999].map {
            Wire.publish(.v5, topic, "1", properties: Property.messageExpiry($0))
        }
        #expect(candidates.contains(second))
        client.publish(
            topic,
            "2",
            properties: Property.messageExpiry(1000) + Property.user("a", "b")
        )
        let third = try client.readPacket()
        let reordered = [1000, 999].map {
            Wire.publish(
                .v5,
                topic,
                "2",
                properties: Property.user("a", "b") + Property.messageExpiry($0)
            )
        }
        #expect(reordered.contains(third), "expiry follows the other properties")
    }

    // [MQTT-3.3.4-1] [MQTT-3.4.2-1] [MQTT-3.4.2-3] [MQTT-3.5.2-1] [MQTT-3.5.2-3] [MQTT-4.3.2-4]
    // [MQTT-4.3.3-8] [MQTT311-3.3.4-1]
    @Test("QoS 1 to nobody is acknowledged with 10, QoS 2 is not", arguments: reactors)
    func nobody(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        let topic = unique("nobody")
        client.send(Wire.publish(.v5, topic, "x", qos: 1, id: 0x1234))
        try client.expect("40 03 12 34 10")
        try client.publish2(topic, "x", id: 2)
        client.send(Wire.publish(.v5, topic, "x", qos: 1, id: 3, retain: true))
        try client.expect("40 03 00 03 10")
        client.send(Wire.publish(.v5, topic, "x", qos: 1, id: 4))
        try client.expect("40 03 00 04 10")
        let old = try RawClient.connected(to: broker)
        try old.publish1(topic, "x", id: 5)
        client.publish(topic, "", retain: true)
        try client.expectSilence()
    }

    // [MQTT-4.3.3-10] [MQTT311-4.3.3-2]
    @Test(
        "[MQTT-4.3.3] A QoS 2 identifier used again before PUBREL replaces the message",
        arguments: [Version.v4, .v5],
        reactors
    )
    func replaced(version: Version, workers: Int) throws {
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("c"),
            version
        )
        let topic = unique("t")
        try client.subscribe(topic)
        for payload in ["first", "second", "third one"] {
            client.send(Wire.publish(version, topic, payload, qos: 2, id: 5))
            try client.expect(Wire.pubrec(5))
        }
        client.send(Wire.pubrel(5))
        try client.expect(inAnyOrder: [Wire.pubcomp(5), Wire.publish(version, topic, "third one")])
        try client.expectSilence()
    }

    // [MQTT-4.3.3-10] [MQTT311-4.3.3-2]
    @Test(
        "[MQTT-4.3.3] The third copy of a QoS 2 PUBLISH ends the connection",
        arguments: [Version.v4, .v5],
        reactors
    )
    func third(version: Version, workers: Int) throws {
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("c"),
            version
        )
        let topic = unique("t")
        client.send(Wire.publish(version, topic, "m", qos: 2, id: 5))
        try client.expect(Wire.pubrec(5))
        client.send(Wire.publish(version, topic, "m", qos: 2, id: 5, dup: true))
        try client.expect(Wire.pubrec(5))
        client.send(Wire.publish(version, topic, "m", qos: 2, id: 5, dup: true))
        try client.expectClosed(after: version == .v5 ? hex("E0 01 82") : [])
    }

    @Test(
        "[MQTT-3.1.2-25] A message too large for its receiver is dropped, later ones arrive",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func tooLarge(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            properties: Property.maximumPacketSize(60) + Property.receiveMaximum(1)
        )
        let topic = unique("t")
        try client.subscribe(topic, qos)
        let publisher = try RawClient.connected(to: broker)
        for number in 1...3 {
            let payload = number == 3 ? "fits" : String(repeating: "x", count: 100)
            switch qos {
            case 0: publisher.publish(topic, payload)
            case 1: try publisher.publish1(topic, payload, id: number)
            default: try publisher.publish2(topic, payload, id: number)
            }
        }
        try client.expectPublish(topic, "fits", qos: qos, id: qos == 0 ? 0 : 3)
        if qos == 1 { client.send(Wire.puback(3)) }
        if qos == 2 { client.send(Wire.pubrec(3, 0x80)) }
        try client.expectSilence()
    }
}
