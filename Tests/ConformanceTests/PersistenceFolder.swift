// SPDX-License-Identifier: Apache-2.0
// A folder in which one broker leaves what the next one begins with.

import Foundation
import Glibc
import TestSupport

/// A folder for `mosquitto.db` that outlives the brokers that use it.
final class PersistenceFolder {
    let path: String

    init() throws { path = try Broker.makeDirectory() }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/mosquitto.db" }

    /// Whether the database is there.
    var hasDatabase: Bool { access(database, F_OK) == 0 }

    /// The lines every configuration here has.
    func configuration(of program: Broker.Program = .underTest) -> String {
        let own = program == .original ? "" : "persistence_log false\n"
        return "persistence true\npersistence_location \(path)/\n" + own
    }

    /// Starts a broker that keeps its state here.
    func start(
        workers: Int = 1,
        of program: Broker.Program = .underTest,
        _ options: String = ""
    ) throws -> Broker {
        try Broker(
            configuration(of: program) + options + Broker.plain,
            of: program,
            workers: workers
        )
    }

    /// Puts a file in the place of the database.
    func write(_ bytes: Bytes) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: database))
        chmod(database, 0o600)
    }

    /// Numbers of reactors before and after a restart.
    static let changes: [(before: Int, after: Int)] =
        Broker.knowsWorkerThreads ? [(1, 1), (2, 2), (4, 4), (1, 4), (4, 2), (2, 1)] : [(1, 1)]
}
