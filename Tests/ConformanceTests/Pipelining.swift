// SPDX-License-Identifier: Apache-2.0
// Many packets in one segment, one packet in many: the answers must be the same.

import TestSupport
import Testing

@Suite("Pipelining")
struct Pipelining {
    /// A conversation of all packet kinds on topics below `stem`, the same for the same seed.
    static func conversation(_ version: Version, _ stem: String, seed: UInt64) -> Bytes {
        var generator = Hostile.Generator(state: seed)
        var bytes: Bytes = []
        var released: [Int] = []
        for index in 1...300 {
            let topic = "\(stem)/\(index % 7)"
            let payload = String(repeating: "\(index % 10)", count: index % 40)
            switch Int.random(in: 0..<9, using: &generator) {
            case 0, 1: bytes += Wire.publish(version, topic, payload, qos: 1, id: index)
            case 2:
                bytes += Wire.publish(version, topic, payload, qos: 2, id: index)
                released.append(index)
            case 3: bytes += Wire.publish(version, topic, payload)
            case 4: bytes += Wire.pingreq
            case 5: bytes += Wire.subscribe(version, id: index, [("\(stem)/never/\(index)", 1)])
            case 6: bytes += Wire.unsubscribe(version, id: index, ["\(stem)/never/\(index - 1)"])
            case 7: bytes += Wire.puback(index)
            default: bytes += Wire.publish(version, topic, payload, qos: 1, id: index, dup: true)
            }
            if released.count > 5 { bytes += Wire.pubrel(released.removeFirst()) }
        }
        for id in released { bytes += Wire.pubrel(id) }
        return bytes + Wire.publish(version, "\(stem)/end")
    }

    /// Sends a conversation in pieces and returns all answers by packet type, each type in its order.
    ///
    /// Between packets of different types MQTT sets no order. [MQTT-4.6.0-2]
    static func answers(
        _ broker: Broker,
        _ version: Version,
        _ bytes: Bytes,
        pieces: [Int]
    ) throws -> [UInt8: [Bytes]] {
        let client = try RawClient.connected(to: broker, unique("c"), version)
        var start = 0
        var index = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieces[index % pieces.count])
            client.send(Bytes(bytes[start..<end]))
            start = end
            index += 1
        }
        client.send(Wire.disconnect())
        var packets: [Bytes] = []
        while let packet = client.nextPacket(seconds: 10) { packets.append(packet) }
        #expect(client.isClosed)
        return Dictionary(grouping: packets) { $0[0] }
    }

    @Test("Answers do not depend on how the bytes are cut", arguments: [Version.v4, .v5], reactors)
    func cuts(version: Version, workers: Int) throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let stem = unique("p")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe("\(stem)/+")
        for seed in UInt64(1)...5 {
            let bytes = Self.conversation(version, stem, seed: seed &* 0x9E37_79B9)
            func deliveries() throws -> [Bytes] {
                var packets: [Bytes] = []
                while true {
                    let packet = try watcher.readPacket()
                    if packet == Wire.publish(.v4, "\(stem)/end") { return packets }
                    packets.append(packet)
                }
            }
            let expected = try Self.answers(broker, version, bytes, pieces: [bytes.count])
            let delivered = try deliveries()
            #expect(delivered.count > 50)
            for pieces in [[1], [3, 1, 4, 1, 5], [7], [64], [1000, 1], [1448]] {
                let found = try Self.answers(broker, version, bytes, pieces: pieces)
                #expect(found == expected, "pieces of \(pieces), seed \(seed)")
                #expect(try deliveries() == delivered, "pieces of \(pieces), seed \(seed)")
            }
        }
    }

    static let faults: [(String, Bytes, Bytes)] = [
        ("wildcard in topic", Wire.publish(.v5, "a/+"), hex("E0 01 81")),
        ("identifier 0", Wire.publish(.v5, "a", qos: 1), hex("E0 01 82")),
        ("QoS 3", Wire.publish(.v5, "a", qos: 3, id: 1), hex("E0 01 81")),
        ("topic beyond the packet", hex("30 03 00 05 61"), hex("E0 01 81")),
        (
            "alias too large", Wire.publish(.v5, "a", properties: Property.topicAlias(11)),
            hex("E0 01 94")
        ),
        ("reserved type", hex("00"), hex("E0 01 82")),
        ("five byte length", hex("30 80 80 80 80 01"), []),
        ("PUBACK identifier 0", hex("40 02 00 00"), hex("E0 01 82")),
        ("oversize", hex("30 FF FF FF 7F"), hex("E0 01 95")),
    ]

    @Test(
        "What comes before a fault counts, what comes after does not",
        arguments: 0..<faults.count,
        reactors
    )
    func fault(index: Int, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (_, fault, answer) = Self.faults[index]
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe("\(topic)/#")
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            will: Will("\(topic)/will", "w")
        )
        var bytes: Bytes = []
        for number in 0..<30 { bytes += Wire.publish(.v5, "\(topic)/a", "\(number)") }
        client.send(bytes + fault + Wire.publish(.v5, "\(topic)/a", "too late"))
        try client.expectClosed(after: answer)
        for number in 0..<30 { try watcher.expectPublish("\(topic)/a", "\(number)") }
        try watcher.expectPublish("\(topic)/will", "w")
        let probe = try RawClient.connected(to: broker)
        try watcher.expectNothing(from: probe)
    }

    @Test(
        "A burst of acknowledgements opens the window for as many messages",
        arguments: [UInt8(1), 2],
        reactors
    )
    func burst(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let client = try RawClient.connected(to: broker)
        try client.subscribe(topic, qos)
        let publisher = try RawClient.connected(to: broker)
        for number in 1...100 { try publisher.publish2(topic, "\(number)", id: number) }
        for start in stride(from: 1, through: 100, by: 20) {
            for id in start..<(start + 20) {
                try client.expectPublish(topic, "\(id)", qos: qos, id: id)
            }
            try client.expectSilence()
            // Backwards, twice each, with strangers in between.
            let ids = (start..<(start + 20)).reversed()
            if qos == 1 {
                client.send(
                    ids.flatMap { Wire.puback($0) + Wire.puback($0) + Wire.puback(30_000 + $0) }
                )
                continue
            }
            client.send(ids.flatMap { Wire.pubrec($0) })
            for id in ids { try client.expect(Wire.pubrel(id)) }
            client.send(ids.flatMap { Wire.pubcomp($0) + Wire.pubcomp($0) })
        }
        try client.expectNothing(from: publisher)
    }

    @Test(
        "What was acknowledged before another publication was sent arrives before it",
        arguments: reactors
    )
    func causality(workers: Int) throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        for round in 0..<60 {
            let stem = unique("p")
            let watcher = try RawClient.connected(to: broker)
            try watcher.subscribe("\(stem)/+")
            let first = try RawClient.connected(to: broker)
            var bytes: Bytes = []
            for id in 1...100 {
                bytes += Wire.publish(.v4, "\(stem)/1", qos: 1, id: id)
                if id % 5 == 0 {
                    bytes += Wire.subscribe(.v4, id: id, [("\(stem)/never/\(id)", 0)])
                }
            }
            first.send(bytes + Wire.disconnect())
            while first.nextPacket(seconds: 5) != nil {}
            let second = try RawClient.connected(to: broker)
            second.publish("\(stem)/2")
            for _ in 1...100 { try watcher.expectPublish("\(stem)/1") }
            try watcher.expectPublish("\(stem)/2")
            #expect(first.isClosed, "round \(round)")
        }
    }

    @Test("CONNECT and what follows it may come together", arguments: Version.allCases, reactors)
    func atOnce(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        for round in 0..<20 {
            let client = try RawClient(broker)
            client.send(
                Wire.connect(unique("c"), version)
                    + Wire.publish(version, topic, "\(round)", qos: 1, id: 1)
                    + Wire.pingreq + Wire.disconnect()
            )
            try client.expect(Wire.connack(version))
            try client.expect(inAnyOrder: [Wire.puback(1), Wire.pingresp])
            try client.expectClosed()
            try watcher.expectPublish(topic, "\(round)")
        }
    }

    @Test(
        "Messages larger than any buffer pass whole in both directions",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func large(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let topic = unique("t")
        let clients = try (0..<3).map { _ in try RawClient.connected(to: broker) }
        for client in clients { try client.subscribe(topic, qos) }
        let publisher = try RawClient.connected(to: broker)
        for (index, size) in [
            1, 127, 128, 4095, 4096, 4097, 16_383, 16_384, 65_535, 65_536, 300_000, 1_900_000,
        ].enumerated() {
            let payload = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
            publisher.send(Wire.publish(.v4, topic, bytes: payload, qos: qos, id: 9))
            if qos == 1 { try publisher.expect(Wire.puback(9)) }
            if qos == 2 {
                try publisher.expect(Wire.pubrec(9))
                publisher.send(Wire.pubrel(9))
                try publisher.expect(Wire.pubcomp(9))
            }
            let id = qos == 0 ? 0 : index + 1
            let expected = Wire.publish(.v4, topic, bytes: payload, qos: qos, id: id)
            for client in clients {
                #expect(try client.readPacket() == expected, "size \(size)")
                if qos == 1 { client.send(Wire.puback(id)) }
                guard qos == 2 else { continue }
                client.send(Wire.pubrec(id))
                try client.expect(Wire.pubrel(id))
                client.send(Wire.pubcomp(id))
            }
        }
    }

    @Test(
        "What was acknowledged is delivered before what its receiver asks for afterwards",
        arguments: reactors
    )
    func acknowledgedFirst(workers: Int) throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let publishers = try (0..<8).map { _ in try RawClient.connected(to: broker) }
        let subscribers = try (0..<8).map { _ in try RawClient.connected(to: broker) }
        let topic = unique("t")
        for round in 0..<200 {
            let subscriber = subscribers[(round * 3 + round / 8) % 8]
            try subscriber.subscribe(topic)
            try publishers[round % 8].publish1(topic, "\(round)", id: round + 1)
            subscriber.send(Wire.pingreq)
            try subscriber.expectPublish(topic, "\(round)")
            try subscriber.expect(Wire.pingresp)
            subscriber.send(Wire.unsubscribe(.v4, id: 2, [topic]))
            try subscriber.expect(Wire.unsuback(.v4, id: 2))
        }
    }

    @Test(
        "[MQTT-4.3.3-11] A QoS 2 message is delivered though its PUBREL came in the same segment",
        arguments: [Version.v3, .v4, .v5],
        reactors
    )
    func releasedAtOnce(version: Version, workers: Int) throws {
        // With and without a trace, which takes packets one by one.
        for config in [Broker.plain, "listener %PORT% 127.0.0.1\nallow_anonymous true\n"] {
            try releasedAtOnce(version, Broker.shared(config, workers: workers))
        }
    }

    private func releasedAtOnce(_ version: Version, _ broker: Broker) throws {
        let topic = unique("t")
        let subscriber = try RawClient.connected(to: broker, unique("s"), version)
        try subscriber.subscribe(topic, 0)
        let client = try RawClient.connected(to: broker, unique("p"), version)
        let first = Wire.publish(version, topic, "one", qos: 2, id: 1) + Wire.pubrel(1)
        let others = (2...9).map { Wire.publish(version, topic, "\($0)", qos: 2, id: $0) }.joined()
        let released = (2...9).map { Wire.pubrel($0) }.joined()
        client.send(first + others + released)
        var answers: [Bytes] = []
        for _ in 0..<18 { answers.append(try client.readPacket()) }
        #expect(answers.filter { $0[0] == 0x50 } == (1...9).map { Wire.pubrec($0) })
        #expect(answers.filter { $0[0] == 0x70 } == (1...9).map { Wire.pubcomp($0) })
        for payload in ["one"] + (2...9).map({ "\($0)" }) {
            try subscriber.expect(Wire.publish(version, topic, payload))
        }
    }
}
