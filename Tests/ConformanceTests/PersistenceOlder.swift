// SPDX-License-Identifier: Apache-2.0
// A broker begins with a database of version 2, 3 or 4.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Persistence: versions 2 to 4")
struct PersistenceOlder {
    /// Builds a file of chunks as old versions wrote them.
    private struct OldFile {
        let version: UInt8
        var bytes: Bytes

        init(version: UInt8) {
            self.version = version
            bytes = [0, 0xB5, 0] + utf8("mosquitto db") + [0, 0, 0, 0, 0, 0, 0, version]
            chunk(1, [1, 8] + Self.number(40))
        }

        static func number(_ value: UInt64) -> Bytes {
            withUnsafeBytes(of: value) { Bytes($0) }
        }

        static func text(_ text: String) -> Bytes {
            Bytes([UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 0xFF)]) + utf8(text)
        }

        mutating func chunk(_ type: UInt8, _ body: Bytes) {
            let count = UInt32(body.count).bigEndian
            bytes += [0, type] + withUnsafeBytes(of: count) { Bytes($0) } + body
        }

        mutating func message(
            _ number: UInt64,
            _ topic: String,
            _ payload: String,
            qos: UInt8,
            retain: UInt8 = 0
        ) {
            let source = Self.text("old") + (version == 4 ? Self.text("user") + [0, 0] : [])
            let count = Bytes([0, 0, 0, UInt8(payload.utf8.count)])
            chunk(
                2,
                Self.number(number) + source + [0, 1, 0, 0] + Self.text(topic) + [qos, retain]
                    + count + utf8(payload)
            )
        }

        mutating func client(_ name: String, last: UInt8) {
            chunk(
                6,
                Self.text(name) + [0, last] + (version == 2 ? [] : Bytes(repeating: 0, count: 8))
            )
        }

        mutating func delivery(
            _ client: String,
            _ number: UInt64,
            id: UInt8,
            qos: UInt8,
            direction: UInt8 = 1,
            state: UInt8,
            dup: UInt8 = 0
        ) {
            chunk(
                3,
                Self.text(client) + Self.number(number) + [0, id, qos, 0, direction, state, dup]
            )
        }

        mutating func subscription(_ client: String, _ filter: String, qos: UInt8) {
            chunk(5, Self.text(client) + Self.text(filter) + [qos])
        }
    }

    /// One session with something in each window, one with a message that waits, and a retained one.
    private func file(_ version: UInt8) -> Bytes {
        var file = OldFile(version: version)
        file.message(3, "t/1", "under way", qos: 1)
        file.message(4, "t/2", "released", qos: 2)
        file.message(5, "t/3", "waits", qos: 1)
        file.message(6, "in", "received", qos: 2)
        file.message(7, "kept", "retained", qos: 0, retain: 1)
        file.client("busy", last: 21)
        file.delivery("busy", 6, id: 9, qos: 2, direction: 0, state: 7)
        file.delivery("busy", 3, id: 20, qos: 1, state: 3, dup: 1)
        file.delivery("busy", 4, id: 21, qos: 2, state: 9)
        file.client("idle", last: 0)
        file.delivery("idle", 5, id: 1, qos: 1, state: 11)
        // A client that has no chunk of its own.
        file.subscription("nameless", "t/#", qos: 1)
        file.subscription("busy", "t/+", qos: 2)
        file.subscription("idle", "in", qos: 1)
        file.chunk(4, OldFile.number(7))
        file.chunk(4, OldFile.number(99))
        file.chunk(3, OldFile.text("idle") + OldFile.number(99) + [0, 2, 1, 0, 1, 11, 0])
        return file.bytes
    }

    private func expectState(_ broker: Broker) throws {
        let idle = try Sessions.open(broker, "idle", .v4, present: true)
        try idle.take1("t/3", "waits", id: 1)
        let busy = try Sessions.open(broker, "busy", .v4, present: true)
        try busy.expectPublish("t/1", "under way", qos: 1, id: 20, dup: true)
        try busy.expect(Wire.pubrel(21))
        busy.send(Wire.puback(20) + Wire.pubcomp(21))
        busy.send(Wire.pubrel(9))
        try busy.expect(Wire.pubcomp(9))
        try idle.expectPublish("in", "received", qos: 1, id: 2)
        idle.send(Wire.puback(2))
        let nameless = try Sessions.open(broker, "nameless", .v4, present: true)
        let publisher = try RawClient.connected(to: broker, unique("publisher"), .v5)
        try publisher.publish1("t/new", "to all")
        try busy.take1("t/new", "to all", id: 22)
        try nameless.take1("t/new", "to all", id: 1)
        try publisher.subscribe("kept")
        try publisher.expectPublish("kept", "retained", retain: true)
        for client in [idle, busy, nameless, publisher] { try client.disconnect() }
    }

    @Test(
        "Each window, queue, subscription and retained message is there, and stays",
        arguments: 2...4 as ClosedRange<UInt8>,
        reactors
    )
    func restored(version: UInt8, workers: Int) throws {
        let folder = try PersistenceFolder()
        try folder.write(file(version))
        var broker = try folder.start(workers: workers)
        for line in [
            "Restored 5 base messages", "Restored 1 retained messages", "Restored 2 clients",
            "Restored 3 subscriptions", "Restored 4 client messages",
        ] {
            try broker.waitForLog(exactly: line)
        }
        try expectState(broker)
        try broker.stop()
        let bytes = Bytes(try Data(contentsOf: URL(fileURLWithPath: folder.database)))
        #expect(bytes.prefix(23).last == 6, "the newest version is written")
        broker = try folder.start(workers: workers)
        try broker.waitForLog(exactly: "Restored 3 clients")
        for name in ["busy", "idle", "nameless"] {
            try Sessions.open(broker, name, .v4, present: true).disconnect()
        }
        try broker.stop()
    }

    @Test(
        "With a session log as well: what was read outlives kill -9",
        arguments: [2, 3, 4] as [UInt8]
    )
    func logged(version: UInt8) throws {
        let folder = try PersistenceFolder()
        try folder.write(file(version))
        let options = "persistence true\npersistence_location \(folder.path)/\n" + Broker.plain
        var broker = try Broker(options, workers: 2)
        try Sessions.open(broker, "witness", .v4).disconnect()
        broker.process.signal(SIGKILL)
        _ = broker.process.wait(seconds: 10)
        broker = try Broker(options, workers: 2)
        try expectState(broker)
        try broker.stop()
    }

    @Test(
        "A file that ends too early stops the start and stays",
        arguments: 2...4 as ClosedRange<UInt8>
    )
    func half(version: UInt8) throws {
        let folder = try PersistenceFolder()
        // In the middle of the last chunk.
        let half = Bytes(file(version).dropLast(3))
        try folder.write(half)
        let path = folder.path + "/mosquitto.conf"
        let user = geteuid() == 0 ? "user root\n" : ""
        try (folder.configuration() + user + "listener \(try Broker.freePort()) 127.0.0.1\n")
            .write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("Error: Unexpected end of file."), "\(outcome.errors)")
        #expect(outcome.errors.contains("Error: Couldn't open database."), "\(outcome.errors)")
        #expect(Bytes(try Data(contentsOf: URL(fileURLWithPath: folder.database))) == half)
    }
}
