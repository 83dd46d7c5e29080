// SPDX-License-Identifier: Apache-2.0
// Publishing: pattern matching, interrupted exchanges, forbidden topics, limits on QoS and retain.

import TestSupport
import Testing

@Suite("Publishing and matching")
struct PublishingAndMatching {
    struct Pattern: Sendable, CustomTestStringConvertible {
        let filter: String
        let topic: String
        let matches: Bool
        var testDescription: String {
            "\(filter) \(matches ? "matches" : "does not match") \(topic)"
        }
        init(_ filter: String, _ topic: String, _ matches: Bool = true) {
            self.filter = filter
            self.topic = topic
            self.matches = matches
        }
    }

    /// `%` stands for a level no other test uses.
    static let patterns: [Pattern] = [
        Pattern("%/bar", "%/bar"), Pattern("%/#", "%"), Pattern("%/#", "%/"), Pattern("%/#", "%/a"),
        Pattern("%/#", "%/a/b"), Pattern("%/+", "%/a"), Pattern("%/+", "%/"),
        Pattern("%/+", "%", false),
        Pattern("%/+", "%/a/b", false), Pattern("%/+/baz", "%/bar/baz"), Pattern("%/+/+", "%/a/b"),
        Pattern("%/+/+", "%/a", false), Pattern("%/+/#", "%/a"), Pattern("%/+/#", "%/a/b/c"),
        Pattern("%/+/#", "%", false), Pattern("+/%/#", "a/%/b"), Pattern("+/%", "/%"),
        Pattern("/%", "/%"), Pattern("/%", "%", false), Pattern("%/", "%", false),
        Pattern("%//x", "%//x"), Pattern("%/+/x", "%//x"), Pattern("%/#", "%//"),
        Pattern("%/a/+/c/#", "%/a/b/c"), Pattern("%/a/+/c/#", "%/a/b/d", false),
        Pattern("%/A", "%/a", false), Pattern("$other/%/#", "$other/%/a"),
        Pattern("+/%/a", "$other/%/a", false),
        Pattern("%/\u{E4}/+", "%/\u{E4}/x"),
    ]

    // [MQTT-3.3.2-3] [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT311-3.3.2-3] [MQTT311-3.8.3-2]
    // [MQTT311-4.7.1-2] [MQTT311-4.7.1-3]
    @Test(
        "[MQTT-4.7] Filters match live (retain 0) and on subscribing (retain 1)",
        arguments: patterns,
        reactors
    )
    func pattern(pattern: Pattern, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let level = unique("t")
        let filter = pattern.filter.replacing("%", with: level)
        let topic = pattern.topic.replacing("%", with: level)
        let client = try RawClient.connected(to: broker)
        let publisher = try RawClient.connected(to: broker)
        try client.subscribe(filter)
        publisher.publish(topic, "m", retain: true)
        if pattern.matches { try client.expectPublish(topic, "m") }
        try client.expectNothing(from: publisher)
        client.send(Wire.subscribe(.v4, id: 5, [(filter, 0)]))
        try client.expect(Wire.suback(.v4, id: 5, [0]))
        if pattern.matches { try client.expectPublish(topic, "m", retain: true) }
        try client.expectSilence()
        publisher.publish(topic, "", retain: true)
        try publisher.expectSilence()
    }

    // [MQTT311-4.7.2-1]
    @Test("[MQTT-4.7.2-1] # and + do not match topics beginning with $", arguments: reactors)
    func dollar(workers: Int) throws {
        let broker = try Broker("sys_interval 0\n" + Broker.plain, workers: workers)
        let client = try RawClient.connected(to: broker)
        try client.subscribe("#")
        try client.subscribe("+/a", id: 2)
        client.publish("$x/a", "no", retain: true)
        client.publish("x", "yes")
        try client.expectPublish("x", "yes")
        try client.expectSilence()
        client.send(Wire.subscribe(.v4, id: 3, [("$x/#", 0)]))
        try client.expect(Wire.suback(.v4, id: 3, [0]))
        try client.expectPublish("$x/a", "no", retain: true)
    }

    // MARK: Interrupted exchanges

    static let session = Property.sessionExpiry(1000)

    /// Connects a durable client, new or resuming.
    static func durable(
        _ broker: Broker,
        _ id: String,
        _ version: Version,
        resumes: Bool
    ) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            id,
            version,
            clean: false,
            properties: version == .v5 ? session : [],
            sessionPresent: resumes && version != .v3
        )
    }

    // [MQTT-3.3.1-1] [MQTT-4.3.2-3] [MQTT311-3.3.1-1] [MQTT311-4.3.2-1] [MQTT311-4.4.0-1]
    @Test(
        "[MQTT-4.4.0-1] An unacknowledged QoS 1 delivery comes again with DUP",
        arguments: Version.allCases,
        reactors
    )
    func interrupted1(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        var client = try Self.durable(broker, id, version, resumes: false)
        try client.subscribe(topic, 1)
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish1(topic, "m")
        try client.expectPublish(topic, "m", qos: 1, id: 1)
        for _ in 0..<2 {
            client.abort()
            client = try Self.durable(broker, id, version, resumes: true)
            try client.expectPublish(topic, "m", qos: 1, id: 1, dup: true)
        }
        client.send(Wire.puback(1))
        try client.expectSilence()
        try client.disconnect()
        client = try Self.durable(broker, id, version, resumes: true)
        try client.expectSilence()
        try publisher.publish1(topic, "next", id: 2)
        try client.expectPublish(topic, "next", qos: 1, id: 2)
    }

    // [MQTT-2.2.1-5] [MQTT-3.3.1-1] [MQTT-4.3.3-3] [MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-4.3.3-6]
    // [MQTT311-4.3.3-1] [MQTT311-4.4.0-1] [MQTT311-2.3.1-6]
    @Test(
        "[MQTT-4.4.0-1] A QoS 2 delivery goes on where it stopped",
        arguments: Version.allCases,
        reactors
    )
    func interrupted2(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        var client = try Self.durable(broker, id, version, resumes: false)
        try client.subscribe(topic, 2)
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish2(topic, "m")
        try client.expectPublish(topic, "m", qos: 2, id: 1)
        client.abort()
        client = try Self.durable(broker, id, version, resumes: true)
        try client.expectPublish(topic, "m", qos: 2, id: 1, dup: true)
        client.send(Wire.pubrec(1))
        try client.expect(Wire.pubrel(1))
        for _ in 0..<2 {
            client.abort()
            client = try Self.durable(broker, id, version, resumes: true)
            try client.expect(Wire.pubrel(1))
        }
        client.send(Wire.pubcomp(1))
        try client.expectSilence()
        try client.disconnect()
        try Self.durable(broker, id, version, resumes: true).expectSilence()
    }

    // [MQTT-4.6.0-1] [MQTT-4.6.0-4] [MQTT311-4.6.0-6]
    @Test(
        "[MQTT-4.4.0-1] Several interrupted deliveries come again in their order",
        arguments: reactors
    )
    func interruptedMany(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        var client = try Self.durable(broker, id, .v5, resumes: false)
        try client.subscribe(topic, 2)
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish2(topic, "1", id: 1)
        try publisher.publish1(topic, "2", id: 2)
        try publisher.publish2(topic, "3", id: 3)
        try client.expectPublish(topic, "1", qos: 2, id: 1)
        try client.expectPublish(topic, "2", qos: 1, id: 2)
        try client.expectPublish(topic, "3", qos: 2, id: 3)
        client.send(Wire.pubrec(1))
        try client.expect(Wire.pubrel(1))
        client.abort()
        try broker.waitForLog(containing: "Client \(id) [")
        try publisher.publish1(topic, "4", id: 4)
        client = try Self.durable(broker, id, .v5, resumes: true)
        try client.expect(Wire.pubrel(1))
        try client.expectPublish(topic, "2", qos: 1, id: 2, dup: true)
        try client.expectPublish(topic, "3", qos: 2, id: 3, dup: true)
        try client.expectPublish(topic, "4", qos: 1, id: 4)
        try client.expectSilence()
    }

    // [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT311-4.3.3-2]
    @Test(
        "[MQTT-4.3.3] An interrupted QoS 2 publication is published once",
        arguments: Version.allCases,
        reactors
    )
    func inbound(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        var client = try Self.durable(broker, id, version, resumes: false)
        client.send(Wire.publish(version, topic, "m", qos: 2, id: 7))
        try client.expect(Wire.pubrec(7))
        client.abort()
        client = try Self.durable(broker, id, version, resumes: true)
        client.send(Wire.publish(version, topic, "m", qos: 2, id: 7, dup: true))
        try client.expect(Wire.pubrec(7))
        client.send(version == .v3 ? hex("6A 02 00 07") : Wire.pubrel(7))
        try client.expect(Wire.pubcomp(7))
        client.abort()
        client = try Self.durable(broker, id, version, resumes: true)
        client.send(Wire.pubrel(7))
        try client.expect(Wire.pubcomp(7))
        try watcher.expectPublish(topic, "m")
        try watcher.expectNothing(from: client)
    }

    @Test(
        "A QoS 1 publication takes an identifier from an unreleased QoS 2 one",
        arguments: Version.allCases,
        reactors
    )
    func reused(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (id, topic) = (unique("c"), unique("t"))
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let client = try RawClient.connected(to: broker, id, version)
        client.send(Wire.publish(version, topic, "dropped", qos: 2, id: 7))
        try client.expect(Wire.pubrec(7))
        client.send(Wire.publish(version, topic, "kept", qos: 2, id: 8))
        try client.expect(Wire.pubrec(8))
        try client.publish1(topic, "one", id: 7)
        try broker.waitForLog(
            exactly: "Reused message ID 7 from \(id) detected. Clearing from storage."
        )
        for identifier in [7, 8] {
            client.send(Wire.pubrel(identifier))
            try client.expect(Wire.pubcomp(identifier))
        }
        try watcher.expectPublish(topic, "one")
        try watcher.expectPublish(topic, "kept")
        try watcher.expectNothing(from: client)
    }

    // [MQTT311-3.3.1-3]
    @Test("[MQTT-3.3.1-3] The DUP flag of a publisher is not passed on", arguments: reactors)
    func dupNotPropagated(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker)
        let publisher = try RawClient.connected(to: broker)
        let topic = unique("t")
        try client.subscribe(topic, 1)
        publisher.send(Wire.publish(.v4, topic, "m", qos: 1, id: 4, dup: true))
        try publisher.expect(Wire.puback(4))
        try client.expectPublish(topic, "m", qos: 1, id: 1)
    }

    // MARK: Forbidden topics

    static let topics: [(String, Bool)] = [
        ("$SYS/broker/uptime", false), ("$SYS/broker/connection/me", false), ("$SYS", false),
        ("$SYS/broker/connection/me/state", true), ("$SYS/broker/connection/a/b/state", false),
        ("$share/g/t", false), ("$share", false), ("$other/x", true), ("$sysx/x", true),
    ]

    // [MQTT311-3.3.5-2]
    @Test("Clients cannot write below $SYS and $share", arguments: 0..<topics.count, reactors)
    func forbidden(index: Int, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (topic, allowed) = Self.topics[index]
        let new = try RawClient.connected(to: broker, unique("c"), .v5)
        new.send(Wire.publish(.v5, topic, "x", qos: 1, id: 1))
        try new.expect(Wire.puback(1, allowed ? 0x10 : 0x87))
        new.send(Wire.publish(.v5, topic, "x", qos: 2, id: 2))
        try new.expect(Wire.pubrec(2, allowed ? 0 : 0x87))
        if allowed {
            new.send(Wire.pubrel(2))
            try new.expect(Wire.pubcomp(2))
        }
        new.publish(topic, "x")
        try new.expectSilence()
        let old = try RawClient.connected(to: broker)
        try old.publish1(topic, "x")
        try old.publish2(topic, "x", id: 2)
    }

    // MARK: Limits on QoS and retain

    static let limited = "retain_available false\n" + Broker.plain

    // [MQTT-3.2.2-9]
    @Test(
        "max_qos and retain_available are announced and enforced",
        arguments: ["max_qos", "maximum_qos"],
        reactors
    )
    func limits(option: String, workers: Int) throws {
        let broker = try Broker.shared(Self.limited + "\(option) 1\n", workers: workers)
        func connect(_ properties: Bytes = []) throws -> RawClient {
            let client = try RawClient(broker)
            client.send(Wire.connect(unique("c"), .v5))
            try client.expect("20 12 00 00 0F 22 00 0A 25 00 27 00 1E 84 80 21 00 14 24 01")
            client.speak(.v5)
            return client
        }
        let first = try connect()
        first.send(Wire.publish(.v5, "a", qos: 2, id: 1))
        try first.expectClosed(after: hex("E0 01 9B"))
        let second = try connect()
        second.publish("a", "x", retain: true)
        try second.expectClosed(after: hex("E0 01 9A"))
        let third = try connect()
        third.send(Wire.subscribe(.v5, id: 1, [("a", 2), ("b", 1), ("c", 0)]))
        try third.expect(Wire.suback(.v5, [1, 1, 0]))
        for bytes in [Wire.publish(.v4, "a", qos: 2, id: 1), Wire.publish(.v4, "a", retain: true)] {
            let old = try RawClient.connected(to: broker)
            old.send(bytes)
            try old.expectClosed()
        }
        let wills: [(Will, String)] = [(Will("w", qos: 2), "9B"), (Will("w", retain: true), "9A")]
        for (will, code) in wills {
            let new = try RawClient(broker)
            new.send(Wire.connect("w", .v5, will: will))
            try new.expectClosed(after: hex("20 05 00 \(code) 02 24 01"))
            let old = try RawClient(broker)
            old.send(Wire.connect("w", .v4, will: will))
            try old.expectClosed()
        }
    }

    @Test("max_inflight_messages 1 is announced, single exchanges complete", arguments: reactors)
    func inflight1(workers: Int) throws {
        let broker = try Broker.shared("max_inflight_messages 1\n" + Broker.plain, workers: workers)
        let client = try RawClient(broker)
        client.send(Wire.connect(unique("c"), .v5))
        try client.expect("20 0E 00 00 0B 22 00 0A 27 00 1E 84 80 21 00 01")
        client.speak(.v5)
        for id in 1...5 {
            try client.publish1("nobody/here", id: id, reason: 0x10)
            try client.publish2("nobody/here", id: id)
        }
    }
}
