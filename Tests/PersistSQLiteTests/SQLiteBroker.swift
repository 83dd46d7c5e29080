// SPDX-License-Identifier: Apache-2.0
// Brokers one after the other on the same database.

import Foundation
import Glibc
import TestSupport

/// Brokers one after the other whose state is in the same database.
final class SQLiteBroker {
    let folder: String
    private let workers: Int
    private let options: String
    private(set) var broker: Broker?

    var path: String { folder + "/mosquitto.sqlite3" }

    init(workers: Int, _ options: String = "", starts: Bool = true) throws {
        folder = try Broker.makeDirectory()
        self.workers = workers
        self.options = options
        if starts { try start() }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func configuration(port: Int? = nil) -> String {
        "persistence_location \(folder)/\nplugin \(Broker.plugin("persist_sqlite"))\n\(options)\n"
            + "max_queued_messages 0\nlistener \(port.map { "\($0)" } ?? "%PORT%") 127.0.0.1\nallow_anonymous true\nlog_type all\n"
    }

    @discardableResult
    func start() throws -> Broker {
        let broker = try Broker(configuration(), workers: workers)
        self.broker = broker
        return broker
    }

    func kill() {
        broker?.process.signal(SIGKILL)
        _ = broker?.process.wait(seconds: 10)
        broker = nil
    }

    func stop() throws {
        try broker?.stop()
        broker = nil
    }

    /// A broker that does not start; its status and what it says.
    func refusal() throws -> (status: CInt, errors: String) {
        let file = folder + "/refused.conf"
        let user = geteuid() == 0 ? "user root\n" : ""
        try (user + configuration(port: try Broker.freePort()))
            .write(toFile: file, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", file])
        return (outcome.status, outcome.errors)
    }

    /// A session that outlives its connection.
    static func open(
        _ broker: Broker,
        _ id: String,
        present: Bool = false,
        expiry: UInt32 = 1000,
        will: TestSupport.Will? = nil
    ) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: false,
            username: "user",
            properties: Property.sessionExpiry(expiry),
            will: will,
            sessionPresent: present
        )
    }
}
