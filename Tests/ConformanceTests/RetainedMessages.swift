// SPDX-License-Identifier: Apache-2.0
// Retained messages: storing, clearing, order, flags, handling options, expiry.

import Glibc
import TestSupport
import Testing

@Suite("Retained messages")
struct RetainedMessages {
    // [MQTT-3.3.1-9] [MQTT311-3.3.1-5] [MQTT311-3.3.1-6] [MQTT311-3.3.1-8]
    @Test(
        "[MQTT-3.3.1-5] A retained message greets new subscribers",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func greets(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let publisher = try RawClient.connected(to: broker)
        let topic = unique("t")
        switch qos {
        case 0: publisher.publish(topic, "m", retain: true)
        case 1: try publisher.publish1(topic, "m", retain: true)
        default: try publisher.publish2(topic, "m", retain: true)
        }
        try publisher.expectSilence()
        for granted in UInt8(0)...2 {
            let client = try RawClient.connected(to: broker, unique("c"), .v5)
            try client.subscribe(topic, granted)
            let effective = min(qos, granted)
            try client.expectPublish(
                topic,
                "m",
                qos: effective,
                id: effective == 0 ? 0 : 1,
                retain: true
            )
            try client.expectSilence()
        }
        publisher.publish(topic, "", retain: true)
        try publisher.expectSilence()
        let late = try RawClient.connected(to: broker)
        try late.subscribe(topic, 1)
        try late.expectSilence()
    }

    // [MQTT311-3.3.1-9]
    @Test("[MQTT-3.3.1-12] To those already subscribed it comes with retain 0", arguments: reactors)
    func live(workers: Int) throws {
        let client = try RawClient.connected(to: Broker.shared(workers: workers))
        let topic = unique("t")
        try client.subscribe(topic)
        client.publish(topic, "a", retain: true)
        client.publish(topic, "", retain: true)
        try client.expectPublish(topic, "a")
        try client.expectPublish(topic, "")
    }

    @Test("[MQTT-3.3.1-5] The latest message replaces the one before", arguments: reactors)
    func replaced(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let publisher = try RawClient.connected(to: broker, unique("c"), .v5)
        let topic = unique("t")
        for number in 1...50 { publisher.publish(topic, "\(number)", retain: true) }
        publisher.publish(topic, "not retained")
        try publisher.expectSilence()
        let client = try RawClient.connected(to: broker)
        try client.subscribe(topic)
        try client.expectPublish(topic, "50", retain: true)
        try client.expectSilence()
    }

    @Test(
        "Parents come before children; clearing inner nodes leaves the others",
        arguments: reactors
    )
    func tree(workers: Int) throws {
        let broker = try Broker("sys_interval 0\n" + Broker.plain, workers: workers)
        let client = try RawClient.connected(to: broker)
        for topic in ["1/2/3/4/5/6/7", "1/2/3/4", "1"] {
            client.publish(topic, topic, retain: true)
        }
        try client.subscribe("#")
        for topic in ["1", "1/2/3/4", "1/2/3/4/5/6/7"] {
            try client.expectPublish(topic, topic, retain: true)
        }
        client.send(Wire.unsubscribe(.v4, id: 2, ["#"]))
        try client.expect(Wire.unsuback(.v4, id: 2))
        client.publish("1/2/3/4", "", retain: true)
        try client.subscribe("#")
        for topic in ["1", "1/2/3/4/5/6/7"] { try client.expectPublish(topic, topic, retain: true) }
        try client.expectSilence()
    }

    // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]
    @Test(
        "[MQTT-3.3.1-9, -10, -11] Retain handling 0 always, 1 if new, 2 never",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func handling(value: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        let topic = unique("t")
        client.publish(topic, "m", retain: true)
        for round in 0..<3 {
            try client.subscribe(topic, value << 4)
            if value == 0 || (value == 1 && round == 0) {
                try client.expectPublish(topic, "m", retain: true)
            }
            try client.expectSilence()
        }
        client.send(Wire.unsubscribe(.v5, id: 2, [topic]))
        try client.expect(Wire.unsuback(.v5, id: 2))
        try client.subscribe(topic, value << 4)
        if value < 2 { try client.expectPublish(topic, "m", retain: true) }
        try client.expectSilence()
    }

    @Test("Several filters in one SUBSCRIBE give one copy each, after SUBACK", arguments: reactors)
    func copies(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        let stem = unique("t")
        client.publish("\(stem)/a", "m", retain: true)
        client.send(
            Wire.subscribe(
                .v5,
                [("\(stem)/a", 0), ("\(stem)/+", 0), ("$share/g/\(stem)/#", 0)],
                properties: Property.subscriptionIdentifier(5)
            )
        )
        try client.expect(Wire.suback(.v5, [0, 0, 0]))
        for _ in 0..<2 {
            try client.expectPublish(
                "\(stem)/a",
                "m",
                retain: true,
                properties: Property.subscriptionIdentifier(5)
            )
        }
        try client.expectSilence()
    }

    @Test("[MQTT-3.3.2-5] An expired retained message is gone", arguments: reactors)
    func expiry(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let publisher = try RawClient.connected(to: broker, unique("c"), .v5)
        let (short, long) = (unique("t"), unique("t"))
        let start = ContinuousClock.now
        publisher.publish(short, "m", retain: true, properties: Property.messageExpiry(1))
        publisher.publish(long, "m", retain: true, properties: Property.messageExpiry(1000))
        try publisher.expectSilence()
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        // Asks again and again; every PINGRESP is an event, and time goes by.
        while ContinuousClock.now - start < .milliseconds(2200) {
            _ = client.nextPacket(seconds: 0.1)
        }
        try client.subscribe(short)
        try client.expectSilence()
        try client.subscribe(long)
        let packet = try client.readPacket()
        let remaining = (994...998).map {
            Wire.publish(.v5, long, "m", retain: true, properties: Property.messageExpiry($0))
        }
        #expect(remaining.contains(packet), "\(hexText(packet))")
    }

    @Test("Properties are kept with a retained message", arguments: reactors)
    func properties(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let publisher = try RawClient.connected(to: broker, unique("c"), .v5)
        let topic = unique("t")
        let list =
            Property.user("a", "b") + Property.contentType("c") + Property.correlationData([9])
        publisher.publish(topic, "m", retain: true, properties: Property.topicAlias(1) + list)
        try publisher.expectSilence()
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        try client.subscribe(topic)
        try client.expectPublish(topic, "m", retain: true, properties: list)
    }

    @Test("A thousand retained messages greet a wildcard", arguments: reactors)
    func many(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let publisher = try RawClient.connected(to: broker)
        let stem = unique("t")
        var expected: Set<Bytes> = []
        for number in 0..<1000 {
            publisher.publish("\(stem)/\(number % 10)/\(number)", "\(number)", retain: true)
            expected.insert(
                Wire.publish(.v4, "\(stem)/\(number % 10)/\(number)", "\(number)", retain: true)
            )
        }
        try publisher.expectSilence()
        let client = try RawClient.connected(to: broker)
        try client.subscribe("\(stem)/+/+")
        for _ in 0..<1000 { #expect(expected.remove(try client.readPacket()) != nil) }
        #expect(expected.isEmpty)
        try client.expectSilence()
    }

    @Test(
        "check_retain_source withholds what its publisher may no longer write",
        arguments: reactors
    )
    func source(workers: Int) throws {
        let broker = try Broker(
            """
            check_retain_source true
            listener %PORT% 127.0.0.1
            allow_anonymous true
            acl_file %DIR%/acl
            log_type all

            """,
            workers: workers,
            files: ["acl": "topic readwrite #\n"]
        )
        let publisher = try RawClient.connected(to: broker, "p", .v5)
        try publisher.publish1("kept/a", "m", retain: true, reason: 0x10)
        try publisher.publish1("lost/a", "m", id: 2, retain: true, reason: 0x10)
        try CommandLine.write(
            "topic read #\ntopic write kept/#\n",
            to: broker.directory + "/acl"
        )
        let mark = broker.logMark
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "Reloading config.", from: mark)
        let client = try RawClient.connected(to: broker, "s", .v5)
        // The reload is complete when a write is refused.
        for id in 1... {
            client.send(Wire.publish(.v5, "lost/b", "m", qos: 1, id: id))
            if try client.readPacket() == Wire.puback(id, 0x87) { break }
            try #require(id < 1000)
        }
        try client.subscribe("#")
        try client.expectPublish("kept/a", "m", retain: true)
        try client.expectSilence()
    }
}
