// SPDX-License-Identifier: Apache-2.0
// The database of sessions and messages, with its one transaction.

import Glibc

/// The database of sessions and messages.
///
/// A transaction is always open; `flush` ends it and begins the next one, so that what is on the disk is always the
/// state of one moment.
final class StateDatabase {
    let connection: SQLiteConnection
    let statements: StateStatements
    /// Whether anything was changed since the last flush.
    private(set) var isDirty = false

    init(path: String, _ options: SQLiteOptions) throws(SQLiteError) {
        connection = try SQLiteConnection(path: path)
        try connection.run("PRAGMA page_size=\(options.pageSize);")
        try connection.run("PRAGMA journal_mode=WAL;")
        try connection.run("PRAGMA foreign_keys=ON;")
        try connection.run("PRAGMA synchronous=\(options.synchronous.rawValue);")
        try Schema.prepare(connection)
        statements = try StateStatements(connection)
        try connection.run("BEGIN;")
    }

    /// Something was changed.
    func noteChange() { isDirty = true }

    /// Commits what was changed.
    func flush() throws(SQLiteError) {
        guard isDirty else { return }
        isDirty = false
        try commit()
        try connection.run("BEGIN;")
    }

    private func commit() throws(SQLiteError) {
        // An error may have ended it.
        if connection.isInTransaction { try connection.run("END;") }
    }

    /// Commits everything, for good.
    func close() throws(SQLiteError) {
        try commit()
        connection.checkpoint()
    }
}
