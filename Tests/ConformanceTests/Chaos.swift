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
