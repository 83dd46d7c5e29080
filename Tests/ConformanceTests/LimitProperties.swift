// SPDX-License-Identifier: Apache-2.0
// Version 5 limits announced by properties.

import TestSupport
import Testing

@Suite("Limits announced by properties")
struct LimitProperties {
    // [MQTT-3.2.2-15]
    @Test("max_packet_size is announced and enforced", arguments: reactors)
    func maximumPacketSize(workers: Int) throws {
        let broker = try Broker.shared("max_packet_size 40\n" + Broker.plain, workers: workers)
        func connect() throws -> RawClient {
            let client = try RawClient(broker)
            client.send(Wire.connect("c\(Int.random(in: 0..<10_000))", .v5))
            try client.expect("20 0E 00 00 0B 22 00 0A 27 00 00 00 28 21 00 14")
            client.speak(.v5)
            return client
        }
        let client = try connect()
        let fits = Wire.publish(.v5, "12", bytes: Bytes(repeating: 0x61, count: 33))
        #expect(fits.count == 40)
        client.send(fits)
        try client.expectSilence()
        let large = Wire.publish(.v5, "12", bytes: Bytes(repeating: 0x61, count: 34))
        client.send(large)
        try client.expectClosed(after: hex("E0 01 95"))
        let old = try RawClient(broker)
        old.send(Wire.connect("o", .v4))
        try old.expect("20 02 00 00")
        old.send(large)
        try old.expectClosed()
        let early = try RawClient(broker)
        early.send(Wire.connect(String(repeating: "x", count: 40), .v5))
        try early.expectClosed()
    }

    // [MQTT-3.1.2-25]
    @Test(
        "A message too large for its subscriber uses up its identifier, the publisher hears nothing",
        arguments: reactors
    )
    func tooLarge(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        let client = try RawClient.connected(
            to: broker,
            id,
            .v5,
            properties: Property.maximumPacketSize(40)
        )
        try client.subscribe(topic, 1)
        let publisher = try RawClient.connected(to: broker, unique("c"), .v5)
        let payload = String(repeating: "x", count: 40)
        try publisher.publish1(topic, payload)
        try publisher.publish1(topic, "fits", id: 2)
        try client.expectPublish(topic, "fits", qos: 1, id: 2)
        try broker.waitForLog(containing: "Dropping too large outgoing PUBLISH for \(id) (")
    }

    @Test(
        "[MQTT-3.1.2-24] The limit of a subscriber holds for the whole packet",
        arguments: reactors
    )
    func exact(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            properties: Property.maximumPacketSize(50)
        )
        try client.subscribe(topic)
        let overhead = Wire.publish(.v5, topic, "").count
        client.publish(topic, String(repeating: "a", count: 50 - overhead))
        client.publish(topic, String(repeating: "b", count: 52 - overhead))
        try client.expectPublish(topic, String(repeating: "a", count: 50 - overhead))
        try client.expectNothing(from: client)
    }

    // [MQTT-3.3.4-10] [MQTT-4.9.0-1] [MQTT-4.9.0-2] [MQTT-4.9.0-3]
    @Test(
        "[MQTT-3.3.4-9] Receive maximum limits what is in flight",
        arguments: [1, 2, 30],
        reactors
    )
    func receiveMaximum(maximum: Int, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            properties: Property.receiveMaximum(maximum)
        )
        try client.subscribe(topic, 2)
        let publisher = try RawClient.connected(to: broker)
        let count = maximum + 5
        for id in 1...count { try publisher.publish2(topic, "\(id)", id: id) }
        for id in 1...maximum { try client.expectPublish(topic, "\(id)", qos: 2, id: id) }
        try client.expectSilence()
        for id in 1...count {
            client.send(Wire.pubrec(id))
            try client.expect(Wire.pubrel(id))
            try client.expectSilence()
            client.send(Wire.pubcomp(id))
            if id + maximum <= count {
                try client.expectPublish(topic, "\(id + maximum)", qos: 2, id: id + maximum)
            }
            try client.expectSilence()
        }
    }
}
