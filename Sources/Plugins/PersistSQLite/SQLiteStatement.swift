// SPDX-License-Identifier: Apache-2.0
// A prepared statement.

import CSQLite

/// A prepared statement that is run again and again; on one thread.
///
/// Values are bound by their place, from 1. Bytes that are bound must stay until `run` or `reset`.
final class SQLiteStatement {
    private let statement: OpaquePointer
    private let connection: OpaquePointer
    private let text: String

    init(_ text: String, on connection: OpaquePointer) throws(SQLiteError) {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(
            connection,
            text,
            -1,
            UInt32(SQLITE_PREPARE_PERSISTENT),
            &statement,
            nil
        )
        guard code == SQLITE_OK, let statement else { throw SQLiteError(text, connection) }
        self.statement = statement
        self.connection = connection
        self.text = text
    }

    deinit { sqlite3_finalize(statement) }

    // MARK: Values

    func bind(_ place: Int32, _ value: Int64) { sqlite3_bind_int64(statement, place, value) }

    /// A 32-bit number as the original stores it: signed.
    func bind(_ place: Int32, _ value: UInt32) {
        sqlite3_bind_int(statement, place, Int32(bitPattern: value))
    }

    /// A message's number: its bits.
    func bind(_ place: Int32, number: UInt64) {
        sqlite3_bind_int64(statement, place, Int64(bitPattern: number))
    }

    func bindNull(_ place: Int32) { sqlite3_bind_null(statement, place) }

    /// Text for a column that is one.
    func bind(_ place: Int32, text: Span<UInt8>) {
        text.withUnsafeBufferPointer { bytes in
            bindText(place, UnsafeRawBufferPointer(bytes))
        }
    }

    /// Text for a column of type STRING, which SQLite takes for a number where it can: what looks like one
    /// goes as bytes, or `1.50` would come back as `1.5`.
    func bind(_ place: Int32, string: Span<UInt8>) {
        string.withUnsafeBufferPointer { bytes in
            if bytes.allSatisfy(Self.isOfNumber) {
                bindBytes(place, UnsafeRawBufferPointer(bytes))
            } else {
                bindText(place, UnsafeRawBufferPointer(bytes))
            }
        }
    }

    /// A text of its own, which is copied.
    func bind(_ place: Int32, copy text: [UInt8]) {
        text.withUnsafeBytes { bytes in
            let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            let count = Int32(truncatingIfNeeded: bytes.count)
            sqlite3_bind_text(statement, place, start, count, copies)
        }
    }

    /// Text where SQLite may take it for a number, as the original stores it.
    func bind(_ place: Int32, numeric text: Span<UInt8>) { bind(place, text: text) }

    /// Bytes; none is NULL.
    func bind(_ place: Int32, blob: Span<UInt8>) {
        guard !blob.isEmpty else { return bindNull(place) }
        blob.withUnsafeBufferPointer { bindBytes(place, UnsafeRawBufferPointer($0)) }
    }

    /// Whether a text looks like a number to SQLite, or nearly so.
    static func looksLikeNumber(_ text: Span<UInt8>) -> Bool {
        text.withUnsafeBufferPointer { $0.allSatisfy(isOfNumber) }
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), 9...13, 32:
            true
        default: false
        }
    }

    private func bindText(_ place: Int32, _ bytes: UnsafeRawBufferPointer) {
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        // SQLITE_STATIC: nothing is copied.
        guard let start else {
            sqlite3_bind_text(statement, place, "", 0, nil)
            return
        }
        sqlite3_bind_text(statement, place, start, Int32(truncatingIfNeeded: bytes.count), nil)
    }

    private func bindBytes(_ place: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else {
            sqlite3_bind_zeroblob(statement, place, 0)
            return
        }
        sqlite3_bind_blob(statement, place, start, Int32(truncatingIfNeeded: bytes.count), nil)
    }

    // MARK: Running

    /// Runs a statement that has no rows.
    func run() throws(SQLiteError) {
        let code = sqlite3_step(statement)
        defer { reset() }
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            throw SQLiteError(text, connection)
        }
    }

    /// The next row, if there is one.
    func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteError(text, connection)
        }
    }

    /// Lets go of rows and of what was bound.
    func reset() { sqlite3_reset(statement) }

    // MARK: Columns, from 0

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    func number(_ column: Int32) -> UInt64 { UInt64(bitPattern: integer(column)) }

    /// A 32-bit number that was stored as a signed one.
    func word(_ column: Int32) -> UInt32 { UInt32(truncatingIfNeeded: integer(column)) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    /// As text, whatever it is stored as; nil for NULL.
    func bytes(_ column: Int32) -> [UInt8]? {
        guard !isNull(column) else { return nil }
        guard let text = sqlite3_column_text(statement, column) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, column))
        return Array(UnsafeBufferPointer(start: text, count: count))
    }

    /// The same as a String.
    func text(_ column: Int32) -> String? {
        bytes(column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Bytes, none for NULL.
    func blob(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
