// SPDX-License-Identifier: Apache-2.0
// Reactors that share a thread: nobody notices when they gather and part.

import Foundation
import TestSupport
import Testing

@Suite("Reactor groups", .enabled(if: Broker.knowsWorkerThreads))
struct ReactorGroups {
    private static let plain = "listener %PORT% 127.0.0.1\nallow_anonymous true\n"

    @Test("Messages keep their order while reactors gather and part", .timeLimit(.minutes(2)))
    func order() throws {
        let broker = try Broker(Self.plain + "max_queued_messages 0\n", workers: 2)
        let streams = try (0..<4).map { try Stream(broker, "s\($0)") }
        try exchange(streams, until: { try !Self.isAwake(broker) })
        for _ in 0..<2 {
            // Topics that nobody knows keep a reactor busy; both have some of these clients.
            let finish = ChaosFinish()
            let noise = (0..<4).map { index in
                ChaosThread {
                    let client = try RawClient.connected(to: broker, "noise\(index)")
                    while finish.expected == nil {
                        client.send(Self.unheard)
                        try client.expect(Wire.pingresp)
                    }
                }
            }
            try exchange(streams, until: { try Self.isAwake(broker) })
            finish.expect([:])
            for thread in noise { #expect(thread.join() == []) }
            try exchange(streams, until: { try !Self.isAwake(broker) })
        }
        try broker.stop()
    }

    @Test("With worker_gathering false every reactor has its thread")
    func apart() throws {
        let broker = try Broker(
            "worker_threads 2\nworker_gathering false\n" + Self.plain,
            workers: 2
        )
        let streams = try (0..<4).map { try Stream(broker, "s\($0)") }
        try exchange(streams, until: { Self.ticks(broker) > 5 })
        try broker.stop()
    }

    /// 2000 messages to topics without subscribers, and a question whether they have been read.
    private static let unheard =
        (0..<2000).flatMap { Wire.publish(.v4, "unheard/\($0)/of", "x") } + Wire.pingreq

    /// Sends messages through all streams until something holds.
    private func exchange(_ streams: [Stream], until holds: () throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: 60)
        repeat {
            for stream in streams { stream.send(20) }
            for stream in streams { try stream.receive(20) }
            try #require(Date() < end)
        } while try !holds()
    }

    /// Whether the second reactor's thread does anything in a tenth of a second of messages.
    private static func isAwake(_ broker: Broker) throws -> Bool {
        let before = ticks(broker)
        let streams = try (0..<2).map { _ in try Stream(broker, unique("probe")) }
        let end = Date(timeIntervalSinceNow: 0.2)
        while Date() < end {
            for stream in streams { stream.send(20) }
            for stream in streams { try stream.receive(20) }
        }
        return ticks(broker) > before
    }

    /// Processor time of the second reactor's thread, in hundredths of a second.
    private static func ticks(_ broker: Broker) -> Int {
        let tasks = "/proc/\(broker.process.pid)/task"
        for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
            guard let text = try? String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8),
                text.contains("(reactor-1)"), let end = text.lastIndex(of: ")")
            else { continue }
            let fields = text[end...].split(separator: " ")
            return (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
        }
        return 0
    }
}

/// A publisher and a subscriber of its numbered messages.
private final class Stream {
    private let topic: String
    private let publisher: RawClient
    private let subscriber: RawClient
    private var sent = 0
    private var received = 0

    init(_ broker: Broker, _ name: String) throws {
        topic = "stream/\(name)"
        publisher = try RawClient.connected(to: broker, "\(name)-publisher")
        subscriber = try RawClient.connected(to: broker, "\(name)-subscriber")
        try subscriber.subscribe(topic)
    }

    func send(_ count: Int) {
        publisher.send((sent..<(sent + count)).flatMap { Wire.publish(.v4, topic, "\($0)") })
        sent += count
    }

    func receive(_ count: Int) throws {
        let expected = (received..<(received + count)).flatMap { Wire.publish(.v4, topic, "\($0)") }
        try subscriber.expect(expected)
        received += count
    }
}
