// SPDX-License-Identifier: Apache-2.0
// Shared subscriptions: who gets what.

import TestSupport
import Testing

@Suite("Shared subscriptions")
struct SharedSubscriptions {
    static func members(
        _ count: Int,
        _ broker: Broker,
        _ filter: String,
        _ options: UInt8 = 1
    ) throws -> [RawClient] {
        try (0..<count).map { _ in
            let client = try RawClient.connected(to: broker, unique("m"), .v5)
            try client.subscribe(filter, options)
            return client
        }
    }

    @Test(
        "Strict round robin in the order of subscribing",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func roundRobin(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let members = try Self.members(3, broker, "$share/g/\(topic)", qos)
        let publisher = try RawClient.connected(to: broker)
        for number in 0..<12 {
            switch qos {
            case 0: publisher.publish(topic, "\(number)")
            case 1: try publisher.publish1(topic, "\(number)", id: number + 1)
            default: try publisher.publish2(topic, "\(number)", id: number + 1)
            }
            let member = members[number % 3]
            let id = number / 3 + 1
            switch qos {
            case 0: try member.expectPublish(topic, "\(number)")
            case 1: try member.take1(topic, "\(number)", id: id)
            default: try member.take2(topic, "\(number)", id: id)
            }
        }
        for member in members { try member.expectNothing(from: publisher) }
    }

    @Test(
        "Each group gets one copy, a client in two groups two, ordinary subscribers their own",
        arguments: reactors
    )
    func groups(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let first = try Self.members(1, broker, "$share/a/\(topic)", 0)[0]
        let second = try Self.members(1, broker, "$share/b/\(topic)", 0)[0]
        try first.subscribe("$share/b/\(topic)", 0, id: 2)
        let ordinary = try Self.members(1, broker, topic, 0)[0]
        let publisher = try RawClient.connected(to: broker)
        for number in 0..<4 { publisher.publish(topic, "\(number)") }
        for number in 0..<4 { try ordinary.expectPublish(topic, "\(number)") }
        for number in ["0", "2"] { try second.expectPublish(topic, number) }
        var counts: [Bytes: Int] = [:]
        for _ in 0..<6 { counts[try first.readPacket(), default: 0] += 1 }
        let expected = [0: 1, 1: 2, 2: 1, 3: 2].map {
            (Wire.publish(.v5, topic, "\($0.key)"), $0.value)
        }
        #expect(counts == Dictionary(uniqueKeysWithValues: expected))
        for client in [first, second, ordinary] { try client.expectNothing(from: publisher) }
    }

    @Test("Filters of one name are groups of their own", arguments: reactors)
    func filters(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let stem = unique("t")
        let exact = try Self.members(1, broker, "$share/g/\(stem)/a", 0)[0]
        let wild = try Self.members(1, broker, "$share/g/\(stem)/+", 0)[0]
        let upper = try Self.members(1, broker, "$share/G/\(stem)/a", 0)[0]
        let publisher = try RawClient.connected(to: broker)
        publisher.publish("\(stem)/a", "m")
        for client in [exact, wild, upper] { try client.expectPublish("\(stem)/a", "m") }
    }

    @Test("An absent durable member takes its turn", arguments: reactors)
    func absent(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let id = unique("m")
        let session = Property.sessionExpiry(1000)
        let absent = try RawClient.connected(to: broker, id, .v5, properties: session)
        try absent.subscribe("$share/g/\(topic)", 1)
        let present = try Self.members(1, broker, "$share/g/\(topic)")[0]
        try absent.disconnect()
        let publisher = try RawClient.connected(to: broker)
        for number in 1...4 { try publisher.publish1(topic, "\(number)", id: number) }
        try present.take1(topic, "2", id: 1)
        try present.take1(topic, "4", id: 2)
        let back = try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: false,
            properties: session,
            sessionPresent: true
        )
        try back.take1(topic, "1", id: 1)
        try back.take1(topic, "3", id: 2)
        try publisher.publish1(topic, "5", id: 5)
        try back.take1(topic, "5", id: 3)
    }

    @Test(
        "A member that leaves gives its turn to the others",
        arguments: ["UNSUBSCRIBE", "DISCONNECT", "abort"],
        reactors
    )
    func leaving(how: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let filter = "$share/g/\(topic)"
        let members = try Self.members(3, broker, filter, 0)
        let id = unique("probe")
        switch how {
        case "UNSUBSCRIBE":
            members[1].send(Wire.unsubscribe(.v5, id: 2, [filter]))
            try members[1].expect(Wire.unsuback(.v5, id: 2, [0]))
        case "DISCONNECT": try members[1].disconnect()
        default:
            let mark = broker.logMark
            members[1].abort()
            try broker.waitForLog(
                containing: "disconnected: connection closed by client.",
                from: mark
            )
        }
        let publisher = try RawClient.connected(to: broker, id)
        for number in 0..<6 { publisher.publish(topic, "\(number)") }
        for number in ["0", "2", "4"] { try members[0].expectPublish(topic, number) }
        for number in ["1", "3", "5"] { try members[2].expectPublish(topic, number) }
    }

    @Test("Subscribing again keeps the place, retained messages are not sent", arguments: reactors)
    func again(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let filter = "$share/g/\(topic)"
        let publisher = try RawClient.connected(to: broker)
        publisher.publish(topic, "kept", retain: true)
        try publisher.expectSilence()
        let members = try Self.members(2, broker, filter, 0)
        try members[0].subscribe(filter, 0, id: 3, properties: Property.subscriptionIdentifier(9))
        for number in 0..<4 { publisher.publish(topic, "\(number)") }
        for number in ["0", "2"] {
            try members[0].expectPublish(
                topic,
                number,
                properties: Property.subscriptionIdentifier(9)
            )
        }
        for number in ["1", "3"] { try members[1].expectPublish(topic, number) }
        publisher.publish(topic, "", retain: true)
    }

    @Test("$ topics match shared filters that name them", arguments: reactors)
    func dollar(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = "$other/" + unique("t")
        let member = try Self.members(1, broker, "$share/g/\(topic)", 0)[0]
        let all = try Self.members(1, broker, "$share/\(unique("g"))/#", 0)[0]
        let publisher = try RawClient.connected(to: broker)
        publisher.publish(topic, "m")
        try member.expectPublish(topic, "m")
        all.send(Wire.disconnect())
        try all.expectNoPublish(of: topic)
    }

    @Test("Load is spread evenly over many members", arguments: reactors)
    func spread(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let members = try Self.members(10, broker, "$share/g/\(topic)", 0)
        let publishers = try (0..<4).map { _ in try RawClient.connected(to: broker) }
        for _ in 0..<100 { for publisher in publishers { publisher.publish(topic, "m") } }
        for publisher in publishers { try publisher.expectSilence() }
        for member in members {
            for _ in 0..<40 { try member.expectPublish(topic, "m") }
        }
        for publisher in publishers { try members[0].expectNothing(from: publisher) }
    }
}

extension RawClient {
    /// Reads to the end of the connection; no message of the topic may be among what comes.
    func expectNoPublish(of topic: String) throws {
        while let packet = nextPacket(seconds: patienceSeconds) {
            #expect(
                !(packet[0] & 0xF0 == 0x30 && packet.dropFirst(2).starts(with: Wire.string(topic)))
            )
        }
        #expect(isClosed)
    }
}
