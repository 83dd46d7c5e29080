// SPDX-License-Identifier: Apache-2.0
// Sessions: what is kept, for how long, and what take-over does to them.

import TestSupport
import Testing

@Suite("Sessions")
struct Sessions {
    static func open(
        _ broker: Broker,
        _ id: String,
        _ version: Version,
        clean: Bool = false,
        expiry: UInt32? = 1000,
        present: Bool = false,
        properties: Bytes = [],
        line: UInt = #line
    ) throws -> RawClient {
        let list =
            version == .v5 ? (expiry.map { Property.sessionExpiry($0) } ?? []) + properties : []
        return try RawClient.connected(
            to: broker,
            id,
            version,
            clean: clean,
            properties: list,
            sessionPresent: present && version != .v3,
            line: line
        )
    }

    // [MQTT-3.1.2-6] [MQTT-3.1.3-2] [MQTT-3.2.0-1] [MQTT-3.2.2-3] [MQTT-4.5.0-1] [MQTT311-3.1.2-4]
    // [MQTT311-3.1.2-5] [MQTT311-3.1.3-2] [MQTT311-3.2.0-1] [MQTT311-3.2.2-2] [MQTT311-3.2.2-3]
    // [MQTT311-4.1.0-1] [MQTT311-4.5.0-1]
    @Test(
        "[MQTT-3.1.2-5] A session keeps subscriptions and queued messages",
        arguments: Version.allCases,
        reactors
    )
    func kept(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let stem = unique("t")
        var client = try Self.open(broker, id, version)
        try client.subscribe("\(stem)/1", 1)
        try client.subscribe("\(stem)/2", 2, id: 2)
        try client.subscribe("$share/g/\(stem)/3", 1, id: 3)
        try client.disconnect()
        let publisher = try RawClient.connected(to: broker)
        publisher.publish("\(stem)/1", "qos 0 is not kept")
        try publisher.publish1("\(stem)/1", "a")
        try publisher.publish2("\(stem)/2", "b")
        try publisher.publish1("\(stem)/3", "c", id: 3)
        client = try Self.open(broker, id, version, present: true)
        try client.expectPublish("\(stem)/1", "a", qos: 1, id: 1)
        try client.expectPublish("\(stem)/2", "b", qos: 2, id: 2)
        try client.expectPublish("\(stem)/3", "c", qos: 1, id: 3)
        client.send(Wire.puback(1) + Wire.pubrec(2) + Wire.puback(3))
        try client.expect(Wire.pubrel(2))
        client.send(Wire.pubcomp(2))
        try publisher.publish1("\(stem)/1", "live", id: 4)
        try client.take1("\(stem)/1", "live", id: 4)
        try client.expectNothing(from: publisher)
    }

    // [MQTT-3.1.4-4] [MQTT311-3.1.2-6] [MQTT311-3.1.4-3]
    @Test("[MQTT-3.1.2-4] A clean start drops the session", arguments: Version.allCases, reactors)
    func cleanStart(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        var client = try Self.open(broker, id, version)
        try client.subscribe(topic, 1)
        try client.disconnect()
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish1(topic, "lost")
        client = try Self.open(broker, id, version, clean: true)
        try publisher.publish1(topic, "lost too", id: 2)
        try client.expectNothing(from: publisher)
        try client.subscribe(topic, 1)
        try publisher.publish1(topic, "new", id: 3)
        try client.take1(topic, "new", id: 1)
    }

    @Test(
        "[MQTT-3.1.2-23] Without an expiry interval a session ends with its connection",
        arguments: [UInt32?.none, 0],
        reactors
    )
    func noExpiry(expiry: UInt32?, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        var client = try Self.open(broker, id, .v5, expiry: expiry)
        try client.subscribe(topic, 1)
        try client.disconnect()
        client = try Self.open(broker, id, .v5, expiry: expiry)
        client.publish(topic, "x")
        try client.expectNothing(from: client)
    }

    // [MQTT-4.1.0-2]
    @Test(
        "[MQTT-3.1.2-23] Sessions expire a second or so after their interval",
        arguments: reactors
    )
    func expires(workers: Int) throws {
        let broker = try Broker(workers: workers)
        // The longest interval must not disturb the order of the others.
        let longest = try Self.open(broker, "longest", .v5, expiry: 4_294_967_294)
        try longest.disconnect()
        let never = try Self.open(broker, "never", .v5, expiry: 0xFFFF_FFFF)
        try never.disconnect()
        let short = try Self.open(broker, "short", .v5, expiry: 1)
        try short.disconnect()
        let changed = try Self.open(broker, "changed", .v5, expiry: 1)
        try changed.disconnect(0, properties: Property.sessionExpiry(3))
        let ended = try Self.open(broker, "ended", .v5, expiry: 1000)
        try ended.disconnect(0, properties: Property.sessionExpiry(0))
        let start = ContinuousClock.now
        try Self.open(broker, "ended", .v5, expiry: 0, present: false).disconnect()
        try broker.waitForLog(exactly: "Expiring client short due to timeout.")
        #expect(ContinuousClock.now - start < .milliseconds(3500))
        try Self.open(broker, "short", .v5, expiry: 0, present: false).disconnect()
        try broker.waitForLog(exactly: "Expiring client changed due to timeout.")
        #expect(ContinuousClock.now - start > .milliseconds(1900))
        #expect(ContinuousClock.now - start < .milliseconds(5500))
        try Self.open(broker, "longest", .v5, present: true).disconnect()
        try Self.open(broker, "never", .v5, present: true).disconnect()
    }

    @Test(
        "persistent_client_expiration limits every session",
        arguments: Version.allCases,
        reactors
    )
    func limited(version: Version, workers: Int) throws {
        let broker = try Broker.shared(
            "persistent_client_expiration 1s\n" + Broker.plain,
            workers: workers
        )
        let id = unique("c")
        let properties = version == .v5 ? Property.sessionExpiry(1000) : []
        for isAgain in [false, true] {
            let client = try RawClient(broker)
            client.send(Wire.connect(id, version, clean: false, properties: properties))
            let connack = try client.readPacket()
            #expect(connack[2...3] == [0, 0])
            try client.disconnect()
            if isAgain { break }
            try broker.waitForLog(exactly: "Expiring client \(id) due to timeout.")
        }
    }

    // [MQTT-4.1.0-1]
    @Test("Reconnecting stops the expiry", arguments: reactors)
    func stopsExpiry(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        let start = ContinuousClock.now
        var client = try Self.open(broker, id, .v5, expiry: 1)
        try client.subscribe(topic)
        try client.disconnect()
        client = try Self.open(broker, id, .v5, expiry: 1, present: true)
        while ContinuousClock.now - start < .seconds(3) { _ = client.nextPacket(seconds: 0.2) }
        client.publish(topic, "x")
        try client.expectPublish(topic, "x")
    }

    @Test("A session may be resumed in another version", arguments: reactors)
    func otherVersion(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        try withClient(Self.open(broker, id, .v4)) { try $0.subscribe(topic, 1) }
        let publisher = try RawClient.connected(to: broker, unique("c"), .v5)
        try publisher.publish1(topic, "m", properties: Property.user("a", "b"))
        let client = try Self.open(broker, id, .v5, present: true)
        try client.expectPublish(topic, "m", qos: 1, id: 1, properties: Property.user("a", "b"))
    }

    /// Runs `body` and leaves with DISCONNECT.
    func withClient(_ client: RawClient, _ body: (RawClient) throws -> Void) throws {
        try body(client)
        try client.disconnect()
    }

    // [MQTT311-3.1.4-2] [MQTT311-4.1.0-2]
    @Test(
        "[MQTT-3.1.4-3] A take-over keeps a durable session and its messages",
        arguments: [Version.v4, .v5],
        reactors
    )
    func takeOver(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        let first = try Self.open(broker, id, version)
        try first.subscribe(topic, 1)
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish1(topic, "m")
        try first.expectPublish(topic, "m", qos: 1, id: 1)
        let second = try Self.open(broker, id, version, present: true)
        try first.expectClosed(after: version == .v5 ? hex("E0 01 8E") : [])
        try second.expectPublish(topic, "m", qos: 1, id: 1, dup: true)
        second.send(Wire.puback(1))
        let third = try Self.open(broker, id, version, clean: true)
        try second.expectClosed(after: version == .v5 ? hex("E0 01 8E") : [])
        try publisher.publish1(topic, "nobody", id: 2)
        try third.expectNothing(from: publisher)
    }

    @Test(
        "[MQTT-3.3.2-5] Expired queued messages are dropped, their identifiers stay used",
        arguments: reactors
    )
    func queuedExpiry(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        try withClient(Self.open(broker, id, .v5)) { try $0.subscribe(topic, 2) }
        let publisher = try RawClient.connected(to: broker, unique("c"), .v5)
        let start = ContinuousClock.now
        try publisher.publish1(topic, "short", properties: Property.messageExpiry(1))
        try publisher.publish1(topic, "long", id: 2, properties: Property.messageExpiry(500))
        try publisher.publish2(topic, "ever", id: 3)
        while ContinuousClock.now - start < .milliseconds(2500) {
            _ = publisher.nextPacket(seconds: 0.2)
        }
        let client = try Self.open(broker, id, .v5, present: true)
        let packet = try client.readPacket()
        let candidates = (493...498).map {
            Wire.publish(.v5, topic, "long", qos: 1, id: 2, properties: Property.messageExpiry($0))
        }
        #expect(candidates.contains(packet), "\(hexText(packet))")
        try client.expectPublish(topic, "ever", qos: 2, id: 3)
    }

    @Test(
        "What a client sends before it closes is handled before it comes back",
        arguments: reactors
    )
    func lastWords(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let words = unique("words")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(words)
        // Nothing orders the end of one connection and the beginning of the next but time.
        for round in 1...100 {
            let client = try RawClient.connected(to: broker, id, will: Will(words, "will"))
            client.send(Wire.publish(.v4, words, "\(round)") + Wire.disconnect())
            client.shutdownWriting()
            _ = try RawClient.connected(to: broker, id)
            try watcher.expectPublish(words, "\(round)")
        }
        try watcher.expectNothing(from: watcher)
    }
}
