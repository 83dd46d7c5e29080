// SPDX-License-Identifier: Apache-2.0
// Which of session log and database says what a broker begins with, and what becomes of the other.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Persistence: log and database")
struct PersistenceSources {
    private func configuration(_ folder: PersistenceFolder, _ more: String = "") -> String {
        "persistence true\npersistence_location \(folder.path)/\n" + more + Broker.plain
    }

    private func start(_ folder: PersistenceFolder, repairs: Bool = false) throws -> Broker {
        try Broker(configuration(folder), workers: 2, arguments: repairs ? ["--repair"] : [])
    }

    /// A folder whose broker had a session with one message when it was stopped.
    private func stopped() throws -> PersistenceFolder {
        let folder = try PersistenceFolder()
        let broker = try start(folder)
        try leaveMessage(broker, "first", isNew: true)
        try broker.stop()
        return folder
    }

    private func leaveMessage(_ broker: Broker, _ payload: String, isNew: Bool = false) throws {
        if isNew {
            let client = try Sessions.open(broker, "kept", .v5)
            try client.subscribe("t", 1)
            try client.disconnect()
        }
        let publisher = try RawClient.connected(to: broker, unique("publisher"), .v5)
        try publisher.publish1("t", payload)
        try publisher.disconnect()
    }

    private func expectMessages(_ broker: Broker, _ payloads: [String]) throws {
        let client = try Sessions.open(broker, "kept", .v5, present: true)
        for (index, payload) in payloads.enumerated() {
            try client.take1("t", payload, id: 1 + index)
        }
        try client.expectSilence()
        try client.disconnect()
    }

    private func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func aside(_ folder: PersistenceFolder, _ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix(name + ".replaced-") }
    }

    /// Starts a broker that must not start; returns what it says.
    private func refusal(_ folder: PersistenceFolder) throws -> String {
        let file = folder.path + "/refused.conf"
        let user = geteuid() == 0 ? "user root\n" : ""
        try (user + configuration(folder).replacing("%PORT%", with: "\(try Broker.freePort())"))
            .write(toFile: file, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", file])
        #expect(outcome.status == 1, "\(outcome.errors)")
        return outcome.errors
    }

    @Test(
        "A database that cannot be opened stops the start and costs nothing",
        arguments: [true, false]
    )
    func unreadable(hasLog: Bool) throws {
        let folder = try stopped()
        if !hasLog { try FileManager.default.removeItem(atPath: folder.database + ".log") }
        let copy = folder.path + "/copy"
        #expect(rename(folder.database, copy) == 0)
        #expect(mkdir(folder.database, 0o700) == 0)
        let text = try refusal(folder)
        #expect(text.contains("mosquitto.db"), "\(text)")
        #expect(try aside(folder, "mosquitto.db.log").isEmpty)
        #expect(rmdir(folder.database) == 0 && rename(copy, folder.database) == 0)
        let broker = try start(folder)
        try expectMessages(broker, ["first"])
        try broker.stop()
    }

    @Test("Half a database stops the start; with --repair the session log counts")
    func half() throws {
        let folder = try stopped()
        let whole = Bytes(try Data(contentsOf: URL(fileURLWithPath: folder.database)))
        try folder.write(Bytes(whole.prefix(whole.count / 2)))
        let text = try refusal(folder)
        #expect(text.contains("Start with --repair to begin with the session log instead."))
        #expect(isThere(folder.database + ".log"))
        let broker = try start(folder, repairs: true)
        #expect(try aside(folder, "mosquitto.db").count == 1)
        try expectMessages(broker, ["first"])
        try broker.stop()
    }

    @Test("An empty database says nothing: the session log counts")
    func empty() throws {
        let folder = try stopped()
        try folder.write([])
        let broker = try start(folder)
        try broker.waitForLog(containing: "mosquitto.db is empty: the session log counts.")
        try expectMessages(broker, ["first"])
        try broker.stop()
    }

    @Test("A database that was removed begins with nothing, and the log is put aside")
    func removed() throws {
        let folder = try stopped()
        #expect(unlink(folder.database) == 0)
        let broker = try start(folder)
        #expect(try aside(folder, "mosquitto.db.log").count == 1)
        let client = try Sessions.open(broker, "kept", .v5, present: false)
        try client.disconnect()
        try broker.stop()
    }

    @Test("A clean shutdown whose log cannot be written counts, and the old log does not")
    func failedLog() throws {
        let folder = try stopped()
        let disk = try FaultyDisk()
        var broker = try Broker(
            configuration(folder, "persistence_fsync always\n"),
            workers: 2,
            environment: disk.environment
        )
        let client = try Sessions.open(broker, "kept", .v5, present: true)
        try client.expectPublish("t", "first", qos: 1, id: 1)
        try disk.set(.writing)
        let mark = broker.logMark
        let publisher = try RawClient.connected(to: broker, "old", .v4)
        publisher.send(Wire.publish(.v4, "t", "second", qos: 1, id: 1))
        try broker.waitForLog(containing: "Error: Unable to write the session log", from: mark)
        // Both are acknowledged while nothing can be recorded.
        client.send(Wire.puback(1))
        try client.take1("t", "second", id: 2)
        try client.expectSilence()
        try client.disconnect()
        try broker.stop()
        #expect(try aside(folder, "mosquitto.db.log").count == 1)
        broker = try start(folder)
        try expectMessages(broker, [])
        try broker.stop()
    }
}
