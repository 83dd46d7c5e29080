// SPDX-License-Identifier: Apache-2.0
// Clients that mean harm: none of them may hurt the others, the memory or the descriptors.

import Foundation
import TestSupport
import Testing

@Suite("Hostile clients")
struct Hostile {
    /// A generator that gives the same numbers in each run.
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    @Test(
        "Hundreds of half-open connections do not hinder others and are closed after 30 s",
        arguments: [reactors.last ?? 1]
    )
    func slowLoris(workers: Int) throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let start = ContinuousClock.now
        let connect = Wire.connect("slow", .v4)
        let slow = try (0..<300).map { number in
            let client = try RawClient(broker)
            client.send(Bytes(connect.prefix(number % connect.count)))
            return client
        }
        for round in 0..<20 {
            try RawClient.connected(to: broker, "fast\(round)").disconnect()
        }
        #expect(ContinuousClock.now - start < .seconds(10))
        for client in slow.prefix(3) + slow.suffix(3) { try client.expectClosed(seconds: 45) }
        let waited = ContinuousClock.now - start
        #expect(waited > .seconds(25) && waited < .seconds(45))
        try RawClient.connected(to: broker, "after").expectSilence()
    }

    @Test("Announcing large packets without sending them costs little memory", arguments: reactors)
    func giantClaims(workers: Int) throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        try RawClient.connected(to: broker, "warm").disconnect()
        let before = try broker.memory().resident
        let clients = try (0..<100).map { number in
            let client = try RawClient.connected(to: broker, "c\(number)")
            client.send(hex("30 FF 88 7A 00 03 61 62 63") + Bytes(repeating: 1, count: 100))
            return client
        }
        let connecting = try (0..<100).map { _ in
            let client = try RawClient(broker)
            client.send(hex("10 A0 8D 06 00 04 4D 51"))
            return client
        }
        try RawClient.connected(to: broker, "after").expectSilence()
        let grown = try broker.memory().resident - before
        #expect(
            grown < 20 << 20,
            "\(grown) bytes for \(clients.count + connecting.count) connections"
        )
    }

    @Test("Deep and many topics leave nothing behind", arguments: reactors)
    func topicBombs(workers: Int) throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let client = try RawClient.connected(to: broker, "bomber")
        func round(_ number: Int) throws {
            let filters = (0..<200).map { index in
                (0..<200).map { "\(number)-\(index)-\($0)" }.joined(separator: "/")
            }
            for (index, filter) in filters.enumerated() {
                try client.subscribe(filter, id: index + 1)
                client.publish(filter, "x")
                try client.expectPublish(filter, "x")
                client.publish("\(filter)x", "nobody")
            }
            for (index, filter) in filters.enumerated() {
                client.send(Wire.unsubscribe(.v4, id: index + 1, [filter]))
                try client.expect(Wire.unsuback(.v4, id: index + 1))
            }
        }
        try round(0)
        let before = try broker.memory().resident
        for number in 1...5 { try round(number) }
        let grown = try broker.memory().resident - before
        #expect(grown < 16 << 20, "\(grown)")
    }

    @Test(
        "A subscriber that never reads costs a bounded amount and slows nobody",
        arguments: reactors
    )
    func neverReading(workers: Int) throws {
        let broker = try Broker(
            "max_queued_messages 100\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let deaf = try RawClient(port: broker.port, receiveBuffer: 4096)
        deaf.send(Wire.connect("deaf", .v4) + Wire.subscribe(.v4, [("t", 0)]))
        try deaf.expect(Wire.connack(.v4) + Wire.suback(.v4, [0]))
        let fast = try RawClient.connected(to: broker, "fast")
        try fast.subscribe("t")
        let publisher = try RawClient.connected(to: broker, "p")
        let payload = String(repeating: "x", count: 4000)
        let packet = Wire.publish(.v4, "t", payload)
        var before = 0
        for round in 0..<1000 {
            for _ in 0..<20 { publisher.send(packet) }
            for _ in 0..<20 { try fast.expect(packet) }
            if round == 100 { before = try broker.memory().resident }
        }
        let grown = try broker.memory().resident - before
        #expect(grown < 8 << 20, "\(grown)")
        // It is still connected; what it gets now are whole packets.
        for _ in 0..<20 { #expect(try deaf.readPacket() == packet) }
        deaf.send(Wire.disconnect())
    }

    @Test(
        "A publisher that is faster than the subscribers' reactors is held back, not stored",
        arguments: reactors
    )
    func fasterThanReactors(workers: Int) throws {
        let broker = try Broker(
            "max_queued_messages 10\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let deaf = try (0..<100).map { number in
            let client = try RawClient(port: broker.port, receiveBuffer: 4096)
            client.send(Wire.connect("deaf\(number)", .v4) + Wire.subscribe(.v4, [("t", 0)]))
            try client.expect(Wire.connack(.v4) + Wire.suback(.v4, [0]))
            return client
        }
        let publisher = try RawClient.connected(to: broker, "p")
        let packet = Wire.publish(.v4, "t", String(repeating: "x", count: 3500))
        let block = Array(repeatElement(packet, count: 100).joined())
        // The first round fills what each of the deaf ones may have waiting.
        for _ in 0..<10 { publisher.send(block) }
        publisher.send(Wire.pingreq)
        try publisher.expect(Wire.pingresp)
        let before = try broker.memory().resident
        var peak = before
        for _ in 0..<60 {
            publisher.send(block)
            peak = max(peak, try broker.memory().resident)
        }
        publisher.send(Wire.pingreq)
        try publisher.expect(Wire.pingresp)
        #expect(peak - before < 24 << 20, "\(peak - before)")
        withExtendedLifetime(deaf) {}
    }

    @Test("The table of descriptors has its size from the start: growing it stalls accept")
    func descriptorRoom() throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: 1,
            descriptorLimit: 1000
        )
        #expect(try broker.descriptorRoom() >= 1000)
    }

    @Test(
        "Without descriptors connections are turned away, those present are served",
        arguments: reactors
    )
    func descriptors(workers: Int) throws {
        let broker = try Broker(
            "log_type all\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers,
            descriptorLimit: 64
        )
        let first = try RawClient.connected(to: broker, "first")
        var accepted: [RawClient] = []
        var refused = 0
        for number in 0..<100 {
            let client = try RawClient(broker)
            // Without keep alive, which may run out where the machine is busy and make room.
            client.send(Wire.connect("c\(number)", .v4, keepAlive: 0))
            if client.nextPacket(seconds: 5) == Wire.connack(.v4) {
                accepted.append(client)
            } else {
                refused += 1
            }
            try first.expectSilence()
        }
        #expect(
            refused > 30 && accepted.count > 10,
            "\(refused) refused, \(accepted.count) accepted"
        )
        for client in accepted { try client.disconnect() }
        accepted.removeAll()
        try Reload.eventually(first) {
            let client = try RawClient(broker)
            client.send(Wire.connect("again", .v4))
            return client.nextPacket(seconds: 2) == Wire.connack(.v4)
        }
        try broker.stop()
    }

    @Test("A thousand connections later no descriptor is left open", arguments: reactors)
    func leaks(workers: Int) throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let watcher = try RawClient.connected(to: broker, "w")
        let folder = "/proc/\(broker.process.pid)/fd"
        func count() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: folder).count
        }
        let before = try count()
        for number in 0..<1000 {
            let client = try RawClient(broker)
            switch number % 5 {
            case 0: client.send(Wire.connect("c\(number % 7)", .v4))
            case 1: client.send(Wire.connect("c\(number % 7)", .v5) + [0x30])
            case 2: client.send("30 00")
            case 3: client.abort()
            default:
                client.send(Wire.connect("c\(number % 7)", .v4) + Wire.disconnect())
                try client.expectClosed(after: Wire.connack(.v4))
            }
        }
        try Reload.eventually(watcher) { try count() <= before }
    }

    @Test("Random bytes end their own connection only", arguments: reactors)
    func fuzz(workers: Int) throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let witness = try RawClient.connected(to: broker, "witness")
        try witness.subscribe("witness/#")
        var generator = Generator(state: 0x9E37_79B9_7F4A_7C15)
        let seeds: [Bytes] = [
            Wire.connect("f", .v5, properties: Property.user("a", "b"), will: Will("w", "x")),
            Wire.publish(.v5, "a/b", "payload", qos: 2, id: 3, properties: Property.topicAlias(2)),
            Wire.subscribe(
                .v5,
                [("a/+", 1), ("#", 0)],
                properties: Property.subscriptionIdentifier(9)
            ),
            Wire.unsubscribe(.v5, ["a/+"]), Wire.pubrel(3), Wire.disconnect(4, properties: []),
            Wire.puback(1, 0x10), Wire.pingreq,
        ]
        for round in 0..<1500 {
            let client = try RawClient(broker)
            var bytes: Bytes = []
            if round % 4 > 0 { bytes = Wire.connect("f\(round % 10)", round % 2 == 0 ? .v4 : .v5) }
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                var seed = seeds.randomElement(using: &generator) ?? []
                for _ in 0..<Int.random(in: 0...3, using: &generator) {
                    let index = Int.random(in: 0..<seed.count, using: &generator)
                    seed[index] = UInt8.random(in: 0...255, using: &generator)
                }
                if Bool.random(using: &generator) {
                    seed = seed.dropLast(Int.random(in: 0...3, using: &generator))
                }
                bytes += seed
            }
            client.send(bytes)
            if round % 50 == 0 {
                witness.publish("witness/\(round)")
                try witness.expectPublish("witness/\(round)")
            }
        }
        witness.publish("witness/end")
        try witness.expectPublish("witness/end")
        try broker.stop()
    }

    @Test("A flood of PINGREQ without reading is bounded", arguments: reactors)
    func answerFlood(workers: Int) throws {
        let broker = try Broker(
            "max_queued_messages 100\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let witness = try RawClient.connected(to: broker, "witness")
        let flood = try RawClient(port: broker.port, receiveBuffer: 4096)
        flood.send(Wire.connect("flood", .v4))
        try flood.expect(Wire.connack(.v4))
        let before = try broker.memory().resident
        let pings = Bytes(repeatElement(Wire.pingreq, count: 1_000_000).joined())
        _ = flood.sendUntilBlocked(pings)
        try witness.expectSilence()
        let grown = try broker.memory().resident - before
        #expect(grown < 8 << 20, "\(grown)")
    }
}
