// SPDX-License-Identifier: Apache-2.0
// An open database.

import CSQLite
import Glibc

/// An open database; on one thread.
final class SQLiteConnection {
    private let pointer: OpaquePointer

    /// Opens a file, which is made, for its owner alone, where there is none.
    init(path: String) throws(SQLiteError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SQLiteError("open \(path)", reason: String(cString: strerror(errno)))
        }
        _ = close(descriptor)
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let error = SQLiteError("open \(path)", opened)
            sqlite3_close_v2(opened)
            throw error
        }
        pointer = opened
    }

    deinit { sqlite3_close_v2(pointer) }

    /// Runs statements that have no values.
    func run(_ text: String) throws(SQLiteError) {
        guard sqlite3_exec(pointer, text, nil, nil, nil) == SQLITE_OK else {
            throw SQLiteError(text, pointer)
        }
    }

    func prepare(_ text: String) throws(SQLiteError) -> SQLiteStatement {
        try SQLiteStatement(text, on: pointer)
    }

    /// Whether a transaction is open: an error may have ended it.
    var isInTransaction: Bool { sqlite3_get_autocommit(pointer) == 0 }

    /// Moves all of the write-ahead log into the database.
    func checkpoint() {
        sqlite3_wal_checkpoint_v2(pointer, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    }
}
