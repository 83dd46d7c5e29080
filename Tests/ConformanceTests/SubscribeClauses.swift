// SPDX-License-Identifier: Apache-2.0
// Clauses about SUBSCRIBE and shared subscriptions that no other suite covers.

import TestSupport
import Testing

@Suite("Clauses of SUBSCRIBE")
struct SubscribeClauses {
    // [MQTT-3.8.4-3] [MQTT-3.8.4-4] [MQTT311-3.8.4-3]
    @Test(
        "Subscribing again sends what is retained again and loses nothing",
        arguments: Version.allCases,
        reactors
    )
    func again(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let publisher = try RawClient.connected(to: broker)
        publisher.publish(topic, "kept", retain: true)
        try publisher.expectSilence()
        let client = try RawClient.connected(to: broker, unique("c"), version)
        try client.subscribe(topic, 1)
        try client.expectPublish(topic, "kept", retain: true)
        let rounds = 20
        for round in 1...rounds {
            publisher.send(Wire.publish(.v4, topic, "\(round)", qos: 1, id: round))
            client.send(Wire.subscribe(version, id: round, [(topic, 1)]))
        }
        for round in 1...rounds { try publisher.expect(Wire.puback(round)) }
        var (live, retained, answers) = (Set<String>(), 0, 0)
        while live.count < rounds || retained < rounds || answers < rounds {
            let packet = try client.readPacket()
            switch packet[0] {
            case 0x90: answers += 1
            case 0x31: retained += 1
            default:
                #expect(packet[0] == 0x32)
                let place = 4 + topic.utf8.count
                client.send(Wire.packet(0x40, Bytes(packet[place..<(place + 2)])))
                let skipped = place + 2 + (version == .v5 ? 1 : 0)
                let text = String(decoding: packet[skipped...], as: UTF8.self)
                #expect(live.insert(text).inserted, "\(text) came twice")
            }
        }
        try client.expectNothing(from: publisher)
        publisher.publish(topic, "", retain: true)
    }

    // [MQTT-3.3.4-2] [MQTT311-3.3.5-1]
    @Test(
        "Where filters overlap each delivers with its own QoS, so the highest is among them",
        arguments: Version.allCases,
        reactors
    )
    func overlapping(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let client = try RawClient.connected(to: broker, unique("c"), version)
        let filters = [(topic + "/#", UInt8(0)), (topic + "/a", 2), (topic + "/+", 1)]
        client.send(Wire.subscribe(version, filters))
        try client.expect(Wire.suback(version, [0, 2, 1]))
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish2(topic + "/a", "x")
        // The literal filter first, then +, then #.
        for (qos, id) in [(UInt8(2), 1), (1, 2), (0, 0)] {
            try client.expectPublish(topic + "/a", "x", qos: qos, id: id)
        }
        try client.expectNothing(from: publisher)
    }

    // [MQTT-3.1.2-24] [MQTT-3.1.2-25]
    @Test(
        "An answer larger than the client takes is left out, all else goes on",
        arguments: reactors
    )
    func largeAnswer(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (id, topic) = (unique("c"), unique("t"))
        let client = try RawClient.connected(
            to: broker,
            id,
            .v5,
            properties: Property.maximumPacketSize(60)
        )
        func filters(_ count: Int) -> [String] { (1...count).map { "\(topic)/\($0)" } }
        // Fixed header 2, identifier 2, property length 1: 55 reason codes are 60 bytes.
        client.send(Wire.subscribe(.v5, id: 1, filters(55).map { ($0, 0) }))
        try client.expect(Wire.suback(.v5, id: 1, Bytes(repeating: 0, count: 55)))
        client.send(Wire.subscribe(.v5, id: 2, filters(56).map { ($0, 0) }))
        client.publish("\(topic)/56", "x")
        try client.expectPublish("\(topic)/56", "x")
        try broker.waitForLog(exactly: "Dropping too large outgoing SUBACK for \(id) (61 bytes)")
        client.send(Wire.unsubscribe(.v5, id: 3, filters(56)))
        client.publish("\(topic)/56", "x")
        try client.expectSilence()
        try broker.waitForLog(exactly: "Dropping too large outgoing UNSUBACK for \(id) (61 bytes)")
    }

    // MARK: Shared subscriptions

    /// Two members of a group, the first with a session that outlives its connection.
    static func group(
        _ broker: Broker,
        _ topic: String,
        _ id: String,
        qos: UInt8 = 2
    ) throws -> (first: RawClient, second: RawClient) {
        let first = try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: false,
            properties: Property.sessionExpiry(1000)
        )
        try first.subscribe("$share/g/\(topic)", qos)
        let second = try RawClient.connected(to: broker, unique("m"), .v5)
        try second.subscribe("$share/g/\(topic)", qos)
        return (first, second)
    }

    // [MQTT-4.8.2-4]
    @Test(
        "A member that loses its connection gets what was under way to it, and nobody else does",
        arguments: [UInt8(1), 2],
        reactors
    )
    func interrupted(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (topic, id) = (unique("t"), unique("m"))
        let (first, second) = try Self.group(broker, topic, id, qos: qos)
        let publisher = try RawClient.connected(to: broker)
        try qos == 1 ? publisher.publish1(topic, "x") : publisher.publish2(topic, "x")
        try first.expectPublish(topic, "x", qos: qos, id: 1)
        first.abort()
        try broker.waitForLog(containing: "Client \(id) [")
        try second.expectNothing(from: publisher)
        let back = try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: false,
            properties: Property.sessionExpiry(1000),
            sessionPresent: true
        )
        try back.expectPublish(topic, "x", qos: qos, id: 1, dup: true)
        back.send(qos == 1 ? Wire.puback(1) : Wire.pubrec(1))
        if qos == 2 {
            try back.expect(Wire.pubrel(1))
            back.send(Wire.pubcomp(1))
        }
        try back.expectSilence()
        try second.expectNothing(from: publisher)
    }

    // [MQTT-4.8.2-5]
    @Test(
        "What was under way to a member whose session ends goes to nobody else",
        arguments: [true, false],
        reactors
    )
    func ended(wasSent: Bool, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (topic, id) = (unique("t"), unique("m"))
        let (first, second) = try Self.group(broker, topic, id)
        let publisher = try RawClient.connected(to: broker)
        if wasSent {
            try publisher.publish2(topic, "x")
            try first.expectPublish(topic, "x", qos: 2, id: 1)
            first.abort()
            try broker.waitForLog(containing: "Client \(id) [")
        } else {
            first.abort()
            try broker.waitForLog(containing: "Client \(id) [")
            try publisher.publish2(topic, "x")
        }
        let another = try RawClient.connected(to: broker, id, .v5)
        try another.expectSilence()
        try second.expectNothing(from: publisher)
    }

    // [MQTT-4.8.2-6]
    @Test(
        "What a member answers with an error goes to nobody else",
        arguments: [UInt8(1), 2],
        reactors
    )
    func refused(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let (first, second) = try Self.group(broker, topic, unique("m"), qos: qos)
        let publisher = try RawClient.connected(to: broker)
        try qos == 1 ? publisher.publish1(topic, "x") : publisher.publish2(topic, "x")
        try first.expectPublish(topic, "x", qos: qos, id: 1)
        first.send(qos == 1 ? Wire.puback(1, 0x80) : Wire.pubrec(1, 0x80))
        try first.expectSilence()
        try second.expectNothing(from: publisher)
        try first.disconnect(0, properties: Property.sessionExpiry(0))
    }

    // [MQTT-4.8.2-3] [MQTT-3.8.4-8] [MQTT311-3.8.4-6]
    @Test("Each member gets its messages with the QoS granted to it", arguments: reactors)
    func granted(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let members = try (UInt8(0)...2).map { qos in
            let member = try RawClient.connected(to: broker, unique("m"), .v5)
            try member.subscribe("$share/g/\(topic)", qos)
            return member
        }
        let publisher = try RawClient.connected(to: broker)
        for qos in 0..<3 {
            try publisher.publish2(topic, "\(qos)")
            let id = qos == 0 ? 0 : 1
            try members[qos].expectPublish(topic, "\(qos)", qos: UInt8(qos), id: id)
        }
    }

    // [MQTT-4.8.2-1] [MQTT-4.8.2-2]
    @Test(
        "A shared filter without a share name ends the connection",
        arguments: ["$share//a", "$share/", "$share//"],
        reactors
    )
    func noShareName(filter: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        for version in Version.allCases {
            let client = try RawClient.connected(to: broker, unique("c"), version)
            client.send(Wire.subscribe(version, [(filter, 0)]))
            try client.expectClosed(after: version == .v5 ? hex("E0 01 82") : [])
        }
    }
}
