// SPDX-License-Identifier: Apache-2.0
// Clauses about PUBLISH, its acknowledgements and retained messages that no other suite covers.

import TestSupport
import Testing

@Suite("Clauses of PUBLISH")
struct PublishClauses {
    // MARK: Retained messages

    // [MQTT-3.3.1-8] [MQTT311-3.3.1-12]
    @Test(
        "Without RETAIN nothing is retained, replaced or removed",
        arguments: Version.allCases,
        reactors
    )
    func plain(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let publisher = try RawClient.connected(to: broker, unique("p"), version)
        publisher.publish(topic + "/new", "x")
        publisher.publish(topic + "/kept", "kept", retain: true)
        publisher.publish(topic + "/kept", "passing")
        publisher.publish(topic + "/kept", "")
        try publisher.expectSilence()
        let late = try RawClient.connected(to: broker)
        try late.subscribe(topic + "/#")
        try late.expectPublish(topic + "/kept", "kept", retain: true)
        try late.expectNothing(from: publisher)
        publisher.publish(topic + "/kept", "", retain: true)
    }

    // [MQTT-3.3.1-6] [MQTT-3.3.1-7] [MQTT311-3.3.1-10] [MQTT311-3.3.1-11]
    @Test(
        "A retained message of no bytes is delivered, removes the one before and is not kept",
        arguments: Version.allCases,
        reactors
    )
    func empty(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let publisher = try RawClient.connected(to: broker, unique("p"), version)
        let watcher = try RawClient.connected(to: broker)
        publisher.publish(topic, "kept", retain: true)
        try publisher.expectSilence()
        try watcher.subscribe(topic)
        try watcher.expectPublish(topic, "kept", retain: true)
        for _ in 0..<2 {
            publisher.publish(topic, "", retain: true)
            try watcher.expectPublish(topic, "")
            let late = try RawClient.connected(to: broker)
            try late.subscribe(topic)
            try late.expectNothing(from: publisher)
        }
    }

    // [MQTT311-3.1.2-7] [MQTT-4.1.0-2]
    @Test(
        "A retained message outlives the session of its publisher",
        arguments: Version.allCases,
        reactors
    )
    func outlives(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (id, topic) = (unique("c"), unique("t"))
        let publisher = try RawClient.connected(to: broker, id, version)
        publisher.publish(topic, "kept", retain: true)
        try publisher.disconnect()
        let late = try RawClient.connected(to: broker, id, version)
        try late.subscribe(topic)
        try late.expectPublish(topic, "kept", retain: true)
        late.publish(topic, "", retain: true)
    }

    // [MQTT311-3.3.1-7] [MQTT-3.3.1-5] [MQTT311-3.3.1-5]
    @Test(
        "A retained message replaces one of any other QoS",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func replaced(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let publisher = try RawClient.connected(to: broker)
        for (number, second) in [UInt8(0), 1, 2].enumerated() {
            let name = "\(topic)/\(second)"
            for (step, level) in [qos, second].enumerated() {
                let payload = "\(step)"
                switch level {
                case 0: publisher.publish(name, payload, retain: true)
                case 1: try publisher.publish1(name, payload, id: 10 + number, retain: true)
                default: try publisher.publish2(name, payload, id: 20 + number, retain: true)
                }
            }
            try publisher.expectSilence()
            let late = try RawClient.connected(to: broker)
            try late.subscribe(name, 2)
            let id = second == 0 ? 0 : 1
            try late.expectPublish(name, "1", qos: second, id: id, retain: true)
            publisher.publish(name, "", retain: true)
        }
    }

    // MARK: Identifiers used again

    // [MQTT-4.3.2-5] [MQTT311-4.3.2-2] [MQTT-4.3.2-4]
    @Test(
        "After PUBACK the same identifier is a new message, whatever DUP says",
        arguments: Version.allCases,
        reactors
    )
    func again1(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let client = try RawClient.connected(to: broker, unique("c"), version)
        for isDuplicate in [false, true, true] {
            client.send(Wire.publish(version, topic, "x", qos: 1, id: 7, dup: isDuplicate))
            try client.expect(Wire.puback(7))
            try watcher.expectPublish(topic, "x")
        }
    }

    // [MQTT-4.3.3-12] [MQTT-4.3.3-11] [MQTT311-4.3.3-2]
    @Test(
        "After PUBCOMP the same identifier is a new message",
        arguments: Version.allCases,
        reactors
    )
    func again2(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let client = try RawClient.connected(to: broker, unique("c"), version)
        for _ in 0..<3 {
            try client.publish2(topic, "x", id: 7)
            try watcher.expectPublish(topic, "x")
        }
        try watcher.expectNothing(from: client)
    }

    // [MQTT-4.3.3-9] [MQTT-3.5.2-1]
    @Test(
        "After PUBREC with an error the same identifier is a new message",
        arguments: reactors
    )
    func refused(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        for _ in 0..<3 {
            client.send(Wire.publish(.v5, "$SYS/" + topic, "x", qos: 2, id: 7))
            try client.expect(Wire.pubrec(7, 0x87))
        }
        try client.publish2(topic, "x", id: 7)
        try watcher.expectPublish(topic, "x")
    }

    // MARK: Deliveries

    /// A session that outlives its connections, with Receive Maximum 2.
    static func durable(_ broker: Broker, _ id: String, resumes: Bool) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: false,
            properties: Property.sessionExpiry(1000) + Property.receiveMaximum(2),
            sessionPresent: resumes
        )
    }

    // [MQTT-4.3.3-7] [MQTT-3.3.2-5] [MQTT-3.3.2-6] [MQTT-4.4.0-1]
    @Test(
        "What was sent is sent again though it has expired, what was not is dropped",
        arguments: [UInt8(1), 2],
        reactors
    )
    func expired(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (id, topic) = (unique("c"), unique("t"))
        var client = try Self.durable(broker, id, resumes: false)
        try client.subscribe(topic, qos)
        let publisher = try RawClient.connected(to: broker, unique("p"), .v5)
        let expiry = Property.messageExpiry(1)
        let start = ContinuousClock.now
        for number in 1...3 {
            try qos == 1
                ? publisher.publish1(topic, "\(number)", id: number, properties: expiry)
                : publisher.publish2(topic, "\(number)", id: number, properties: expiry)
        }
        for number in 1...2 {
            let packet = try client.readPacket()
            #expect(
                [0, 1].contains { (left: UInt32) in
                    packet
                        == Wire.publish(
                            .v5,
                            topic,
                            "\(number)",
                            qos: qos,
                            id: number,
                            properties: Property.messageExpiry(left)
                        )
                }
            )
        }
        client.abort()
        while ContinuousClock.now - start < .milliseconds(2500) {
            _ = publisher.nextPacket(seconds: 0.2)
        }
        client = try Self.durable(broker, id, resumes: true)
        for number in 1...2 {
            try client.expectPublish(
                topic,
                "\(number)",
                qos: qos,
                id: number,
                dup: true,
                properties: Property.messageExpiry(0)
            )
        }
        for number in 1...2 {
            client.send(qos == 1 ? Wire.puback(number) : Wire.pubrec(number))
            if qos == 2 {
                try client.expect(Wire.pubrel(number))
                client.send(Wire.pubcomp(number))
            }
        }
        try client.expectNothing(from: publisher)
        try client.disconnect(0, properties: Property.sessionExpiry(0))
    }

    // [MQTT-4.4.0-2]
    @Test(
        "What was answered with an error does not come again",
        arguments: [UInt8(1), 2],
        reactors
    )
    func answeredWithError(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (id, topic) = (unique("c"), unique("t"))
        var client = try Self.durable(broker, id, resumes: false)
        try client.subscribe(topic, qos)
        let publisher = try RawClient.connected(to: broker)
        try qos == 1 ? publisher.publish1(topic, "x") : publisher.publish2(topic, "x")
        try client.expectPublish(topic, "x", qos: qos, id: 1)
        client.send(qos == 1 ? Wire.puback(1, 0x80) : Wire.pubrec(1, 0x80))
        try client.expectSilence()
        client.abort()
        client = try Self.durable(broker, id, resumes: true)
        try client.expectSilence()
        try client.disconnect(0, properties: Property.sessionExpiry(0))
    }

    static let badStrings: [(String, Bytes)] = [
        ("response topic", hex("08 0001 FF")), ("response topic, NUL", hex("08 0002 6100")),
        ("response topic, surrogate", hex("08 0003 EDA080")),
        ("content type", hex("03 0001 FF")), ("content type, NUL", hex("03 0002 6100")),
        ("content type, surrogate", hex("03 0003 EDA080")),
    ]

    // [MQTT-3.3.2-13] [MQTT-3.3.2-19]
    @Test(
        "Response topic and content type must be UTF-8",
        arguments: 0..<badStrings.count,
        reactors
    )
    func badString(index: Int, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        client.send(Wire.publish(.v5, "a", "x", properties: Self.badStrings[index].1))
        try client.expectClosed(after: hex("E0 01 81"))
    }
}
