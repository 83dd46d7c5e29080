// SPDX-License-Identifier: Apache-2.0
// Very many bridges.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Crowds of bridges", .enabled(if: isOwn), .serialized)
struct BridgeCrowds {
    private static func text(_ count: Int, port: Int) -> String {
        Broker.plain
            + (0..<count).map {
                "connection b\($0)\naddress 127.0.0.1:\(port)\nremote_clientid r\($0)\n"
                    + "topic a/\($0)/# out 1\n"
            }.joined()
    }

    /// Bytes of memory that are the broker's own, once so many bridges have tried to connect.
    private static func memory(_ count: Int, workers: Int) throws -> Int {
        let remote = try ScriptedRemote()
        remote.stop()
        let broker = try Broker(text(count, port: remote.port), workers: workers)
        let client = try RawClient.connected(to: broker)
        try client.subscribe("$SYS/broker/connection/+/state", 0)
        for _ in 0..<count { _ = try client.takePublishAndAnswer() }
        // A second attempt, of some at least.
        try broker.waitForLog(containing: "Error creating bridge", seconds: 20)
        let mark = broker.logMark
        try broker.waitForLog(containing: "Error creating bridge", from: mark, seconds: 20)
        let text = try String(
            contentsOfFile: "/proc/\(broker.process.pid)/smaps_rollup",
            encoding: .utf8
        )
        let line = text.split(separator: "\n").first { $0.hasPrefix("Anonymous:") }
        let kilobytes = line.flatMap { Int($0.split(separator: " ")[1]) }
        return try #require(kilobytes) * 1024
    }

    @Test("A bridge whose remote is away takes less than 4 KB", arguments: reactors)
    func memory(workers: Int) throws {
        // So many that there are some on every reactor.
        let few = try Self.memory(40, workers: workers)
        let many = try Self.memory(1040, workers: workers)
        // Of several reactors each thread has a heap of its own, which holds what attempts at once have
        // taken: the more, the busier the machine is.
        #expect((many - few) / 1000 < (workers == 1 ? 4096 : 5120))
    }

    @Test("Ten thousand bridges are read, told of, taken leave of, and delay nobody")
    func tenThousand() throws {
        let remote = try ScriptedRemote()
        remote.stop()
        let start = Date()
        let broker = try Broker(Self.text(10_000, port: remote.port), workers: 2)
        let client = try RawClient(broker)
        client.patienceSeconds = 60
        client.send(Wire.connect(unique("c")))
        try client.expect(Wire.connack(.v4))
        var slowest = 0.0
        for _ in 0..<200 {
            let start = Date()
            client.send(Wire.pingreq)
            try client.expect(Wire.pingresp)
            slowest = max(slowest, Date().timeIntervalSince(start))
        }
        try broker.waitForLog(containing: "Connecting bridge b9999", seconds: 60)
        // A part of what all of them take, however busy the machine is.
        #expect(slowest < max(0.5, Date().timeIntervalSince(start) / 4))
        let mark = broker.logMark
        try broker.rewrite(Broker.plain)
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "Bridge b9999 removed", from: mark, seconds: 60)
        client.send(Wire.pingreq)
        try client.expect(Wire.pingresp)
        try broker.stop()
    }
}
