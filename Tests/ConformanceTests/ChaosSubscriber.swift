// SPDX-License-Identifier: Apache-2.0
// A subscriber that loses its connection again and again.

import TestSupport

/// A durable subscriber that loses its connection again and again and counts what it gets.
final class ChaosSubscriber: @unchecked Sendable {
    // `@unchecked Sendable`: used by its own thread alone; results are read after that has ended.
    private let broker: Broker
    private let name: String
    private let version: Version
    private var generator: Hostile.Generator
    private var numbers: [String: [Int]] = [:]
    private var highest: [String: Int] = [:]
    private var unreleased: Set<Int> = []
    private var client: RawClient?

    init(_ broker: Broker, _ name: String, _ version: Version, seed: UInt64) {
        self.broker = broker
        self.name = name
        self.version = version
        generator = Hostile.Generator(state: seed | 1)
    }

    private func connect(resumes: Bool) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            name,
            version,
            clean: false,
            properties: version == .v5 ? Property.sessionExpiry(1000) : [],
            sessionPresent: resumes
        )
    }

    /// Makes the session and its subscription.
    func begin() throws {
        let client = try connect(resumes: false)
        try client.subscribe("chaos/#", 2)
        self.client = client
    }

    func run(_ finish: ChaosFinish) throws {
        guard var client else { return }
        var quiet = 0
        while true {
            if let packet = client.nextPacket(seconds: 0.25) {
                quiet = 0
                try take(packet, client)
            } else {
                quiet += 1
                if client.isClosed { throw Mismatch("\(name): the broker closed the connection") }
            }
            if let expected = finish.expected {
                if isComplete(expected) && unreleased.isEmpty { return }
                guard quiet < 40 else { return }
            } else if Int.random(in: 0..<150, using: &generator) == 0 {
                breakOff(client)
                client = try connect(resumes: true)
            }
        }
    }

    private func isComplete(_ expected: [String: Int]) -> Bool {
        expected.allSatisfy { highest[$0.key, default: -1] + 1 >= $0.value }
    }

    private func take(_ packet: Bytes, _ client: RawClient) throws {
        if packet[0] == 0x62 {
            let id = Int(packet[2]) << 8 | Int(packet[3])
            unreleased.remove(id)
            client.send(Wire.pubcomp(id))
            return
        }
        guard packet[0] & 0xF0 == 0x30 else { throw Mismatch("\(name): \(hexText(packet))") }
        let qos = packet[0] >> 1 & 3
        let length = Int(packet[2]) << 8 | Int(packet[3])
        let topic = String(decoding: packet[4..<(4 + length)], as: UTF8.self)
        let id = Int(packet[4 + length]) << 8 | Int(packet[5 + length])
        let rest = packet[(6 + length + (version == .v5 ? 1 : 0))...]
        guard let number = Int(String(decoding: rest, as: UTF8.self)) else {
            throw Mismatch("\(name): payload \(hexText(packet))")
        }
        if qos == 1 {
            record(topic, number)
            client.send(Wire.puback(id))
        } else {
            if unreleased.insert(id).inserted { record(topic, number) }
            client.send(Wire.pubrec(id))
        }
    }

    private func record(_ topic: String, _ number: Int) {
        let publisher = String(topic.dropFirst("chaos/".count))
        numbers[publisher, default: []].append(number)
        highest[publisher] = max(highest[publisher] ?? -1, number)
    }

    private func breakOff(_ client: RawClient) {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: client.abort()
        case 1:
            client.send([0x40, 0x02, 0x00])
            client.abort()
        case 2: client.shutdownWriting()
        default: break
        }
    }

    /// What is wrong with what came from a publisher; nil if nothing is.
    func check(_ publisher: ChaosPublisher) -> String? {
        let all = numbers[publisher.name] ?? []
        var seen: Set<Int> = []
        let first = all.filter { seen.insert($0).inserted }
        let missing = (0..<publisher.sent).filter { !seen.contains($0) }
        let what = "\(name) from \(publisher.name) (QoS \(publisher.qos), \(publisher.sent) sent): "
        if !missing.isEmpty { return what + "lost \(missing.prefix(20)) (\(missing.count))" }
        if first != first.sorted() {
            let wrong = zip(first, first.dropFirst()).first { $0 > $1 }
            return what + "out of order at \(wrong.map { "\($0)" } ?? "?")"
        }
        if publisher.qos == 2, all.count != seen.count {
            return what + "\(all.count - seen.count) doubled"
        }
        return nil
    }
}
