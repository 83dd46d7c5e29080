// SPDX-License-Identifier: Apache-2.0
// Files a broker begins with: broken ones, old ones, those of time gone by.

import Foundation
import Glibc
import Inflight
import Persist
import TestSupport
import Testing

@Suite("Persistence: files")
struct PersistenceFiles {
    struct Broken: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: Bytes
        let lines: [String]
        var status: CInt = 1
        var testDescription: String { name }
    }

    private static let magic: Bytes = [0, 0xB5, 0] + utf8("mosquitto db")

    private static func head(_ version: UInt8) -> Bytes { magic + [0, 0, 0, 0, 0, 0, 0, version] }

    static let broken = [
        Broken(
            name: "short",
            bytes: Bytes(magic.prefix(9)),
            lines: ["Error: Unexpected end of file."]
        ),
        Broken(
            name: "foreign",
            bytes: utf8("something else altogether"),
            lines: [
                "Error: Unable to restore persistent database. Unrecognised file format.",
                "Restored 0 base messages", "Restored 0 retained messages", "Restored 0 clients",
                "Restored 0 subscriptions", "Restored 0 client messages",
            ]
        ),
        Broken(
            name: "newer",
            bytes: head(7),
            lines: ["Error: Unsupported persistent database format version 7 (need version 6)."],
            status: 3
        ),
        Broken(
            name: "other numbers",
            bytes: head(6) + [0, 0, 0, 1, 0, 0, 0, 16] + Bytes(repeating: 0, count: 8) + [1, 4]
                + Bytes(repeating: 0, count: 6),
            lines: [
                "Error: Incompatible database configuration (dbid size is 4 bytes, expected 8)"
            ]
        ),
        Broken(
            name: "chunk cut off",
            bytes: head(6) + [0, 0, 0, 6, 0, 0, 0, 30, 1, 2, 3],
            lines: ["Error: Unexpected end of file."]
        ),
    ]

    @Test("A file that cannot be read stops the start, and stays", arguments: broken)
    func refused(file: Broken) throws {
        let folder = try PersistenceFolder()
        try folder.write(file.bytes)
        let port = try Broker.freePort()
        let user = geteuid() == 0 ? "user root\n" : ""
        let path = folder.path + "/mosquitto.conf"
        try (folder.configuration() + user + "listener \(port) 127.0.0.1\n")
            .write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == file.status)
        let lines = CommandLine.lines(outcome.errors)
        for line in file.lines + ["Error: Couldn't open database."] {
            #expect(lines.contains(line), "\(line) is missing in\n\(outcome.errors)")
        }
        #expect(Bytes(try Data(contentsOf: URL(fileURLWithPath: folder.database))) == file.bytes)
    }

    @Test("An empty file is a warning, a file that ends after a chunk is none")
    func harmless() throws {
        let folder = try PersistenceFolder()
        try folder.write([])
        var broker = try folder.start()
        try broker.waitForLog(exactly: "Warning: Persistence file is empty.")
        #expect(!broker.process.errors.text.contains("Restored"))
        try broker.stop()
        try folder.write(Self.head(6) + [0, 0, 0, 99, 0, 0, 0, 2, 1, 2, 0, 0])
        broker = try folder.start()
        let warning = "Warning: Unsupported chunk \"99\" in persistent database file. Ignoring."
        try broker.waitForLog(exactly: warning)
        try broker.stop()
    }

    /// A database with what `body` writes behind the configuration.
    private func write(
        _ folder: PersistenceFolder,
        _ body: (inout DatabaseWriter) throws -> Void
    ) throws {
        var writer = try DatabaseWriter(path: folder.database)
        try writer.write(DatabaseConfiguration(lastNumber: 9, isCleanShutdown: true))
        try body(&writer)
        try writer.finish()
    }

    private func writeMessage(
        _ writer: inout DatabaseWriter,
        _ number: UInt64,
        _ topic: String,
        expiryTime: Int64 = 0,
        source: String = ""
    ) throws {
        let payload = utf8("p\(number)")
        let topic = utf8(topic)
        let message = DatabaseMessage(
            number: number,
            expiryTime: expiryTime,
            sourceIdentifier: source,
            qos: 1
        )
        try writer.write(
            message,
            topic: topic.span.bytes,
            properties: Bytes().span.bytes,
            payload: payload.span.bytes
        )
    }

    @Test(
        "Time has gone on meanwhile: for messages, retained ones and sessions",
        arguments: reactors
    )
    func timeGoesOn(workers: Int) throws {
        let folder = try PersistenceFolder()
        let now = Int64(time(nil))
        try write(folder) { writer in
            try writeMessage(&writer, 1, "t", expiryTime: now - 10)
            try writeMessage(&writer, 2, "t", expiryTime: now + 1000)
            try writeMessage(&writer, 3, "r/old", expiryTime: now - 1)
            try writeMessage(&writer, 4, "r/new")
            let clients: [(String, Int64, UInt32)] = [
                ("over", now - 5, 100), ("soon", now + 1, 100), ("later", now + 90, 100),
                ("never", 0, .max),
            ]
            for (name, expiryTime, interval) in clients {
                try writer.write(
                    DatabaseClient(
                        clientIdentifier: name,
                        userName: "user",
                        expiryTime: expiryTime,
                        expiryInterval: interval,
                        lastIdentifier: 8
                    )
                )
                for number in [UInt64(1), 2] {
                    try writer.write(
                        DatabaseDelivery(
                            clientIdentifier: name,
                            message: number,
                            identifier: UInt16(number + 6),
                            qos: 1,
                            isRetained: false,
                            isDuplicate: false,
                            direction: .outgoing,
                            state: .queued,
                            subscriptionIdentifier: 0
                        )
                    )
                }
            }
            try writer.write(retained: 3)
            try writer.write(retained: 4)
        }
        let broker = try folder.start(workers: workers, "sys_interval 1\n")
        for line in [
            "Restored 2 base messages", "Restored 1 retained messages", "Restored 4 clients",
            "Restored 0 subscriptions", "Restored 4 client messages",
            "Expiring client over due to timeout.", "Expiring client soon due to timeout.",
        ] {
            try broker.waitForLog(exactly: line)
        }
        try Sessions.open(broker, "over", .v5, present: false).disconnect()
        for name in ["later", "never"] {
            let client = try Sessions.open(broker, name, .v4, present: true)
            try client.take1("t", "p2", id: 8)
            try client.expectSilence()
        }
        let client = try RawClient.connected(to: broker, "watcher")
        try client.subscribe("r/#")
        try client.expectPublish("r/new", "p4", retain: true)
        try client.subscribe("$SYS/broker/clients/expired", id: 2)
        // Counted once a second: it may have been published before, or be just now.
        while try client.readPacket().publishParts()?.1 != "2" {}
    }

    @Test("persistent_client_expiration bounds what was left behind", arguments: reactors)
    func bounded(workers: Int) throws {
        let folder = try PersistenceFolder()
        try write(folder) { writer in
            try writer.write(DatabaseClient(clientIdentifier: "old"))
        }
        let broker = try folder.start(workers: workers, "persistent_client_expiration 1s\n")
        try broker.waitForLog(exactly: "Expiring client old due to timeout.")
    }

    @Test("What was published is still its publisher's", arguments: reactors)
    func publishers(workers: Int) throws {
        let folder = try PersistenceFolder()
        let rules = "user ok\ntopic readwrite #\nuser reader\ntopic readwrite #\n"
        let options = "check_retain_source true\nacl_file %DIR%/acl\n"
        var broker = try Broker(
            folder.configuration() + options + Broker.plain,
            workers: workers,
            files: ["acl": rules + "user lost\ntopic readwrite #\n"]
        )
        for name in ["ok", "lost"] {
            let client = try RawClient.connected(to: broker, name, username: name)
            try client.publish1("r/\(name)", "x", retain: true)
        }
        try broker.stop()
        broker = try Broker(
            folder.configuration() + options + Broker.plain,
            workers: workers,
            files: ["acl": rules]
        )
        let reader = try RawClient.connected(to: broker, "reader", username: "reader")
        try reader.subscribe("r/#")
        try reader.expectPublish("r/ok", "x", retain: true)
        try reader.expectNothing(from: reader)
    }

    @Test("The database has user name and listener of a session", arguments: reactors)
    func names(workers: Int) throws {
        let folder = try PersistenceFolder()
        let broker = try folder.start(workers: workers)
        let client = try RawClient.connected(
            to: broker,
            "c",
            .v5,
            clean: false,
            username: "somebody",
            properties: Property.sessionExpiry(500)
        )
        try client.disconnect()
        try broker.stop()
        let bytes = Bytes(try Data(contentsOf: URL(fileURLWithPath: folder.database)))
        let port = Bytes([UInt8(broker.port >> 8), UInt8(broker.port & 0xFF)])
        let end = [0, 1] + port + [0, 8, 0, 0, 0, 0] + utf8("csomebody")
        #expect(bytes.suffix(end.count) == end[...])
    }
}
