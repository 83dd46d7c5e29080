// SPDX-License-Identifier: Apache-2.0
// Chaos: many clients that vanish in the middle of packets and come back; nothing may get lost.

import Foundation
import TestSupport
import Testing

/// `$CHAOS_SECONDS` makes the test longer, `$CHAOS_SEED` repeats the decisions of a run.
@Suite("Chaos", .serialized)
struct Chaos {
    static let seconds = Double(ProcessInfo.processInfo.environment["CHAOS_SECONDS"] ?? "") ?? 4
    static let seed =
        UInt64(ProcessInfo.processInfo.environment["CHAOS_SEED"] ?? "")
        ?? UInt64.random(in: 1 ... .max)

    static let config = """
        max_queued_messages 0
        listener %PORT% 127.0.0.1
        allow_anonymous true

        """

    @Test(
        "QoS 1 is never lost, QoS 2 never lost or doubled, order per publisher holds",
        arguments: reactors
    )
    func chaos(workers: Int) throws {
        let broker = try Broker(Self.config, workers: workers)
        let end = Date(timeIntervalSinceNow: Self.seconds)
        let publishers = (0..<6).map { index in
            ChaosPublisher(
                broker,
                "publisher\(index)",
                index.isMultiple(of: 2) ? .v5 : .v4,
                qos: index < 3 ? 1 : 2,
                seed: Self.seed &+ UInt64(index)
            )
        }
        let subscribers = (0..<4).map { index in
            ChaosSubscriber(
                broker,
                "subscriber\(index)",
                index.isMultiple(of: 2) ? .v4 : .v5,
                seed: Self.seed &+ 100 &+ UInt64(index)
            )
        }
        for subscriber in subscribers { try subscriber.begin() }
        let noise = (0..<3).map { ChaosNoise(broker, seed: Self.seed &+ 200 &+ $0) }
        let publishing = publishers.map { publisher in ChaosThread { try publisher.run(until: end) }
        }
        let noises = noise.map { noise in ChaosThread { try noise.run(until: end) } }
        let finish = ChaosFinish()
        let subscribing = subscribers.map { subscriber in ChaosThread { try subscriber.run(finish) }
        }
        var failures: [String] = []
        for thread in publishing + noises { failures += thread.join() }
        let expected = Dictionary(uniqueKeysWithValues: publishers.map { ($0.name, $0.sent) })
        finish.expect(expected)
        for thread in subscribing { failures += thread.join() }
        #expect(failures == [], "seed \(Self.seed)")
        for subscriber in subscribers {
            for publisher in publishers {
                let report = subscriber.check(publisher)
                #expect(report == nil, "seed \(Self.seed)")
            }
        }
        #expect(!expected.values.contains { $0 < 20 }, "hardly anything was sent: \(expected)")
        try broker.stop()
    }
}

/// A thread that can be waited for, with the error that ended it.
final class ChaosThread: @unchecked Sendable {
    // `@unchecked Sendable`: `failure` is written before `done` is signalled and read after.
    private let done = DispatchSemaphore(value: 0)
    private var failure: [String] = []

    init(_ body: @escaping @Sendable () throws -> Void) {
        Thread.detachNewThread { [self] in
            do { try body() } catch { failure = ["\(error)"] }
            done.signal()
        }
    }

    /// Waits for the end; the text of the error, if there was one.
    func join() -> [String] {
        done.wait()
        return failure
    }
}

/// Tells the subscribers, once the publishers have finished, how much each has sent.
final class ChaosFinish: @unchecked Sendable {
    // `@unchecked Sendable`: `counts` is only touched with `lock` held.
    private let lock = NSLock()
    private var counts: [String: Int]?

    func expect(_ counts: [String: Int]) { lock.withLock { self.counts = counts } }

    var expected: [String: Int]? { lock.withLock { counts } }
}

/// A durable publisher at one QoS that loses its connection again and again.
final class ChaosPublisher: @unchecked Sendable {
    // `@unchecked Sendable`: used by its own thread alone; `sent` is read after that has ended.
    let name: String
    let qos: UInt8
    private(set) var sent = 0
    private let broker: Broker
    private let version: Version
    private var generator: Hostile.Generator
    /// Unfinished publications in order: number, identifier, whether PUBREC has come.
    private var pending: [(number: Int, id: Int, isReleased: Bool)] = []
    private var nextId = 0
    private var hasSession = false
    private let window = 12

    init(_ broker: Broker, _ name: String, _ version: Version, qos: UInt8, seed: UInt64) {
        self.broker = broker
        self.name = name
        self.version = version
        self.qos = qos
        generator = Hostile.Generator(state: seed | 1)
    }

    func run(until end: Date) throws {
        var client = try connect()
        while Date() < end || !pending.isEmpty {
            let isEnding = Date() >= end
            while pending.count < window, !isEnding { publishNext(client) }
            guard let packet = client.nextPacket(seconds: 10) else {
                throw Mismatch("\(name): no answer, closed \(client.isClosed), pending \(pending)")
            }
            take(packet, client)
            if !isEnding, Int.random(in: 0..<60, using: &generator) == 0 {
                breakOff(client)
                client = try connect()
            }
        }
        try client.disconnect()
    }

    private func connect() throws -> RawClient {
        let client = try RawClient.connected(
            to: broker,
            name,
            version,
            clean: false,
            properties: version == .v5 ? Property.sessionExpiry(1000) : [],
            sessionPresent: hasSession
        )
        hasSession = true
        for entry in pending {
            client.send(
                entry.isReleased ? Wire.pubrel(entry.id) : bytes(entry.number, entry.id, dup: true)
            )
        }
        return client
    }

    private func bytes(_ number: Int, _ id: Int, dup: Bool = false) -> Bytes {
        Wire.publish(version, "chaos/\(name)", "\(number)", qos: qos, id: id, dup: dup)
    }

    private func publishNext(_ client: RawClient) {
        nextId = nextId % 65535 + 1
        pending.append((sent, nextId, false))
        client.send(bytes(sent, nextId))
        sent += 1
    }

    private func take(_ packet: Bytes, _ client: RawClient) {
        guard packet.count >= 4 else { return }
        let id = Int(packet[2]) << 8 | Int(packet[3])
        guard let index = pending.firstIndex(where: { $0.id == id }) else { return }
        if packet[0] == 0x50 {
            pending[index].isReleased = true
            client.send(Wire.pubrel(id))
        } else {
            pending.remove(at: index)
        }
    }

    /// Ends a connection in one of several bad ways.
    private func breakOff(_ client: RawClient) {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: client.abort()
        case 1:
            // A packet cut in the middle; its number is sent again on the next connection.
            nextId = nextId % 65535 + 1
            pending.append((sent, nextId, false))
            let whole = bytes(sent, nextId)
            client.send(Bytes(whole.prefix(Int.random(in: 1..<whole.count, using: &generator))))
            sent += 1
            client.abort()
        case 2: client.shutdownWriting()
        default: break  // The next connection takes this one over.
        }
    }
}

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

/// Dozens of short-lived clients at a time that do everything at once and finish nothing.
final class ChaosNoise: @unchecked Sendable {
    // `@unchecked Sendable`: used by its own thread alone.
    private let broker: Broker
    private var generator: Hostile.Generator

    init(_ broker: Broker, seed: UInt64) {
        self.broker = broker
        generator = Hostile.Generator(state: seed | 1)
    }

    func run(until end: Date) throws {
        var clients: [RawClient] = []
        while Date() < end {
            if clients.count < 60 {
                let client = try RawClient(broker)
                client.send(connect())
                clients.append(client)
            }
            let index = Int.random(in: 0..<clients.count, using: &generator)
            if act(clients[index]) { clients.remove(at: index) }
            if Int.random(in: 0..<4, using: &generator) == 0 {
                _ = clients.randomElement(using: &generator)?.nextPacket(seconds: 0.002)
            }
        }
    }

    private func connect() -> Bytes {
        let version: Version = Bool.random(using: &generator) ? .v4 : .v5
        let name = "noise\(Int.random(in: 0..<40, using: &generator))"
        let will = Bool.random(using: &generator) ? Will("noise/will", "w", qos: 1) : nil
        return Wire.connect(name, version, clean: Bool.random(using: &generator), will: will)
    }

    /// Does something; true when the connection is of no more use.
    private func act(_ client: RawClient) -> Bool {
        let id = Int.random(in: 1...50, using: &generator)
        let qos = UInt8.random(in: 0...2, using: &generator)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: client.send(Wire.subscribe(.v4, id: id, [("chaos/#", qos), ("noise/#", 0)]))
        case 1: client.send(Wire.unsubscribe(.v4, id: id, ["chaos/#"]))
        case 2, 3, 4:
            client.send(Wire.publish(.v4, "noise/\(id)", "junk", qos: qos, id: id, retain: id < 5))
        case 5: client.send(Wire.subscribe(.v4, id: id, [("$share/noise/chaos/#", qos)]))
        case 6:
            client.send(Bytes(Wire.publish(.v4, "noise/cut", "junk", qos: 1, id: id).prefix(7)))
            client.abort()
            return true
        case 7:
            client.send(Wire.disconnect())
            return true
        case 8: client.send(Wire.pingreq + Wire.pubrel(id))
        default:
            client.send("30 FF FF FF 7F")
            return true
        }
        return false
    }
}
