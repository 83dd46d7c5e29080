// SPDX-License-Identifier: Apache-2.0
// Normative clauses of the standard that no other suite covers.

import TestSupport
import Testing

@Suite("Clauses of the standard")
struct StandardClauses {
    // [MQTT311-1.5.3-3]
    @Test(
        "[MQTT-1.5.4-3] A byte order mark is part of a topic and of an identifier",
        arguments: Version.allCases,
        reactors
    )
    func byteOrderMark(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("bom")
        let client = try RawClient.connected(to: broker, "\u{FEFF}" + unique("c"), version)
        try client.subscribe("\u{FEFF}" + topic)
        client.publish(topic, "without")
        client.publish("\u{FEFF}" + topic, "with")
        try client.expectPublish("\u{FEFF}" + topic, "with")
        try client.expectSilence()
    }

    static let badUserProperties: [Bytes] = [
        hex("26 0001 FF 0001 61"), hex("26 0001 61 0001 FF"), hex("26 0003 EDA080 0001 61"),
        hex("26 0001 61 0001 00"),
    ]

    @Test(
        "[MQTT-1.5.7-1] Names and values of user properties must be UTF-8",
        arguments: badUserProperties,
        reactors
    )
    func userProperties(list: Bytes, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        client.send(Wire.publish(.v5, "a", properties: list))
        try client.expectClosed(after: hex("E0 01 81"))
    }

    // [MQTT-4.3.1-1] [MQTT311-2.3.1-5] [MQTT311-4.3.1-1]
    @Test(
        "[MQTT-2.2.1-2] A PUBLISH of QoS 0 has no packet identifier, in and out",
        arguments: Version.allCases,
        reactors
    )
    func noIdentifier(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let client = try RawClient.connected(to: broker, unique("c"), version)
        try client.subscribe(topic, 2)
        // What would be an identifier is payload.
        let empty: Bytes = version == .v5 ? [0] : []
        let packet = Wire.packet(0x30, Wire.string(topic) + empty + [0, 7])
        client.send(packet)
        try client.expect(packet)
    }

    @Test(
        "[MQTT311-3.1.3-8] 3.1.1 without identifier and without clean session: refused with code 2",
        arguments: reactors
    )
    func emptyIdentifier(workers: Int) throws {
        let client = try RawClient(Broker.shared(workers: workers))
        client.send(Wire.connect("", .v4, clean: false))
        try client.expectClosed(after: hex("20 02 00 02"))
    }

    // [MQTT-3.2.2-3] [MQTT311-3.2.2-1]
    @Test(
        "[MQTT-3.2.2-2] After a clean start there is no session present",
        arguments: Version.allCases,
        reactors
    )
    func cleanStart(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let properties = version == .v5 ? Property.sessionExpiry(100) : []
        for _ in 0..<2 {
            let kept = try RawClient.connected(
                to: broker,
                id,
                version,
                clean: true,
                properties: properties,
                sessionPresent: false
            )
            try kept.subscribe("a")
            try kept.disconnect()
            let stored = try RawClient.connected(
                to: broker,
                id,
                version,
                clean: false,
                properties: properties,
                sessionPresent: version == .v5
            )
            try stored.disconnect()
        }
    }

    @Test(
        "[MQTT-3.3.1-2] DUP with QoS 0 closes the connection and delivers nothing",
        arguments: Version.allCases,
        reactors
    )
    func duplicateOfNothing(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let subscriber = try RawClient.connected(to: broker)
        try subscriber.subscribe(topic)
        let client = try RawClient.connected(to: broker, unique("c"), version)
        client.send(Wire.publish(version, topic, "x", dup: true))
        try client.expectClosed(after: version == .v5 ? hex("E0 01 81") : [])
        try subscriber.expectSilence()
    }

    // [MQTT311-3.3.1-9]
    @Test(
        "[MQTT-3.3.1-12] [MQTT-3.3.1-13] RETAIN is kept only with retain-as-published",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func retainAsPublished(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let plain = try RawClient.connected(to: broker, unique("plain"), .v5)
        try plain.subscribe(topic, qos)
        let exact = try RawClient.connected(to: broker, unique("exact"), .v5)
        try exact.subscribe(topic, qos | 8)
        let publisher = try RawClient.connected(to: broker)
        let id = qos == 0 ? 0 : 1
        for isRetained in [true, false] {
            let payload = "\(isRetained)"
            let place = qos == 0 ? 0 : isRetained ? 1 : 2
            publisher.send(
                Wire.publish(.v4, topic, payload, qos: qos, id: id, retain: isRetained)
            )
            if qos == 1 { try publisher.expect(Wire.puback(1)) }
            if qos == 2 {
                try publisher.expect(Wire.pubrec(1))
                publisher.send(Wire.pubrel(1))
                try publisher.expect(Wire.pubcomp(1))
            }
            try plain.expectPublish(topic, payload, qos: qos, id: place)
            try exact.expectPublish(topic, payload, qos: qos, id: place, retain: isRetained)
        }
        publisher.publish(topic, "", retain: true)
    }

    @Test(
        "[MQTT-3.3.4-6] A PUBLISH from a client must not have a subscription identifier",
        arguments: [1, 268_435_455],
        reactors
    )
    func identifierFromClient(identifier: Int, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        let list = Property.subscriptionIdentifier(identifier)
        client.send(Wire.publish(.v5, "a", properties: list))
        try client.expectClosed(after: hex("E0 01 82"))
    }

    // [MQTT-4.3.3-4] [MQTT311-3.10.4-2] [MQTT311-3.10.4-3]
    @Test(
        "[MQTT-3.10.4-2] [MQTT-3.10.4-3] UNSUBSCRIBE stops new messages; one under way is completed",
        arguments: Version.allCases,
        reactors
    )
    func unsubscribed(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let client = try RawClient.connected(to: broker, unique("c"), version)
        try client.subscribe(topic, 2)
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish2(topic, "under way", id: 1)
        try client.expectPublish(topic, "under way", qos: 2, id: 1)
        client.send(Wire.unsubscribe(version, id: 9, [topic]))
        try client.expect(Wire.unsuback(version, id: 9))
        try publisher.publish2(topic, "too late", id: 2)
        client.send(Wire.pubrec(1))
        try client.expect(Wire.pubrel(1))
        client.send(Wire.pubcomp(1))
        try client.expectSilence()
    }

    @Test(
        "A session that was to end with its connection cannot be prolonged",
        arguments: [Bytes(), Property.sessionExpiry(0)],
        reactors
    )
    func prolonged(properties: Bytes, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let client = try RawClient.connected(to: broker, id, .v5, properties: properties)
        client.send(Wire.disconnect(0, properties: Property.sessionExpiry(1)))
        try client.expectClosed(after: hex("E0 01 82"))
        try RawClient.connected(to: broker, id, .v5, clean: false).disconnect()
    }

    // [MQTT-2.2.1-5] [MQTT-4.3.3-8] [MQTT-4.3.3-11] [MQTT311-2.3.1-6] [MQTT311-4.3.3-2]
    @Test(
        "[MQTT-4.3.3-10] A repeated QoS 2 PUBLISH is acknowledged again and delivered once",
        arguments: Version.allCases,
        reactors
    )
    func repeated(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let subscriber = try RawClient.connected(to: broker)
        try subscriber.subscribe(topic)
        let client = try RawClient.connected(to: broker, unique("c"), version)
        for isDuplicate in [false, true] {
            client.send(Wire.publish(version, topic, "x", qos: 2, id: 5, dup: isDuplicate))
            try client.expect(Wire.pubrec(5))
        }
        client.send(Wire.pubrel(5))
        try client.expect(Wire.pubcomp(5))
        try subscriber.expectPublish(topic, "x")
        client.send(Wire.pubrel(5))
        try client.expect(Wire.pubcomp(5))
        try subscriber.expectSilence()
    }

    // [MQTT311-4.7.1-1]
    @Test(
        "[MQTT-4.7.0-1] A topic name must not have a wildcard",
        arguments: ["+", "#", "a/+/b", "a/#", "a+", "#a"],
        reactors
    )
    func wildcards(topic: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        for version in Version.allCases {
            let client = try RawClient.connected(to: broker, unique("c"), version)
            client.send(Wire.publish(version, topic, "x"))
            try client.expectClosed(after: version == .v5 ? hex("E0 01 81") : [])
        }
    }

    // [MQTT311-6.0.0-2]
    @Test(
        "[MQTT-6.0.0-2] Packets and WebSocket frames need not begin and end together",
        arguments: [1, 2, 3, 7, 1000],
        reactors
    )
    func frames(size: Int, workers: Int) throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nprotocol websockets\nallow_anonymous true\n",
            workers: workers
        )
        let client = try RawClient(broker)
        try client.openWebSocket()
        let topic = unique("t")
        let bytes =
            Wire.connect(unique("c"), .v4) + Wire.subscribe(.v4, [(topic, 0)])
            + Wire.publish(.v4, topic, "x") + Wire.pingreq
        for start in stride(from: 0, to: bytes.count, by: size) {
            client.send(Bytes(bytes[start..<min(bytes.count, start + size)]))
        }
        try client.expect(Wire.connack(.v4))
        try client.expect(Wire.suback(.v4, [0]))
        try client.expect(Wire.publish(.v4, topic, "x"))
        try client.expect(Wire.pingresp)
    }

    @Test(
        "[MQTT-6.0.0-3] A WebSocket client must ask for the subprotocol mqtt",
        arguments: reactors
    )
    func subprotocol(workers: Int) throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nprotocol websockets\nallow_anonymous true\n",
            workers: workers
        )
        for name in ["chat", "", "mqttv5"] {
            let client = try RawClient(broker)
            let headers = RawClient.usualHeaders.dropLast() + ["Sec-WebSocket-Protocol: \(name)"]
            client.sendRaw(RawClient.upgradeRequest(headers: Array(headers)))
            try client.expectClosed()
        }
    }
}
