// SPDX-License-Identifier: Apache-2.0
// A database of the plugin, looked at and made by hand.

import CSQLite
import TestSupport

/// A connection of a test's own.
final class Database {
    private let pointer: OpaquePointer

    init(_ path: String) throws {
        var opened: OpaquePointer?
        guard sqlite3_open(path, &opened) == SQLITE_OK, let opened else {
            throw Mismatch("open \(path)")
        }
        pointer = opened
        sqlite3_busy_timeout(opened, 5000)
    }

    deinit { sqlite3_close(pointer) }

    func run(_ text: String) throws {
        guard sqlite3_exec(pointer, text, nil, nil, nil) == SQLITE_OK else {
            throw Mismatch("\(String(cString: sqlite3_errmsg(pointer))) in \(text)")
        }
    }

    /// All rows, each as its values as text with `|` between; NULL is empty.
    func rows(_ text: String) throws -> [String] {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(pointer, text, -1, &statement, nil) == SQLITE_OK else {
            throw Mismatch("\(String(cString: sqlite3_errmsg(pointer))) in \(text)")
        }
        defer { sqlite3_finalize(statement) }
        var rows: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            let values = (0..<sqlite3_column_count(statement)).map { column in
                sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
            }
            rows.append(values.joined(separator: "|"))
        }
        return rows
    }

    /// The first value of the first row.
    func number(_ text: String) throws -> Int { try rows(text).first.flatMap { Int($0) } ?? -1 }

    /// The tables that are the same in all versions of the original's schema.
    static let lastingTables = """
        CREATE TABLE base_msgs (store_id INT64 PRIMARY KEY, expiry_time INT64, topic STRING NOT NULL,
          payload BLOB, source_id STRING, source_username STRING, payloadlen INTEGER, source_mid INTEGER,
          source_port INTEGER, qos INTEGER, retain INTEGER, properties STRING);
        CREATE TABLE retains (topic STRING PRIMARY KEY, store_id INT64);
        CREATE TABLE clients (client_id TEXT PRIMARY KEY, username TEXT, connection_time INT64,
          will_delay_time INT64, session_expiry_time INT64, listener_port INT, max_packet_size INT,
          max_qos INT, retain_available INT, session_expiry_interval INT, will_delay_interval INT);
        CREATE TABLE subscriptions (client_id TEXT NOT NULL, topic TEXT NOT NULL,
          subscription_options INTEGER, subscription_identifier INTEGER, PRIMARY KEY (client_id, topic));
        """

    /// What version 1.0.0 of the original's plugin left: no wills, deliveries without numbers.
    static func writeOld(_ path: String, version: String = "1, 0, 0") throws {
        let database = try Database(path)
        try database.run(
            """
            PRAGMA journal_mode=WAL;
            \(Self.lastingTables)
            CREATE TABLE client_msgs (client_id TEXT NOT NULL, store_id INT64, dup INTEGER, direction INTEGER,
              mid INTEGER, qos INTEGER, retain INTEGER, state INTEGER);
            CREATE TABLE version_info (component TEXT NOT NULL, major INTEGER NOT NULL, minor INTEGER NOT NULL,
              patch INTEGER NOT NULL);
            INSERT INTO version_info VALUES ('database_schema', \(version));
            INSERT INTO base_msgs VALUES (1001, 0, 'a/b', x'6869', 'pub', 'user', 2, 7, 1883, 1, 0,
              '[{"identifier":"content-type","value":"text"},{"identifier":"user-property","name":"k","value":"v"},'
              || '{"identifier":"unknown","value":"x"}]');
            INSERT INTO base_msgs VALUES (1002, 0, '1.50', x'6e', NULL, NULL, 1, 0, 0, 0, 1, NULL);
            INSERT INTO retains VALUES ('1.50', 1002);
            INSERT INTO clients VALUES ('old', NULL, 0, 0, 0, 1883, 0, 2, 1, -1, 0);
            INSERT INTO subscriptions VALUES ('old', 'a/#', 1, 9);
            INSERT INTO client_msgs VALUES ('old', 1001, 0, 1, 1, 1, 0, 11);
            """
        )
    }
}
