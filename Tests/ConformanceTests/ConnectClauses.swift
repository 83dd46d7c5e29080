// SPDX-License-Identifier: Apache-2.0
// Clauses about CONNECT, CONNACK and the session that no other suite covers.

import TestSupport
import Testing

@Suite("Clauses of CONNECT and CONNACK")
struct ConnectClauses {
    // [MQTT-3.1.2-14] [MQTT311-3.1.2-16]
    @Test(
        "A will that is not retained leaves nothing behind, and replaces nothing",
        arguments: Version.allCases,
        reactors
    )
    func plainWill(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("will")
        let watcher = try RawClient.connected(to: broker)
        watcher.publish(topic, "kept", retain: true)
        try watcher.subscribe(topic)
        try watcher.expectPublish(topic, "kept", retain: true)
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            version,
            will: Will(topic, "gone")
        )
        client.abort()
        try watcher.expectPublish(topic, "gone")
        let late = try RawClient.connected(to: broker)
        try late.subscribe(topic)
        try late.expectPublish(topic, "kept", retain: true)
        late.publish(topic, "", retain: true)
    }

    // [MQTT311-3.1.2-12]
    @Test("Who has no will leaves none behind", arguments: Version.allCases, reactors)
    func noWill(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (id, topic) = (unique("c"), unique("will"))
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        // Not even that of the connection before.
        let before = try RawClient.connected(to: broker, id, version, will: Will(topic, "before"))
        before.abort()
        try watcher.expectPublish(topic, "before")
        let client = try RawClient.connected(to: broker, id, version)
        client.abort()
        let after = try RawClient.connected(to: broker, id, version)
        try watcher.expectNothing(from: after)
    }

    static let letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

    // [MQTT-3.1.3-5] [MQTT311-3.1.3-5]
    @Test(
        "Identifiers of 1 to 23 letters and digits are taken",
        arguments: Version.allCases,
        reactors
    )
    func identifiers(version: Version, workers: Int) throws {
        let broker = try Broker(workers: workers)
        for letter in Self.letters {
            try RawClient.connected(to: broker, String(letter), version).disconnect()
        }
        for count in 2...23 {
            try RawClient.connected(to: broker, String(Self.letters.suffix(count)), version)
                .disconnect()
        }
    }

    // [MQTT-3.1.4-6] [MQTT311-3.1.4-5] [MQTT-3.2.2-6] [MQTT311-3.2.2-4] [MQTT-3.2.2-7]
    // [MQTT311-3.2.2-5]
    @Test(
        "What follows a CONNECT that is refused is not looked at; no session is said to be present",
        arguments: Version.allCases,
        reactors
    )
    func refused(version: Version, workers: Int) throws {
        let broker = try Broker.shared(
            """
            per_listener_settings true
            listener %PORT% 127.0.0.1
            allow_anonymous true
            listener %PORT2% 127.0.0.1
            allow_anonymous false

            """,
            workers: workers
        )
        let (id, topic) = (unique("c"), unique("t"))
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let properties = version == .v5 ? Property.sessionExpiry(100) : []
        let kept = try RawClient.connected(
            to: broker,
            id,
            version,
            clean: false,
            properties: properties
        )
        try kept.disconnect()
        let client = try RawClient(port: broker.ports[1])
        client.send(
            Wire.connect(id, version, clean: false, properties: properties)
                + Wire.publish(version, topic, "x") + Wire.pingreq
        )
        try client.expectClosed(
            after: version == .v5 ? hex("20 03 00 87 00") : hex("20 02 00 05")
        )
        try watcher.expectNothing(from: watcher)
    }

    // [MQTT-3.2.2-9] [MQTT-3.2.2-10] [MQTT-3.9.3-2] [MQTT-3.8.4-7] [MQTT-3.8.4-8]
    @Test(
        "Where max_qos is lower it is announced, and any SUBSCRIBE is taken",
        arguments: [UInt8(0), 1],
        reactors
    )
    func maximumQoS(maximum: UInt8, workers: Int) throws {
        let broker = try Broker.shared("\(Broker.plain)max_qos \(maximum)\n", workers: workers)
        let client = try RawClient(broker)
        client.send(Wire.connect(unique("c"), .v5))
        try client.expect(
            Wire.packet(0x20, [0, 0, 0x0D] + hex("22 000A 27 001E8480 21 0014 24") + [maximum])
        )
        client.speak(.v5)
        let topic = unique("t")
        let filters = [(topic, UInt8(0)), (topic + "/1", 1), (topic + "/2", 2)]
        client.send(Wire.subscribe(.v5, filters))
        try client.expect(Wire.suback(.v5, [0, min(1, maximum), min(2, maximum)]))
        client.publish(topic + "/2", "x")
        try client.expectPublish(topic + "/2", "x")
    }

    // [MQTT-3.1.2-24]
    @Test(
        "A refusal larger than the client takes is not sent",
        arguments: [UInt32(4), 5],
        reactors
    )
    func largeRefusal(maximum: UInt32, workers: Int) throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nallow_anonymous false\n",
            workers: workers
        )
        let client = try RawClient(broker)
        let properties = Property.maximumPacketSize(maximum)
        client.send(Wire.connect(unique("c"), .v5, properties: properties))
        try client.expectClosed(after: maximum < 5 ? [] : hex("20 03 00 87 00"))
    }

    struct Lifetime: Sendable, CustomTestStringConvertible {
        let asked: UInt32?
        /// What CONNACK says; nil when it says nothing.
        let told: UInt32?
        var testDescription: String { "asked \(asked ?? 0)" }
    }

    static let lifetimes: [Lifetime] = [
        Lifetime(asked: nil, told: nil), Lifetime(asked: 0, told: nil),
        Lifetime(asked: 59, told: nil), Lifetime(asked: 60, told: nil),
        Lifetime(asked: 61, told: 60), Lifetime(asked: .max, told: 60),
    ]

    @Test(
        "A session that ends earlier than was asked for is told so in CONNACK",
        arguments: lifetimes,
        reactors
    )
    func lifetime(row: Lifetime, workers: Int) throws {
        let broker = try Broker.shared(
            "persistent_client_expiration 60s\n" + Broker.plain,
            workers: workers
        )
        let client = try RawClient(broker)
        let properties = row.asked.map(Property.sessionExpiry) ?? []
        client.send(Wire.connect(unique("c"), .v5, properties: properties))
        let told = row.told.map(Property.sessionExpiry) ?? []
        let list = told + hex("22 000A 27 001E8480 21 0014")
        try client.expect(Wire.packet(0x20, [0, 0] + Wire.properties(list)))
        client.send(Wire.disconnect())
        try client.expectClosed()
    }
}
