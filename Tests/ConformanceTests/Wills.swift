// SPDX-License-Identifier: Apache-2.0
// Will messages: when they are sent, when not, delays, properties, refusals.

import Glibc
import TestSupport
import Testing

@Suite("Will messages")
struct Wills {
    /// A watcher subscribed to a topic of its own at QoS 2.
    static func watch(_ broker: Broker) throws -> (RawClient, String) {
        let watcher = try RawClient.connected(to: broker, unique("w"), .v5)
        let topic = unique("will")
        try watcher.subscribe(topic, 2)
        return (watcher, topic)
    }

    /// A 5.0 client with a will that waits, and a session that does unless its expiry is nil.
    static func client(
        of broker: Broker,
        _ identifier: String = unique("c"),
        sessionExpiry: UInt32?,
        will: (topic: String, payload: String),
        delay: UInt32
    ) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            identifier,
            .v5,
            properties: sessionExpiry.map(Property.sessionExpiry) ?? [],
            will: Will(will.topic, will.payload, properties: Property.willDelay(delay))
        )
    }

    // [MQTT-3.1.2-7] [MQTT-4.13.1-1] [MQTT311-3.1.2-8]
    @Test(
        "[MQTT-3.1.2-8] A lost connection publishes the will",
        arguments: Version.allCases,
        reactors
    )
    func lost(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        for qos in UInt8(0)...2 {
            let client = try RawClient.connected(
                to: broker,
                unique("c"),
                version,
                will: Will(topic, "m\(qos)", qos: qos)
            )
            client.abort()
            try watcher.expectPublish(topic, "m\(qos)", qos: qos, id: Int(qos))
            if qos == 1 { watcher.send(Wire.puback(1)) }
        }
    }

    @Test("A half-closed connection publishes the will", arguments: reactors)
    func halfClosed(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let client = try RawClient.connected(to: broker, will: Will(topic, ""))
        client.shutdownWriting()
        try watcher.expectPublish(topic, "")
        try client.expectClosed()
    }

    // [MQTT311-3.1.2-10] [MQTT311-3.1.2-12] [MQTT311-3.14.4-3]
    @Test(
        "[MQTT-3.1.2-10] DISCONNECT discards the will for good",
        arguments: Version.allCases,
        reactors
    )
    func discarded(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let id = unique("c")
        for _ in 0..<3 {
            let client = try RawClient.connected(to: broker, id, version, will: Will(topic, "no"))
            try client.disconnect()
        }
        let last = try RawClient.connected(to: broker, id, version)
        try watcher.expectNothing(from: last)
    }

    // [MQTT-3.1.2-15] [MQTT311-3.1.2-17]
    @Test("[MQTT-3.1.2-14] A retained will is retained", arguments: reactors)
    func retained(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let client = try RawClient.connected(to: broker, will: Will(topic, "m", retain: true))
        client.abort()
        try watcher.expectPublish(topic, "m")
        let late = try RawClient.connected(to: broker)
        try late.subscribe(topic)
        try late.expectPublish(topic, "m", retain: true)
    }

    // [MQTT-3.1.2-8] [MQTT311-3.1.2-8]
    @Test(
        "Protocol errors publish the will",
        arguments: ["00", "30 00", "C1 00", "82 00"],
        reactors
    )
    func protocolError(bytes: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let client = try RawClient.connected(to: broker, unique("c"), .v5, will: Will(topic, "m"))
        client.send(bytes)
        try watcher.expectPublish(topic, "m")
    }

    // [MQTT-3.1.3-10]
    @Test(
        "[MQTT-3.1.3.2] Will properties keep their order, the delay is taken out",
        arguments: reactors
    )
    func properties(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let before = Property.user("b", "1") + Property.contentType("c")
        let after =
            Property.payloadFormat(1) + Property.user("a", "2") + Property.correlationData([7])
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            will: Will(topic, "m", properties: before + Property.willDelay(0) + after)
        )
        client.abort()
        try watcher.expectPublish(topic, "m", properties: before + after)
    }

    @Test(
        "[MQTT-3.1.2-8] A will does not wait for its delay when the session ends",
        arguments: reactors
    )
    func delayedBeyondSession(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let will = Will(topic, "m", properties: Property.willDelay(20))
        let lost = try RawClient.connected(to: broker, unique("c"), .v5, will: will)
        lost.abort()
        try watcher.expectPublish(topic, "m", seconds: 3)
        let left = try RawClient.connected(to: broker, unique("c"), .v5, will: will)
        left.sendRaw([0xE0, 1, 4])
        try watcher.expectPublish(topic, "m", seconds: 3)
        // The session expiry interval of DISCONNECT counts.
        let shortened = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            properties: Property.sessionExpiry(100),
            will: will
        )
        shortened.sendRaw([0xE0, 7, 4, 5, 0x11, 0, 0, 0, 0])
        try watcher.expectPublish(topic, "m", seconds: 3)
    }

    @Test(
        "[MQTT-3.1.2-8] A take-over that ends the session sends the will at once",
        arguments: [true, false],
        reactors
    )
    func takenOver(isCleanStart: Bool, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let identifier = unique("c")
        let first = try Self.client(
            of: broker,
            identifier,
            sessionExpiry: isCleanStart ? 100 : nil,
            will: (topic, "m"),
            delay: 20
        )
        let second = try RawClient(broker)
        second.sendRaw(Wire.connect(identifier, .v5, clean: isCleanStart))
        try watcher.expectPublish(topic, "m", seconds: 3)
        first.abort()
        second.abort()
    }

    @Test(
        "[MQTT-3.14.4-3] Only a normal disconnection takes the will back",
        arguments: [UInt8(0x80), 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x97, 0xFF],
        reactors
    )
    func errors(code: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let client = try RawClient.connected(to: broker, unique("c"), .v5, will: Will(topic, "m"))
        client.sendRaw([0xE0, 1, code])
        try watcher.expectPublish(topic, "m", seconds: 3)
    }

    // [MQTT-3.1.2-8] [MQTT-3.1.2-10]
    @Test("[MQTT-3.1.3-9] A delayed will comes after its delay, and not later", arguments: reactors)
    func delayed(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let client = try Self.client(
            of: broker,
            sessionExpiry: 1000,
            will: (topic, "m"),
            delay: 3
        )
        let start = ContinuousClock.now
        client.abort()
        try watcher.expectPublish(topic, "m", seconds: 8)
        let waited = ContinuousClock.now - start
        #expect(waited > .milliseconds(2990) && waited < .milliseconds(3900))
    }

    @Test(
        "[MQTT-3.1.2-8] A shorter session expiry sends a delayed will earlier",
        arguments: reactors
    )
    func sessionFirst(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let client = try Self.client(
            of: broker,
            sessionExpiry: 1,
            will: (topic, "m"),
            delay: 60
        )
        client.abort()
        try watcher.expectPublish(topic, "m", seconds: 5)
    }

    @Test(
        "[MQTT-3.1.3-9] Coming back in time cancels a delayed will",
        arguments: [true, false],
        reactors
    )
    func cancelled(clean: Bool, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let id = unique("c")
        let start = ContinuousClock.now
        let client = try Self.client(
            of: broker,
            id,
            sessionExpiry: 100,
            will: (topic, "m"),
            delay: 1
        )
        client.abort()
        let again = try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: clean,
            properties: Property.sessionExpiry(100),
            sessionPresent: !clean
        )
        while ContinuousClock.now - start < .seconds(3) { _ = again.nextPacket(seconds: 0.2) }
        try watcher.expectNothing(from: again)
    }

    @Test(
        "Delayed wills come in the order they are due, not in that of their delays",
        arguments: reactors
    )
    func dueOrder(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        func vanish(_ payload: String, delay: UInt32) throws {
            let client = try Self.client(
                of: broker,
                sessionExpiry: 100,
                will: (topic, payload),
                delay: delay
            )
            client.abort()
        }
        try vanish("second", delay: 3)
        try vanish("first", delay: 1)
        try watcher.expectPublish(topic, "first", seconds: 4)
        try vanish("third", delay: 4)
        try watcher.expectPublish(topic, "second", seconds: 5)
        try watcher.expectPublish(topic, "third", seconds: 6)
    }

    // MARK: Take-over

    struct Takeover: Sendable, CustomTestStringConvertible {
        let version: Version
        let oldClean: Bool
        let newClean: Bool
        /// Whether the old session survives its connection by itself.
        let durable: Bool
        let isSent: Bool
        var testDescription: String {
            "\(version) old \(oldClean ? "clean" : "kept") new \(newClean ? "clean" : "kept") durable \(durable)"
        }
    }

    static let takeovers: [Takeover] = [
        Takeover(version: .v4, oldClean: true, newClean: true, durable: false, isSent: true),
        Takeover(version: .v4, oldClean: true, newClean: false, durable: false, isSent: true),
        Takeover(version: .v4, oldClean: false, newClean: true, durable: true, isSent: true),
        Takeover(version: .v4, oldClean: false, newClean: false, durable: true, isSent: false),
        Takeover(version: .v5, oldClean: true, newClean: true, durable: false, isSent: true),
        Takeover(version: .v5, oldClean: true, newClean: false, durable: false, isSent: true),
        Takeover(version: .v5, oldClean: true, newClean: true, durable: true, isSent: true),
        Takeover(version: .v5, oldClean: false, newClean: false, durable: true, isSent: false),
    ]

    // [MQTT-3.1.2-8] [MQTT-3.1.4-3] [MQTT311-3.1.2-8] [MQTT311-3.1.4-2]
    @Test("A take-over sends the old will if the old session ends", arguments: takeovers, reactors)
    func takeover(row: Takeover, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (watcher, topic) = try Self.watch(broker)
        let id = unique("c")
        let properties = row.version == .v5 && row.durable ? Property.sessionExpiry(100) : []
        let old = try RawClient.connected(
            to: broker,
            id,
            row.version,
            clean: row.oldClean,
            properties: properties,
            will: Will(topic, "old")
        )
        let new = try RawClient.connected(
            to: broker,
            id,
            row.version,
            clean: row.newClean,
            properties: properties,
            sessionPresent: row.durable && !row.newClean
        )
        try old.expectClosed(after: row.version == .v5 ? hex("E0 01 8E") : [])
        if row.isSent { try watcher.expectPublish(topic, "old") }
        try watcher.expectNothing(from: new)
    }

    // MARK: Refusals

    @Test("A will to $CONTROL is refused by closing", arguments: [Version.v4, .v5], reactors)
    func control(version: Version, workers: Int) throws {
        let client = try RawClient(Broker.shared(workers: workers))
        client.send(
            Wire.connect(unique("c"), version, will: Will("$CONTROL/dynamic-security/v1", "{}"))
        )
        try client.expectClosed()
    }

    @Test("A will to $SYS is never published", arguments: reactors)
    func system(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let watcher = try RawClient.connected(to: broker)
        let topic = "$SYS/" + unique("will")
        try watcher.subscribe(topic)
        let client = try RawClient.connected(to: broker, unique("c"), will: Will(topic, "no"))
        client.abort()
        let later = try RawClient.connected(to: broker)
        try watcher.expectNothing(from: later)
    }

    @Test("A will payload over message_size_limit is refused", arguments: reactors)
    func tooLarge(workers: Int) throws {
        let broker = try Broker.shared("message_size_limit 1\n" + Broker.plain, workers: workers)
        for (version, answer) in [(Version.v4, "20 02 00 05"), (.v5, "20 03 00 95 00")] {
            let client = try RawClient(broker)
            client.send(Wire.connect(unique("c"), version, will: Will("w", "xx")))
            try client.expectClosed(after: hex(answer))
        }
    }

    @Test("Stopping the broker publishes all wills, delayed ones too", arguments: reactors)
    func shutdown(workers: Int) throws {
        let broker = try Broker(workers: workers)
        let watcher = try RawClient.connected(to: broker, "w", .v5)
        try watcher.subscribe("w/#")
        let delay = Property.willDelay(1000)
        let client = try RawClient.connected(
            to: broker,
            "c",
            .v5,
            will: Will("w/1", "m", properties: delay)
        )
        let gone = try RawClient.connected(
            to: broker,
            "g",
            .v5,
            properties: Property.sessionExpiry(1000),
            will: Will("w/2", "m", properties: delay)
        )
        gone.abort()
        try broker.waitForLog(containing: "Client g [")
        broker.process.signal(SIGTERM)
        try watcher.expect(inAnyOrder: [
            Wire.publish(.v5, "w/1", "m"), Wire.publish(.v5, "w/2", "m"),
        ])
        try watcher.expectClosed()
        try client.expectClosed()
        #expect(broker.process.wait(seconds: 10)?.status == 0)
    }

    @Test("Wills work with per_listener_settings", arguments: reactors)
    func perListener(workers: Int) throws {
        let broker = try Broker.shared(
            "per_listener_settings true\n" + Broker.plain,
            workers: workers
        )
        let (watcher, topic) = try Self.watch(broker)
        let client = try RawClient.connected(to: broker, will: Will(topic, "m"))
        client.abort()
        try watcher.expectPublish(topic, "m")
    }
}
