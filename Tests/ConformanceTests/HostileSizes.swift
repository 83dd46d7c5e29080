// SPDX-License-Identifier: Apache-2.0
// Names at the limit of their length, with all that a broker puts in front of or behind them.

import TestSupport
import Testing

@Suite("Names at the limit of their length", .serialized)
struct HostileSizes {
    /// The most bytes of a topic name, a filter or a string.
    static let lengthMax = 65_535

    static let config = """
        sys_interval 0
        log_type all
        listener %PORT% 127.0.0.1
        allow_anonymous true
        max_topic_alias 10
        max_topic_alias_broker 10
        listener %PORT2% 127.0.0.1
        mount_point m/
        max_topic_alias 10

        """

    /// A name of exactly `count` bytes with no level of its own.
    static func name(_ count: Int, startingWith start: String = "") -> String {
        start + String(repeating: "x", count: count - start.utf8.count)
    }

    /// The broker must answer somebody new, whatever was sent before.
    static func expectAlive(_ broker: Broker) throws {
        try RawClient.connected(to: broker).expectSilence()
    }

    @Test(
        "A topic that leaves no room for the mount point is refused, not routed",
        arguments: [65_532, 65_533, 65_534, 65_535],
        Version.allCases
    )
    func mountedPublish(length: Int, version: Version) throws {
        let broker = try Broker.shared(Self.config, workers: 2)
        let outside = try RawClient.connected(to: broker, unique("c"), .v5)
        outside.speak(.v5)
        let topic = Self.name(length, startingWith: unique("t"))
        let fits = length + 2 <= Self.lengthMax
        if fits { try outside.subscribe("m/" + topic) }
        let inside = try RawClient.connected(
            to: broker,
            unique("c"),
            version,
            port: broker.ports[1]
        )
        let refusal: UInt8 = version == .v5 ? 0x90 : 0
        for id in 1...2 {
            inside.send(Wire.publish(version, topic, "q1", qos: 1, id: id))
            try inside.expect(Wire.puback(id, fits ? 0 : refusal))
            if fits { try outside.expectPublish("m/" + topic, "q1") }
        }
        inside.send(Wire.publish(version, topic, "q2", qos: 2, id: 3))
        try inside.expect(Wire.pubrec(3, fits ? 0 : refusal))
        if fits {
            inside.send(Wire.pubrel(3))
            try inside.expect(Wire.pubcomp(3))
            try outside.expectPublish("m/" + topic, "q2")
        }
        inside.publish(topic, "q0", retain: true)
        if fits { try outside.expectPublish("m/" + topic, "q0") }
        try inside.expectSilence()
        try outside.expectSilence()
        try Self.expectAlive(broker)
    }

    @Test("An alias stands for a topic that is refused each time", arguments: reactors)
    func mountedAlias(workers: Int) throws {
        let broker = try Broker.shared(Self.config, workers: workers)
        let inside = try RawClient.connected(to: broker, unique("c"), .v5, port: broker.ports[1])
        let topic = Self.name(Self.lengthMax)
        inside.send(
            Wire.publish(.v5, topic, "a", qos: 1, id: 1, properties: Property.topicAlias(1))
        )
        try inside.expect(Wire.puback(1, 0x90))
        inside.send(Wire.publish(.v5, "", "b", qos: 1, id: 2, properties: Property.topicAlias(1)))
        try inside.expect(Wire.puback(2, 0x90))
        try Self.expectAlive(broker)
    }

    @Test(
        "A filter that leaves no room for the mount point is refused, the others are not",
        arguments: [65_533, 65_534, 65_535],
        Version.allCases
    )
    func mountedSubscribe(length: Int, version: Version) throws {
        let broker = try Broker.shared(Self.config, workers: 2)
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            version,
            port: broker.ports[1]
        )
        let filter = Self.name(length, startingWith: unique("f"))
        let other = unique("o")
        let fits = length + 2 <= Self.lengthMax
        let refusal: UInt8 =
            switch version {
            case .v3: 1
            case .v4: 0x80
            case .v5: 0x8F
            }
        // SUBSCRIBE of 5.0 may have 100,000 bytes, so there is room for both.
        client.send(Wire.subscribe(version, id: 7, [(filter, 1), (other, 1)]))
        try client.expect(Wire.suback(version, id: 7, [fits ? 1 : refusal, 1]))
        let publisher = try RawClient.connected(to: broker, port: broker.ports[1])
        if fits {
            publisher.publish(filter, "x")
            try client.expectPublish(filter, "x")
        }
        publisher.publish(other, "y")
        try client.expectPublish(other, "y")
        client.send(Wire.unsubscribe(version, id: 8, [filter, other]))
        try client.expect(Wire.unsuback(version, id: 8, [fits ? 0 : 0x11, 0]))
        try Self.expectAlive(broker)
    }

    @Test(
        "Share name, mount point and filter together are no longer than a filter can be",
        arguments: [65_533, 65_534, 65_535]
    )
    func mountedShare(length: Int) throws {
        let broker = try Broker.shared(Self.config, workers: 2)
        let client = try RawClient.connected(to: broker, unique("c"), .v5, port: broker.ports[1])
        let filter = Self.name(length, startingWith: "$share/\(unique("g"))/t")
        client.send(Wire.subscribe(.v5, id: 7, [(filter, 1)]))
        try client.expect(Wire.suback(.v5, id: 7, [length + 2 <= Self.lengthMax ? 1 : 0x8F]))
        try Self.expectAlive(broker)
    }

    @Test(
        "A will topic that leaves no room for the mount point closes the connection",
        arguments: [65_533, 65_534, 65_535],
        [Version.v4, .v5]
    )
    func mountedWill(length: Int, version: Version) throws {
        let broker = try Broker.shared(Self.config, workers: 2)
        let topic = Self.name(length, startingWith: unique("w"))
        let watcher = try RawClient.connected(to: broker)
        let fits = length + 2 <= Self.lengthMax
        if fits { try watcher.subscribe("m/" + topic) }
        let client = try RawClient(broker, port: broker.ports[1])
        client.send(Wire.connect(unique("c"), version, will: Will(topic, "gone")))
        guard fits else {
            try client.expectClosed()
            return try Self.expectAlive(broker)
        }
        _ = try client.readPacket()
        client.abort()
        try watcher.expectPublish("m/" + topic, "gone")
        try Self.expectAlive(broker)
    }

    @Test(
        "A $CONTROL topic without a handler is answered while /response has room behind it",
        arguments: [65_525, 65_526, 65_527, 65_535],
        [Version.v4, .v5]
    )
    func control(length: Int, version: Version) throws {
        let broker = try Broker.shared(Self.config, workers: 2)
        let topic = Self.name(length, startingWith: "$CONTROL/\(unique("x"))/")
        let client = try RawClient.connected(to: broker, unique("c"), version)
        client.send(Wire.publish(version, topic, "?", qos: 1, id: 5))
        if length + 9 <= Self.lengthMax {
            try client.expectPublish(
                topic + "/response",
                #"{"error": "endpoint not available"}"#
            )
        }
        try client.expect(Wire.puback(5))
        try client.expectSilence()
        try Self.expectAlive(broker)
    }

    @Test("A $CONTROL topic below a mount point is as long as both", arguments: [65_525, 65_535])
    func mountedControl(length: Int) throws {
        let config = Self.config.replacing("mount_point m/", with: "mount_point $CONTROL/")
        let broker = try Broker.shared(config, workers: 1)
        let topic = Self.name(length, startingWith: unique("x"))
        let client = try RawClient.connected(to: broker, unique("c"), .v5, port: broker.ports[1])
        client.send(Wire.publish(.v5, topic, "?", qos: 1, id: 5))
        // 65,525 and `$CONTROL/` fit, with `/response` they do not.
        try client.expect(Wire.puback(5, length + 9 <= Self.lengthMax ? 0 : 0x90))
        try client.expectSilence()
        try Self.expectAlive(broker)
    }

    @Test(
        "Properties at the limit arrive as they were sent",
        arguments: [65_534, 65_535],
        reactors
    )
    func properties(length: Int, workers: Int) throws {
        let broker = try Broker.shared(Self.config, workers: workers)
        let text = Self.name(length)
        let topic = unique("t")
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        try client.subscribe(topic)
        for properties in [
            Property.responseTopic(text), Property.contentType(text), Property.user(text, text),
            Property.correlationData(Bytes(repeating: 0, count: length)),
        ] {
            client.publish(topic, "x", properties: properties)
            try client.expectPublish(topic, "x", properties: properties)
        }
        try Self.expectAlive(broker)
    }

    // [MQTT-4.7.3-3] [MQTT311-4.7.3-3]
    @Test("A topic of full length goes out with an alias", arguments: [65_533, 65_534, 65_535])
    func outgoingAlias(length: Int) throws {
        let broker = try Broker.shared(Self.config, workers: 2)
        let topic = Self.name(length, startingWith: unique("t"))
        let client = try RawClient(broker)
        client.send(
            Wire.connect(unique("c"), .v5, properties: Property.topicAliasMaximum(2))
        )
        _ = try client.readPacket()
        client.speak(.v5)
        try client.subscribe(topic)
        client.publish(topic, "1")
        client.publish(topic, "2")
        try client.expectPublish(topic, "1", properties: Property.topicAlias(1))
        try client.expectPublish("", "2", properties: Property.topicAlias(1))
        try Self.expectAlive(broker)
    }

    // [MQTT-4.7.3-4] [MQTT-3.10.4-1] [MQTT311-4.7.3-4] [MQTT311-3.10.4-1]
    @Test("Names of the same look and other bytes are other names", arguments: reactors)
    func normalization(workers: Int) throws {
        let broker = try Broker.shared(Self.config, workers: workers)
        let id = unique("c")
        // One letter in one scalar, and the same in two.
        let first = try RawClient.connected(to: broker, id + "\u{E9}", .v5)
        let second = try RawClient.connected(to: broker, id + "e\u{301}", .v5)
        try first.expectSilence()
        try second.expectSilence()
    }
}
