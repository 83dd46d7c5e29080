// SPDX-License-Identifier: Apache-2.0
// The SQLite plugin in the real broker: what is in the file, and what comes of it.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Persistence in SQLite")
struct PersistSQLiteTests {
    @Test("The file has the original's tables and values", arguments: Broker.reactorCounts)
    func values(workers: Int) throws {
        let kept = try SQLiteBroker(workers: workers, "plugin_opt_flush_period 0")
        let broker = try #require(kept.broker)
        let client = try SQLiteBroker.open(broker, "c", expiry: .max)
        client.send(
            Wire.subscribe(
                .v5,
                id: 1,
                [("t", 0x2D)],
                properties: Property.subscriptionIdentifier(5)
            )
        )
        try client.expect(Wire.suback(.v5, id: 1, [1]))
        client.send(Wire.subscribe(.v5, id: 2, [("$share/g/s", 1)]))
        try client.expect(Wire.suback(.v5, id: 2, [1]))
        try client.disconnect()
        let passing = try RawClient.connected(
            to: broker,
            "p",
            .v5,
            will: TestSupport.Will("12", "gone", qos: 1, properties: Property.contentType("x"))
        )
        let properties =
            Property.payloadFormat(1) + Property.contentType("text")
            + Property.correlationData([0xAB, 0x01]) + Property.user("k", "v")
        try passing.publish1("t", "hello", id: 9, properties: properties)
        passing.send(Wire.publish(.v5, "1.50", "n", qos: 1, id: 10, retain: true))
        try passing.expect(Wire.puback(10, 0x10))
        let database = try Database(kept.path)
        try waitUntil { try database.number("SELECT count(*) FROM retains") == 1 }
        let port = broker.port
        #expect(
            try database.rows(
                "SELECT client_id, username, session_expiry_time, listener_port, max_qos, session_expiry_interval FROM clients"
            )
                == ["c|user|0|\(port)|2|-1"]
        )
        #expect(
            try database.rows("SELECT * FROM subscriptions ORDER BY topic")
                == ["c|$share/g/s|1|0", "c|t|45|5"]
        )
        #expect(
            try database.rows(
                "SELECT client_id, dup, direction, mid, qos, retain, state, subscription_identifier FROM client_msgs"
            )
                == ["c|0|1|1|1|0|11|5"]
        )
        #expect(
            try database.rows(
                "SELECT topic, payload, source_id, source_port, qos, retain, properties FROM base_msgs ORDER BY store_id"
            )
            .contains(
                #"t|hello|p|\#(port)|1|0|[{"identifier":"payload-format-indicator","value":1},{"identifier":"content-type","value":"text"},{"identifier":"correlation-data","value":"AB01"},{"identifier":"user-property","name":"k","value":"v"}]"#
            )
        )
        #expect(try database.rows("SELECT topic FROM retains") == ["1.50"])
        #expect(
            try database.rows(
                "SELECT client_id, payload, topic, payloadlen, qos, retain, properties FROM wills"
            )
                == [#"p|gone|12|4|1|0|[{"identifier":"content-type","value":"x"}]"#]
        )
        #expect(try database.rows("SELECT * FROM version_info") == ["database_schema|1|1|0"])
        let types = try database.rows("SELECT name, type FROM pragma_table_info('base_msgs')")
        #expect(types.first == "store_id|INT64" && types.contains("topic|STRING"))
        var status = stat()
        #expect(stat(kept.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        passing.abort()
    }

    @Test("Everything comes back after a crash and after a stop", arguments: Broker.reactorCounts)
    func restored(workers: Int) throws {
        let kept = try SQLiteBroker(
            workers: workers,
            "plugin_opt_flush_period 0\nplugin_opt_sync full"
        )
        var broker = try #require(kept.broker)
        let watcher = try SQLiteBroker.open(broker, "watcher")
        try watcher.subscribe("w", 1)
        try watcher.disconnect()
        let busy = try SQLiteBroker.open(broker, "busy")
        try busy.subscribe("t/#", 2)
        let publisher = try RawClient.connected(
            to: broker,
            "pub",
            .v5,
            will: TestSupport.Will("w", "bye", qos: 1)
        )
        for id in 1...3 { try publisher.publish2("t/\(id)", "m\(id)", id: id) }
        for id in 1...3 { try busy.expectPublish("t/\(id)", "m\(id)", qos: 2, id: id) }
        busy.send(Wire.pubrec(1))
        try busy.expect(Wire.pubrel(1))
        publisher.send(Wire.publish(.v5, "1e3", "kept", qos: 1, id: 9, retain: true))
        try publisher.expect(Wire.puback(9, 0x10))
        let database = try Database(kept.path)
        try waitUntil {
            try database.number("SELECT count(*) FROM client_msgs WHERE state=9") == 1
                && database.number("SELECT count(*) FROM retains") == 1
                && database.number("SELECT count(*) FROM wills") == 1
        }
        kept.kill()
        publisher.abort()
        broker = try kept.start()
        try broker.waitForLog(exactly: "sqlite: Restored 4 base messages (0 failed)")
        try broker.waitForLog(exactly: "sqlite: Restored 3 client messages (0 failed)")
        let again = try SQLiteBroker.open(broker, "busy", present: true)
        try again.expect(Wire.pubrel(1))
        for id in 2...3 {
            try again.expectPublish("t/\(id)", "m\(id)", qos: 2, id: id, dup: true)
        }
        again.send(Wire.pubcomp(1) + Wire.pubrec(2) + Wire.pubrec(3))
        try again.expect(Wire.pubrel(2))
        try again.expect(Wire.pubrel(3))
        again.send(Wire.pubcomp(2) + Wire.pubcomp(3))
        let back = try SQLiteBroker.open(broker, "watcher", present: true)
        try back.take1("w", "bye", id: 1)
        try back.disconnect()
        try again.subscribe("1e3", 0, id: 7)
        try again.expectPublish("1e3", "kept", retain: true)
        try again.disconnect()
        try kept.stop()
        #expect(try database.rows("SELECT topic FROM base_msgs") == ["1e3"])
        #expect(try database.number("SELECT count(*) FROM client_msgs") == 0)
        #expect(try database.number("SELECT count(*) FROM wills") == 0)
        broker = try kept.start()
        let last = try SQLiteBroker.open(broker, "busy", present: true)
        try last.expectSilence()
        try kept.stop()
    }

    @Test("A file of version 1.0 is upgraded")
    func upgrade() throws {
        let kept = try SQLiteBroker(workers: 1, starts: false)
        try Database.writeOld(kept.path)
        let broker = try kept.start()
        try broker.waitForLog(containing: "sqlite: Restored 2 base messages (0 failed)")
        try broker.waitForLog(containing: "Skipped 1 properties")
        let client = try RawClient.connected(
            to: broker,
            "old",
            .v5,
            clean: false,
            sessionPresent: true
        )
        try client.expectPublish(
            "a/b",
            "hi",
            qos: 1,
            id: 1,
            properties: Property.contentType("text") + Property.user("k", "v")
        )
        client.send(Wire.puback(1))
        // What the original took for a number stays one.
        try client.subscribe("#", 0, id: 3)
        try client.expectPublish("1.5", "n", retain: true)
        try client.disconnect()
        try kept.stop()
        let database = try Database(kept.path)
        #expect(try database.rows("SELECT * FROM version_info") == ["database_schema|1|1|0"])
        #expect(try database.number("SELECT count(*) FROM client_msgs") == 0)
        #expect(try database.rows("SELECT topic FROM base_msgs") == ["1.5"])
    }

    @Test("A file of a version that is not known, or none, stops the start and stays")
    func refused() throws {
        let kept = try SQLiteBroker(workers: 1, starts: false)
        try Database.writeOld(kept.path, version: "2, 3, 4")
        var outcome = try kept.refusal()
        #expect(outcome.status != 0)
        #expect(
            outcome.errors.contains("Sqlite persistence: Unknown database_schema version 2.3.4"),
            "\(outcome.errors)"
        )
        #expect(try Database(kept.path).rows("SELECT major FROM version_info") == ["2"])
        try FileManager.default.removeItem(atPath: kept.path)
        let text = String(repeating: "no database\n", count: 100)
        try text.write(toFile: kept.path, atomically: false, encoding: .utf8)
        outcome = try kept.refusal()
        #expect(
            outcome.status != 0 && outcome.errors.contains("Sqlite persistence: "),
            "\(outcome.errors)"
        )
        #expect(try String(contentsOfFile: kept.path, encoding: .utf8) == text)
    }

    @Test("Options that cannot be are refused in the original's words")
    func options() throws {
        let wrong = [
            ("sync sometimes", "Sqlite persistence: Invalid plugin_opt_sync value 'sometimes'."),
            ("flush_period -1", "Error: Invalid 'flush_period' value -1 in configuration."),
            ("page_size 0", "Error: Invalid 'page_size' value 0 in configuration."),
        ]
        for (option, line) in wrong {
            let kept = try SQLiteBroker(workers: 1, "plugin_opt_\(option)", starts: false)
            let outcome = try kept.refusal()
            #expect(outcome.status == 3 && outcome.errors.contains(line), "\(outcome.errors)")
        }
        let nowhere = "plugin \(Broker.plugin("persist_sqlite"))\n" + Broker.plain
        let broker = try Broker(nowhere, workers: 1)
        try broker.waitForLog(
            exactly:
                "Warning: Sqlite persistence plugin has no plugin_opt_db_file defined. The plugin will not be activated."
        )
        try broker.stop()
        let elsewhere = try Broker(
            "plugin \(Broker.plugin("persist_sqlite"))\nplugin_opt_db_file %DIR%/other.db\nplugin_opt_sync Extra\n"
                + Broker.plain,
            workers: 1
        )
        #expect(access(elsewhere.directory + "/other.db", F_OK) == 0)
        try elsewhere.stop()
        try elsewhere.waitForLog(exactly: "Sqlite persistence: Closed DB")
    }

    @Test("Commits follow each other by the period, to 50 ms")
    func period() throws {
        let kept = try SQLiteBroker(workers: 1, "plugin_opt_flush_period 1")
        let broker = try #require(kept.broker)
        let client = try SQLiteBroker.open(broker, "first")
        let database = try Database(kept.path)
        // A machine that is busy for a moment may be late once.
        var intervals: [Double] = []
        for _ in 0..<4 {
            intervals = try commits(4, in: database, client)
            if intervals.allSatisfy({ abs($0 - 1) <= 0.05 }) { break }
        }
        #expect(intervals.allSatisfy { abs($0 - 1) <= 0.05 }, "\(intervals)")
        try kept.stop()
    }

    /// Changes something all the time; the seconds between commits.
    private func commits(
        _ count: Int,
        in database: Database,
        _ client: RawClient
    ) throws -> [Double] {
        var last: Double?
        var version = try database.number("PRAGMA data_version")
        var intervals: [Double] = []
        var step = 0
        let deadline = Date().addingTimeInterval(20)
        while intervals.count < count {
            guard Date() < deadline else { throw Mismatch("nothing is committed") }
            step += 1
            if step % 8 == 0 { client.send(Wire.subscribe(.v5, id: step % 60000 + 1, [("t", 0)])) }
            usleep(1000)
            let now = ProcessInfo.processInfo.systemUptime
            let found = try database.number("PRAGMA data_version")
            guard found != version else { continue }
            version = found
            if let last { intervals.append(now - last) }
            last = now
        }
        return intervals
    }

    @Test("What is changed while nothing else happens is on the disk within the period")
    func lonely() throws {
        let kept = try SQLiteBroker(workers: 1, "plugin_opt_flush_period 1")
        let broker = try #require(kept.broker)
        let database = try Database(kept.path)
        let client = try SQLiteBroker.open(broker, "first")
        try waitUntil { try database.number("SELECT count(*) FROM clients") == 1 }
        // A period has just begun.
        let began = ProcessInfo.processInfo.systemUptime
        try client.subscribe("t", 1)
        #expect(try database.number("SELECT count(*) FROM subscriptions") == 0)
        try waitUntil { try database.number("SELECT count(*) FROM subscriptions") == 1 }
        let elapsed = ProcessInfo.processInfo.systemUptime - began
        #expect(elapsed > 0.7 && elapsed < 2, "\(elapsed)")
        try kept.stop()
    }

    private func waitUntil(_ isDone: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(10)
        while try !isDone() {
            guard Date() < deadline else { throw Mismatch("it does not come true") }
            usleep(5000)
        }
    }
}
