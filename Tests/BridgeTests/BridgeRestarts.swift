// SPDX-License-Identifier: Apache-2.0
// What becomes of a bridge's session when the broker is started anew, with the bridge or without.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Bridges and restarts", .enabled(if: isOwn))
struct BridgeRestarts {
    private static func text(port: Int, _ lines: String, head: String) -> String {
        BridgeScene.configuration(
            lines,
            head: "persistence true\npersistence_location %DIR%/\n\(head)\n",
            port: port
        )
    }

    private static func without(_ head: String = "") -> String {
        "persistence true\npersistence_location %DIR%/\n\(head)\n\(Broker.plain)log_type all\n"
    }

    /// How a broker ends.
    enum End: CaseIterable, Sendable { case stopped, killed }

    private static func end(_ broker: Broker, _ end: End) throws {
        switch end {
        case .stopped: try broker.stop()
        case .killed:
            broker.process.signal(SIGKILL)
            _ = broker.process.wait()
        }
    }

    /// The line about a bridge that is not configured any more.
    private static func line(_ broker: Broker) throws -> String? {
        try broker.waitForLog(containing: " running")
        return broker.process.errors.lines.first { $0.contains("is not configured any more") }
    }

    @Test(
        "Without its bridge a session waits on, which every start says, and goes on with it again",
        arguments: End.allCases,
        reactors
    )
    func away(end: End, workers: Int) throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let remote = try ScriptedRemote()
        let text = Self.text(port: remote.port, "topic # out 1", head: "")
        let first = try Broker(text, workers: workers, in: folder)
        let connection = try remote.accept()
        _ = try connection.readPacket()
        connection.send(BridgeScene.connack(.v4))
        _ = try connection.grant(1)
        #expect(try Self.line(first) == nil)
        let client = try RawClient.connected(to: first)
        try client.publish1("a", "1", id: 1)
        #expect(try connection.takePublish().payload == "1")
        try Self.end(first, end)
        for _ in 0..<2 {
            let broker = try Broker(Self.without(), workers: workers, in: folder)
            let line = try #require(try Self.line(broker))
            #expect(
                line.hasSuffix(
                    "Bridge b is not configured any more: its session local.r with 1 messages is kept, "
                        + "and never ends (persistent_client_expiration is not set)."
                )
            )
            try Self.end(broker, end)
        }
        let last = try Broker(text, workers: workers, in: folder)
        let again = try remote.accept()
        _ = try again.readPacket()
        again.send(BridgeScene.connack(.v4, isPresent: true))
        _ = try again.grant(1)
        let publish = try again.takePublish()
        #expect(publish.payload == "1" && publish.isDuplicate)
        #expect(try Self.line(last) == nil)
    }

    @Test("A session that may live for a while only is said to, and ends", arguments: reactors)
    func expiring(workers: Int) throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let remote = try ScriptedRemote()
        remote.stop()
        let text = Self.text(port: remote.port, "topic # out 1", head: "")
        let first = try Broker(text, workers: workers, in: folder)
        try first.waitForLog(containing: "Error creating bridge")
        let client = try RawClient.connected(to: first)
        try client.publish1("a", "1", id: 1)
        try first.stop()
        let second = try Broker(
            Self.without("persistent_client_expiration 1h"),
            workers: workers,
            in: folder
        )
        let line = try #require(try Self.line(second))
        #expect(line.contains("its session local.r with 1 messages is kept for another 3"))
        // A client that comes under its name has it, and it is a bridge's no more.
        let other = try RawClient(second)
        other.send(Wire.connect("local.r", clean: false))
        try other.expect([0x20, 2, 1, 0])
        #expect(try other.takePublishAndAnswer().payload == "1")
        try second.stop()
        let third = try Broker(Self.without(), workers: workers, in: folder)
        #expect(try Self.line(third) == nil)
    }

    @Test("Removed by a reload, a session ends, and the next start knows nothing of it")
    func removed() throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let remote = try ScriptedRemote()
        let text = Self.text(port: remote.port, "topic # out 1", head: "")
        let broker = try Broker(text, workers: 2, in: folder)
        _ = try remote.accept()
        try broker.rewrite(Self.without())
        broker.process.signal(SIGHUP)
        try broker.waitForLog(
            containing: "Bridge b removed; what waited for its remote is forgotten."
        )
        try broker.stop()
        let next = try Broker(Self.without(), workers: 2, in: folder)
        #expect(try Self.line(next) == nil)
    }
}
