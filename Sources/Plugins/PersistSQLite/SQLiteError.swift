// SPDX-License-Identifier: Apache-2.0
// What SQLite complains about.

import CSQLite

/// What SQLite complains about.
struct SQLiteError: Error, CustomStringConvertible {
    /// What was to be done.
    let operation: String
    /// Why it could not be.
    let reason: String

    init(_ operation: String, _ connection: OpaquePointer?) {
        self.operation = operation
        reason = connection.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
    }

    init(_ operation: String, reason: String) {
        self.operation = operation
        self.reason = reason
    }

    var description: String { "\(operation): \(reason)" }
}
