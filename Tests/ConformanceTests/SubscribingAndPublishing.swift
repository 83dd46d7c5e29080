// SPDX-License-Identifier: Apache-2.0
// Subscribing and publishing: QoS, aliases, limits, options, flow control.

import TestSupport
import Testing

@Suite("Subscribing and publishing")
struct SubscribingAndPublishing {
    static let levels: [(UInt8, UInt8)] = (UInt8(0)...2).flatMap { sent in
        (UInt8(0)...2).map { (sent, $0) }
    }

    // [MQTT-4.3.3-1] [MQTT-4.3.3-2] [MQTT311-3.8.4-6] [MQTT311-4.3.3-1]
    @Test("[MQTT-3.8.4-8] The QoS of a delivery is the smaller of both", arguments: 0..<9, reactors)
    func effectiveQoS(index: Int, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (sent, granted) = Self.levels[index]
        for version in Version.allCases {
            let client = try RawClient.connected(to: broker, unique("c"), version)
            let topic = unique("t")
            try client.subscribe(topic, granted)
            let publisher = try RawClient.connected(to: broker, unique("c"), version)
            switch sent {
            case 0: publisher.publish(topic, "m")
            case 1: try publisher.publish1(topic, "m")
            default: try publisher.publish2(topic, "m")
            }
            switch min(sent, granted) {
            case 0: try client.expectPublish(topic, "m")
            case 1: try client.take1(topic, "m", id: 1)
            default: try client.take2(topic, "m", id: 1)
            }
            try client.expectNothing(from: publisher)
        }
    }

    @Test("upgrade_outgoing_qos delivers at the QoS of the subscription", arguments: reactors)
    func upgrade(workers: Int) throws {
        let broker = try Broker.shared(
            "upgrade_outgoing_qos true\n" + Broker.plain,
            workers: workers
        )
        let client = try RawClient.connected(to: broker)
        let topic = unique("t")
        client.publish(topic, "kept", retain: true)
        try client.subscribe(topic, 1)
        try client.expectPublish(topic, "kept", qos: 1, id: 1, retain: true)
        client.publish(topic, "live")
        try client.expectPublish(topic, "live", qos: 1, id: 2)
    }

    // [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT311-2.3.1-4] [MQTT311-4.3.2-1]
    @Test(
        "Packet identifiers count 1, 2, 3, wrap to 1, and pass over those that are in use",
        arguments: reactors
    )
    func identifiers(workers: Int) throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let client = try RawClient.connected(to: broker)
        let publisher = try RawClient.connected(to: broker)
        let topic = unique("t")
        try client.subscribe(topic, 1)
        let batch = 257
        for round in 0..<255 {
            var bytes: Bytes = []
            for number in 1...batch { bytes += Wire.publish(.v4, topic, qos: 1, id: number) }
            publisher.send(bytes)
            for number in 1...batch {
                let id = round * batch + number
                try client.expectPublish(topic, qos: 1, id: id)
                if id != 2 { client.send(Wire.puback(id)) }
            }
            for number in 1...batch { try publisher.expect(Wire.puback(number)) }
        }
        for id in [1, 3] {
            try publisher.publish1(topic, "after", id: 1)
            try client.take1(topic, "after", id: id)
        }
    }

    // [MQTT-4.6.0-5] [MQTT-4.6.0-6] [MQTT311-4.6.0-5] [MQTT311-4.6.0-6]
    @Test(
        "Messages of one publisher keep their order at every QoS",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func order(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let clients = try (0..<4).map { _ in try RawClient.connected(to: broker) }
        for client in clients { try client.subscribe(topic, qos) }
        let publisher = try RawClient.connected(to: broker)
        let count = 200
        for number in 1...count {
            switch qos {
            case 0: publisher.publish(topic, "\(number)")
            case 1: try publisher.publish1(topic, "\(number)", id: number)
            default: try publisher.publish2(topic, "\(number)", id: number)
            }
            if number.isMultiple(of: 20) {
                for client in clients {
                    try Self.take((number - 19)...number, from: client, topic, qos)
                }
            }
        }
    }

    /// Takes deliveries whose payloads and identifiers are the numbers of a range.
    static func take(
        _ numbers: ClosedRange<Int>,
        from client: RawClient,
        _ topic: String,
        _ qos: UInt8
    ) throws {
        for number in numbers {
            try client.expectPublish(topic, "\(number)", qos: qos, id: qos == 0 ? 0 : number)
        }
        if qos == 1 { for number in numbers { client.send(Wire.puback(number)) } }
        guard qos == 2 else { return }
        for number in numbers { client.send(Wire.pubrec(number)) }
        for number in numbers { try client.expect(Wire.pubrel(number)) }
        for number in numbers { client.send(Wire.pubcomp(number)) }
    }

    // MARK: Topic aliases of the broker

    // [MQTT-3.3.2-8] [MQTT-3.3.2-11]
    @Test(
        "[MQTT-3.1.2-26] Outgoing aliases count up to the smaller maximum",
        arguments: [2, 10, 100],
        reactors
    )
    func outgoingAliases(maximum: Int, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            properties: Property.topicAliasMaximum(maximum)
        )
        let publisher = try RawClient.connected(to: broker)
        let stem = unique("t")
        try client.subscribe("\(stem)/#")
        let limit = min(maximum, 10)
        for number in 1...12 {
            publisher.publish("\(stem)/\(number)", "a")
            publisher.publish("\(stem)/\(number)", "b")
            let alias = number <= limit ? Property.topicAlias(number) : []
            try client.expectPublish("\(stem)/\(number)", "a", properties: alias)
            try client.expectPublish(
                number <= limit ? "" : "\(stem)/\(number)",
                "b",
                properties: alias
            )
        }
    }

    @Test("max_topic_alias_broker limits outgoing aliases", arguments: reactors)
    func aliasLimit(workers: Int) throws {
        let broker = try Broker.shared(
            Broker.plain + "max_topic_alias_broker 1\n",
            workers: workers
        )
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            properties: Property.topicAliasMaximum(5)
        )
        let stem = unique("t")
        try client.subscribe("\(stem)/#", properties: Property.subscriptionIdentifier(7))
        let identifier = Property.subscriptionIdentifier(7)
        for _ in 0..<2 {
            client.publish("\(stem)/1", "x")
            client.publish("\(stem)/2", "y")
        }
        try client.expectPublish("\(stem)/1", "x", properties: Property.topicAlias(1) + identifier)
        try client.expectPublish("\(stem)/2", "y", properties: identifier)
        try client.expectPublish("", "x", properties: Property.topicAlias(1) + identifier)
        try client.expectPublish("\(stem)/2", "y", properties: identifier)
    }

    @Test("[MQTT-3.3.2-7] Aliases are forgotten with the connection", arguments: reactors)
    func aliasesForgotten(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let session = Property.sessionExpiry(100)
        let topic = unique("t")
        var client = try RawClient.connected(
            to: broker,
            id,
            .v5,
            properties: session + Property.topicAliasMaximum(1)
        )
        try client.subscribe(topic)
        client.publish(topic, "1", properties: Property.topicAlias(1))
        try client.expectPublish(topic, "1", properties: Property.topicAlias(1))
        try client.disconnect()
        client = try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: false,
            properties: session + Property.topicAliasMaximum(1),
            sessionPresent: true
        )
        client.publish(topic, "2")
        try client.expectPublish(topic, "2", properties: Property.topicAlias(1))
        client.publish("", "3", properties: Property.topicAlias(1))
        try client.expectClosed(after: hex("E0 01 82"))
    }

    // MARK: Sizes

    @Test("message_size_limit drops larger payloads", arguments: reactors)
    func sizeLimit(workers: Int) throws {
        let broker = try Broker.shared("message_size_limit 1\n" + Broker.plain, workers: workers)
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic, 2)
        for version in [Version.v4, .v5] {
            let client = try RawClient.connected(to: broker, unique("c"), version)
            client.publish(topic, "xx")
            client.send(Wire.publish(version, topic, "xx", qos: 1, id: 1))
            try client.expect(version == .v5 ? Wire.puback(1, 0x95) : Wire.puback(1))
            client.send(Wire.publish(version, topic, "xx", qos: 2, id: 2))
            try client.expect(version == .v5 ? Wire.pubrec(2, 0x95) : Wire.pubrec(2))
            client.send(Wire.pubrel(2))
            try client.expect(Wire.pubcomp(2))
            try client.expectSilence()
            try client.publish1(topic, "y", id: 3)
            try watcher.take1(topic, "y", id: version == .v4 ? 1 : 2)
        }
    }

    // MARK: Subscription options

    @Test(
        "[MQTT-3.8.3-3] No-local keeps a client's own messages away",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func noLocal(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        let stem = unique("t")
        try client.subscribe("\(stem)/a", 0x04 | qos)
        try client.subscribe("\(stem)/b", qos, id: 2)
        client.publish("\(stem)/a", "own")
        client.publish("\(stem)/b", "own")
        try client.expectPublish("\(stem)/b", "own")
        let other = try RawClient.connected(to: broker)
        other.publish("\(stem)/a", "other")
        try client.expectPublish("\(stem)/a", "other")
    }

    @Test("[MQTT-3.3.1-12] Retain as published keeps the flag", arguments: reactors)
    func retainAsPublished(workers: Int) throws {
        let client = try RawClient.connected(to: Broker.shared(workers: workers), unique("c"), .v5)
        let topic = unique("t")
        try client.subscribe(topic, 0x08)
        client.publish(topic, "a", retain: true)
        client.publish(topic, "b")
        client.publish(topic, "", retain: true)
        try client.expectPublish(topic, "a", retain: true)
        try client.expectPublish(topic, "b")
        try client.expectPublish(topic, "", retain: true)
    }

    // [MQTT-3.3.4-2] [MQTT-3.3.4-4] [MQTT-3.3.4-5] [MQTT311-3.3.5-1]
    @Test(
        "[MQTT-3.3.4-3] Each overlapping subscription delivers with its own identifier",
        arguments: reactors
    )
    func overlapping(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        let stem = unique("t")
        let filters = ["\(stem)/b/#", "\(stem)/b", "\(stem)/+/#", "\(stem)/+", "\(stem)/#"]
        for (index, filter) in filters.enumerated() {
            try client.subscribe(
                filter,
                1,
                id: index + 1,
                properties: Property.subscriptionIdentifier(index + 1)
            )
        }
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish1("\(stem)/b", "m")
        for number in 1...filters.count {
            try client.expectPublish(
                "\(stem)/b",
                "m",
                qos: 1,
                id: number,
                properties: Property.subscriptionIdentifier(number)
            )
        }
    }

    @Test("allow_duplicate_messages false delivers once to old clients", arguments: reactors)
    func noDuplicates(workers: Int) throws {
        let broker = try Broker.shared(
            "allow_duplicate_messages false\n" + Broker.plain,
            workers: workers
        )
        let stem = unique("t")
        let old = try RawClient.connected(to: broker)
        let new = try RawClient.connected(to: broker, unique("c"), .v5)
        for client in [old, new] {
            try client.subscribe("\(stem)/#")
            try client.subscribe("\(stem)/a", id: 2)
        }
        let publisher = try RawClient.connected(to: broker)
        publisher.publish("\(stem)/a", "m")
        try old.expectPublish("\(stem)/a", "m")
        try old.expectNothing(from: publisher)
        for _ in 0..<2 { try new.expectPublish("\(stem)/a", "m") }
        try new.expectNothing(from: publisher)
    }

    // [MQTT311-3.8.4-3]
    @Test("[MQTT-3.8.4-3] Subscribing again replaces options and identifier", arguments: reactors)
    func resubscribe(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        let publisher = try RawClient.connected(to: broker)
        let topic = unique("t")
        try client.subscribe(topic, 0, properties: Property.subscriptionIdentifier(1))
        publisher.publish(topic, "1")
        try client.expectPublish(topic, "1", properties: Property.subscriptionIdentifier(1))
        try client.subscribe(topic, 1, id: 2, properties: Property.subscriptionIdentifier(2))
        try publisher.publish1(topic, "2")
        try client.expectPublish(
            topic,
            "2",
            qos: 1,
            id: 1,
            properties: Property.subscriptionIdentifier(2)
        )
        try client.subscribe(topic, 0, id: 3)
        publisher.publish(topic, "3")
        try client.expectPublish(topic, "3")
        try client.expectNothing(from: publisher)
    }

    // [MQTT-3.10.4-2] [MQTT311-3.10.4-1] [MQTT311-3.10.4-2]
    @Test(
        "[MQTT-3.10.4-1] After UNSUBSCRIBE nothing more comes",
        arguments: Version.allCases,
        reactors
    )
    func unsubscribe(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), version)
        let publisher = try RawClient.connected(to: broker)
        let topic = unique("t")
        try client.subscribe(topic, 1)
        try publisher.publish1(topic, "1")
        try client.take1(topic, "1", id: 1)
        client.send(Wire.unsubscribe(version, id: 2, [topic]))
        try client.expect(Wire.unsuback(version, id: 2))
        try publisher.publish1(topic, "2", id: 2)
        try client.expectNothing(from: publisher)
    }

    @Test(
        "$SYS and shared filters of any name can be subscribed",
        arguments: Version.allCases,
        reactors
    )
    func special(version: Version, workers: Int) throws {
        let broker = try Broker("sys_interval 0\n" + Broker.plain, workers: workers)
        let client = try RawClient.connected(to: broker, "c", version)
        try client.subscribe("$SYS/nothing/here", 2)
        try client.subscribe("$share/share/#", 1, id: 2)
        try client.subscribe("$share/g/$SYS/nothing", 1, id: 3)
    }

    @Test(
        "Bridge versions get no own messages and keep the retain flag",
        arguments: [(UInt8(0x83), "MQIsdp"), (0x84, "MQTT")],
        reactors
    )
    func bridge(kind: (UInt8, String), workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient(broker)
        let id = unique("bridge")
        client.send(rawConnect(name: kind.1, level: kind.0, payload: Wire.string(id)))
        try client.expect("20 02 00 00")
        let topic = unique("t")
        try client.subscribe(topic)
        client.publish(topic, "own")
        let other = try RawClient.connected(to: broker)
        other.publish(topic, "other", retain: true)
        try client.expectPublish(topic, "other", retain: true)
        other.publish(topic, "", retain: true)
        try broker.waitForLog(
            containing: "New bridge connected from 127.0.0.1:\(client.localPort) as \(id) ("
        )
    }

    // MARK: QoS 2 over reconnections

    @Test(
        "[MQTT-4.3.3] A completed QoS 2 exchange leaves nothing behind",
        arguments: Version.allCases,
        reactors
    )
    func completed(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let properties = version == .v5 ? Property.sessionExpiry(100) : []
        for round in 0..<4 {
            let client = try RawClient.connected(
                to: broker,
                id,
                version,
                clean: false,
                properties: properties,
                sessionPresent: round > 0 && version != .v3
            )
            try client.publish2("nobody/listens", "m", id: 1)
            try client.disconnect()
        }
    }

    // [MQTT-4.3.3-13]
    @Test(
        "[MQTT-3.3.2-5] A QoS 2 message that expires before its release is not delivered",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func expiredBeforeRelease(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let subscriber = try RawClient.connected(to: broker, unique("c"), .v5)
        try subscriber.subscribe(topic, qos)
        let publisher = try RawClient.connected(to: broker, unique("c"), .v5)
        let start = ContinuousClock.now
        for (id, seconds) in [(1, UInt32(1)), (2, 1000)] {
            let properties = Property.messageExpiry(seconds)
            publisher.send(
                Wire.publish(.v5, topic, "\(id)", qos: 2, id: id, properties: properties)
            )
            try publisher.expect(Wire.pubrec(id))
        }
        while ContinuousClock.now - start < .milliseconds(2200) {
            _ = publisher.nextPacket(seconds: 0.1)
        }
        publisher.send(Wire.pubrel(1) + Wire.pubrel(2))
        try publisher.expect(Wire.pubcomp(1))
        try publisher.expect(Wire.pubcomp(2))
        let packet = try subscriber.readPacket()
        let candidates = (UInt32(994)...998).map {
            let properties = Property.messageExpiry($0)
            let id = qos == 0 ? 0 : 1
            return Wire.publish(.v5, topic, "2", qos: qos, id: id, properties: properties)
        }
        #expect(candidates.contains(packet), "\(hexText(packet))")
    }
}
