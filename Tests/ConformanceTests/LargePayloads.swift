// SPDX-License-Identifier: Apache-2.0
// Payloads that no socket takes at once: in memory once, delivered whole and in order.

import Foundation
import TestSupport
import Testing

@Suite("Large payloads")
struct LargePayloads {
    private static let config = """
        listener %PORT% 127.0.0.1
        allow_anonymous true
        max_queued_messages 0
        max_inflight_messages 0

        """

    /// A subscriber that takes little at once and nothing before it is asked to.
    private static func slowSubscriber(
        _ broker: Broker,
        _ version: Version,
        _ filter: String,
        qos: UInt8,
        properties: Bytes = []
    ) throws -> RawClient {
        let client = try RawClient(port: broker.port, receiveBuffer: 8 << 10)
        client.patienceSeconds = 30
        client.send(Wire.connect(unique("slow"), version))
        #expect(try client.readPacket().first == 0x20)
        client.speak(version)
        try client.subscribe(filter, qos, properties: properties)
        return client
    }

    private static func bytes(_ count: Int, seed: Int) -> Bytes {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 >> 8) &* 31 &+ $0 &+ seed) }
    }

    @Test(
        "Subscribers that do not read share one copy",
        arguments: [(0, false), (1, false), (0, true)] as [(UInt8, Bool)],
        reactors
    )
    func sharedInMemory(_ kind: (qos: UInt8, isRetained: Bool), workers: Int) throws {
        let broker = try Broker(Self.config, workers: workers)
        let publisher = try RawClient.connected(to: broker)
        publisher.patienceSeconds = 30
        let payload = Self.bytes(1_900_000, seed: 1)
        let large = Wire.publish(
            .v4,
            "large",
            bytes: payload,
            qos: kind.qos,
            id: 1,
            retain: kind.isRetained
        )
        let filter = kind.isRetained ? "nothing" : "large"
        let subscribers = try (0..<40).map { _ in
            try Self.slowSubscriber(broker, .v4, filter, qos: kind.qos)
        }
        let before = try broker.memory().resident
        publisher.send(large)
        if kind.qos == 1 { try publisher.expect(Wire.puback(1)) }
        if kind.isRetained {
            try publisher.publish1("after", "x", id: 2)
            for subscriber in subscribers { try subscriber.subscribe("large", 0, id: 2) }
        }
        // It goes out as it came. Everybody has got the beginning of it.
        for subscriber in subscribers {
            #expect(try subscriber.readBytes(1000) == Bytes(large.prefix(1000)))
        }
        let growth = try broker.memory().resident - before
        #expect(growth < 32 << 20, "\(growth) bytes for 40 subscribers and one of 1.9 MB")
        for subscriber in subscribers {
            #expect(
                try subscriber.readBytes(large.count - 1000) == Bytes(large.dropFirst(1000))
            )
        }
        try publisher.disconnect()
    }

    @Test(
        "Large and small ones arrive whole and in order, whatever waits before them",
        arguments: [0, 1] as [UInt8],
        reactors
    )
    func mixedSizes(qos: UInt8, workers: Int) throws {
        let broker = try Broker(Self.config, workers: workers)
        let publisher = try RawClient.connected(to: broker)
        publisher.patienceSeconds = 30
        // With an identifier each packet is encoded on its own, without in runs.
        let subscribers = try [hex(""), hex("0B 05")].map {
            try Self.slowSubscriber(broker, .v5, "mixed/#", qos: qos, properties: $0)
        }
        let identifiers = [hex(""), hex("0B 05")]
        var generator = Hostile.Generator(state: 7)
        let sizes = (0..<150).map { _ in
            Int.random(in: 0..<8, using: &generator) == 0
                ? Int.random(in: 10_000..<200_000, using: &generator)
                : Int.random(in: 0..<3000, using: &generator)
        }
        for (index, size) in sizes.enumerated() {
            let payload = Self.bytes(size, seed: index)
            publisher.send(
                Wire.publish(.v4, "mixed/\(index % 3)", bytes: payload, qos: qos, id: index + 1)
            )
        }
        if qos == 1 { for index in sizes.indices { try publisher.expect(Wire.puback(index + 1)) } }
        // An answer of the broker's own takes its place in the stream.
        for (subscriber, identifier) in zip(subscribers, identifiers) {
            for (index, size) in sizes.enumerated() {
                let expected = Wire.publish(
                    .v5,
                    "mixed/\(index % 3)",
                    bytes: Self.bytes(size, seed: index),
                    qos: qos,
                    id: index + 1,
                    properties: identifier
                )
                let packet = try subscriber.readPacket()
                try #require(packet == expected, "number \(index) of \(size) bytes")
            }
            subscriber.send([0xC0, 0])
            try subscriber.expect([0xD0, 0])
        }
    }

    @Test("Who leaves in the middle of a large payload harms nobody", arguments: reactors)
    func leaving(workers: Int) throws {
        let broker = try Broker(Self.config, workers: workers)
        let publisher = try RawClient.connected(to: broker)
        publisher.patienceSeconds = 30
        let payload = Self.bytes(1 << 20, seed: 3)
        for round in 1...3 {
            let subscribers = try (0..<10).map { _ in
                try Self.slowSubscriber(broker, .v4, "large", qos: 1)
            }
            publisher.send(Wire.publish(.v4, "large", bytes: payload, qos: 1, id: round))
            try publisher.expect(Wire.puback(round))
            for subscriber in subscribers.dropLast() { subscriber.abort() }
            let delivery = Wire.publish(.v4, "large", bytes: payload, qos: 1, id: 1)
            #expect(try subscribers.last?.readPacket() == delivery)
            try subscribers.last?.disconnect()
        }
        try publisher.disconnect()
        try broker.stop()
    }
}
