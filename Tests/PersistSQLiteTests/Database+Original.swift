// SPDX-License-Identifier: Apache-2.0
// What the original's plugin of version 2.1 leaves when its broker is killed.

import Foundation
import TestSupport

extension Database {
    /// Writes a file as the original's statements do: texts that look like numbers have become some, and
    /// numbers above 2^63 and 2^31 are negative.
    static func writeCurrent(_ path: String, now: Int) throws {
        let database = try Database(path)
        try database.run(
            """
            PRAGMA page_size=4096;
            PRAGMA journal_mode=WAL;
            \(Self.lastingTables)
            CREATE TABLE client_msgs (client_id TEXT NOT NULL, cmsg_id INT64, store_id INT64, dup INTEGER,
              direction INTEGER, mid INTEGER, qos INTEGER, retain INTEGER, state INTEGER,
              subscription_identifier INTEGER);
            CREATE TABLE wills (client_id TEXT PRIMARY KEY, payload BLOB, topic STRING NOT NULL, payloadlen INTEGER,
              qos INTEGER, retain INTEGER, properties STRING);
            CREATE TABLE version_info (component TEXT NOT NULL, major INTEGER NOT NULL, minor INTEGER NOT NULL,
              patch INTEGER NOT NULL);
            CREATE INDEX client_msgs_client_id ON client_msgs(client_id);
            CREATE INDEX client_msgs_store_id ON client_msgs(store_id, client_id);
            CREATE INDEX retains_storeid ON retains(store_id);
            INSERT INTO version_info VALUES ('database_schema', 1, 1, 0);
            """
        )
        try database.run(
            """
            INSERT INTO base_msgs VALUES (7000000000000000001, 0, 's/1', x'61', '007', '1e2', 1, 3, 1883, 1, 0,
              '[{"identifier":"correlation-data","value":"AB01"},{"identifier":"user-property","name":"k","value":"v"}]');
            INSERT INTO base_msgs VALUES (7000000000000000002, \(now + 500), 's/2', NULL, 'pub', NULL, 0, 4, 0, 1, 0, NULL);
            INSERT INTO base_msgs VALUES (7000000000000000003, \(now - 10), 's/3', x'62', 'pub', NULL, 1, 5, 0, 1, 0, NULL);
            INSERT INTO base_msgs VALUES (-9000000000000000000, 0, '42', x'6e', NULL, NULL, 1, 0, 0, 0, 1, NULL);
            INSERT INTO base_msgs VALUES (7000000000000000004, 0, 's/in', x'69', 'c', NULL, 1, 77, 0, 2, 0, NULL);
            INSERT INTO base_msgs VALUES (7000000000000000005, 0, 's/x', x'78', 'pub', NULL, 1, 6, 0, 1, 0, NULL);
            INSERT INTO retains VALUES ('42', -9000000000000000000);
            INSERT INTO clients VALUES ('c', 'user', \(now - 60), 0, 0, 1883, 0, 2, 1, -1, 0);
            INSERT INTO clients VALUES ('f', NULL, \(now - 60), 0, \(now + 500), 1883, 0, 2, 1, 1000, 0);
            INSERT INTO clients VALUES ('x', NULL, \(now - 60), 0, \(now - 10), 1883, 0, 2, 1, 50, 0);
            INSERT INTO subscriptions VALUES ('c', 's/#', 1, 5);
            INSERT INTO subscriptions VALUES ('c', '$share/g/t', 1, 0);
            INSERT INTO subscriptions VALUES ('f', 'w', 1, 0);
            INSERT INTO client_msgs VALUES ('c', 4, 7000000000000000001, 1, 1, 9, 1, 0, 3, 5);
            INSERT INTO client_msgs VALUES ('c', 5, 7000000000000000002, 0, 1, 0, 1, 0, 11, 5);
            INSERT INTO client_msgs VALUES ('c', 6, 7000000000000000003, 0, 1, 0, 1, 0, 11, 5);
            INSERT INTO client_msgs VALUES ('c', 7, 7000000000000000004, 0, 0, 77, 2, 0, 7, 0);
            INSERT INTO client_msgs VALUES ('x', 1, 7000000000000000005, 0, 1, 0, 1, 0, 11, 0);
            INSERT INTO wills VALUES ('c', x'31', 'w', 1, 1, 0, NULL);
            INSERT INTO wills VALUES ('passing', x'32', 'w', 1, 1, 0, '[{"identifier":"content-type","value":"t"}]');
            """
        )
    }
}
