// SPDX-License-Identifier: Apache-2.0
// The tables, as version 1.1.0 of the original's plugin has them.

/// The tables and their versions.
///
/// STRING is no type that SQLite knows as text: such columns take what looks like a number for one. The
/// declared types stay, or the original could not use the file.
enum Schema {
    static let component = "database_schema"

    private static let tables = [
        """
        CREATE TABLE IF NOT EXISTS base_msgs (store_id INT64 PRIMARY KEY, expiry_time INT64, topic STRING NOT NULL,
        payload BLOB, source_id STRING, source_username STRING, payloadlen INTEGER, source_mid INTEGER,
        source_port INTEGER, qos INTEGER, retain INTEGER, properties STRING);
        """,
        "CREATE TABLE IF NOT EXISTS retains (topic STRING PRIMARY KEY, store_id INT64);",
        """
        CREATE TABLE IF NOT EXISTS clients (client_id TEXT PRIMARY KEY, username TEXT, connection_time INT64,
        will_delay_time INT64, session_expiry_time INT64, listener_port INT, max_packet_size INT, max_qos INT,
        retain_available INT, session_expiry_interval INT, will_delay_interval INT);
        """,
        """
        CREATE TABLE IF NOT EXISTS subscriptions (client_id TEXT NOT NULL, topic TEXT NOT NULL,
        subscription_options INTEGER, subscription_identifier INTEGER, PRIMARY KEY (client_id, topic));
        """,
        """
        CREATE TABLE IF NOT EXISTS client_msgs (client_id TEXT NOT NULL, cmsg_id INT64, store_id INT64, dup INTEGER,
        direction INTEGER, mid INTEGER, qos INTEGER, retain INTEGER, state INTEGER, subscription_identifier INTEGER);
        """,
        """
        CREATE TABLE IF NOT EXISTS wills (client_id TEXT PRIMARY KEY, payload BLOB, topic STRING NOT NULL,
        payloadlen INTEGER, qos INTEGER, retain INTEGER, properties STRING);
        """,
        """
        CREATE TABLE IF NOT EXISTS version_info (component TEXT NOT NULL, major INTEGER NOT NULL,
        minor INTEGER NOT NULL, patch INTEGER NOT NULL);
        """,
    ]

    private static let indexes = [
        "CREATE INDEX IF NOT EXISTS client_msgs_client_id ON client_msgs(client_id);",
        "DROP INDEX IF EXISTS client_msgs_store_id;",
        "CREATE INDEX client_msgs_store_id ON client_msgs(store_id, client_id);",
        "CREATE INDEX IF NOT EXISTS retains_storeid ON retains(store_id);",
    ]

    /// Sees to it that everything is there, in a version that is known.
    static func prepare(_ connection: SQLiteConnection) throws(SQLiteError) {
        for table in tables { try connection.run(table) }
        // Early files lack these; where they are there, an error is what is wanted.
        for column in ["cmsg_id INT64", "subscription_identifier INTEGER"] {
            try? connection.run("ALTER TABLE client_msgs ADD COLUMN \(column);")
        }
        for index in indexes { try connection.run(index) }
        try checkVersion(connection)
    }

    private static func checkVersion(_ connection: SQLiteConnection) throws(SQLiteError) {
        let query = try connection.prepare(
            "SELECT major, minor, patch FROM version_info WHERE component='\(component)'"
        )
        guard try query.step() else {
            query.reset()
            return try connection.run(
                "INSERT INTO version_info(component, major, minor, patch) VALUES ('\(component)', 1, 1, 0);"
            )
        }
        let version = (query.integer(0), query.integer(1), query.integer(2))
        query.reset()
        switch (version.0, version.1) {
        case (1, 1): return
        case (1, 0):
            // What it lacks, the wills, is there by now.
            try connection.run(
                "UPDATE version_info SET major=1, minor=1, patch=0 WHERE component='\(component)';"
            )
        default:
            throw SQLiteError(
                "open",
                reason: "Unknown database_schema version \(version.0).\(version.1).\(version.2)"
            )
        }
    }
}
