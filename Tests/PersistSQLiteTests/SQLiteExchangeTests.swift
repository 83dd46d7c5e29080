// SPDX-License-Identifier: Apache-2.0
// Databases that go from the original's plugin to ours and back.

import Foundation
import TestSupport
import Testing

@Suite("Persistence in SQLite: to and from the original")
struct SQLiteExchangeTests {
    @Test("What the original has left goes on", arguments: Broker.reactorCounts)
    func fromTheOriginal(workers: Int) throws {
        let kept = try SQLiteBroker(workers: workers, starts: false)
        try Database.writeCurrent(kept.path, now: Int(Date().timeIntervalSince1970))
        var broker = try kept.start()
        for line in [
            "sqlite: Restored 6 base messages (0 failed)",
            "sqlite: Restored 1 retained messages (0 failed)",
            "sqlite: Restored 3 clients (0 failed)", "sqlite: Restored 3 subscriptions (0 failed)",
            "sqlite: Restored 5 client messages (0 failed)",
            "sqlite: Restored 2 will messages (0 failed)",
        ] {
            try broker.waitForLog(exactly: line)
        }
        let client = try SQLiteBroker.open(broker, "c", present: true, expiry: .max)
        let identifier = Property.subscriptionIdentifier(5)
        // It was sent before; the one behind it never, and the third is too old.
        try client.expectPublish(
            "s/1",
            "a",
            qos: 1,
            id: 9,
            dup: true,
            properties: Property.correlationData([0xAB, 0x01]) + Property.user("k", "v")
                + identifier
        )
        try take("s/2", client)
        client.send(Wire.puback(9) + Wire.pubrel(77))
        // The one that was received is delivered when it is released.
        for _ in 1...2 {
            let packet = try client.readPacket()
            if packet != Wire.pubcomp(77) { try acknowledge("s/in", packet, client) }
        }
        // Both of them were connected when the broker was killed.
        let heir = try SQLiteBroker.open(broker, "f", present: true)
        let wills = try [heir.readPacket(), heir.readPacket()].map {
            String(decoding: $0, as: UTF8.self)
        }
        #expect(wills.contains { $0.hasSuffix("1") } && wills.contains { $0.hasSuffix("2") })
        heir.send(Wire.puback(1) + Wire.puback(2))
        try heir.subscribe("42", 0, id: 3)
        try heir.expectPublish("42", "n", retain: true)
        // The session whose time is over is gone, with what waited for it.
        try SQLiteBroker.open(broker, "x").disconnect()
        try heir.disconnect()
        try client.disconnect()
        try kept.stop()
        let database = try Database(kept.path)
        #expect(try database.rows("SELECT store_id FROM base_msgs") == ["-9000000000000000000"])
        #expect(try database.number("SELECT count(*) FROM client_msgs") == 0)
        #expect(
            try database.rows("SELECT client_id FROM clients ORDER BY client_id") == [
                "c", "f", "x",
            ]
        )
        broker = try kept.start()
        let again = try SQLiteBroker.open(broker, "c", present: true, expiry: .max)
        again.send(Wire.publish(.v5, "42", "", qos: 1, id: 1, retain: true))
        _ = try again.readPacket()
        try again.disconnect()
        try kept.stop()
        #expect(try database.number("SELECT count(*) FROM retains") == 0, "found though a number")
    }

    private func take(_ topic: String, _ client: RawClient) throws {
        try acknowledge(topic, client.readPacket(), client)
    }

    /// Answers a short message of QoS 1 on a topic.
    private func acknowledge(_ topic: String, _ packet: Bytes, _ client: RawClient) throws {
        let end = 4 + topic.utf8.count
        guard packet.count > end + 2, packet[0] == 0x32,
            String(decoding: packet[4..<end], as: UTF8.self) == topic
        else { throw Mismatch("no message on \(topic): \(packet)") }
        client.send(Wire.puback(Int(packet[end]) << 8 | Int(packet[end + 1])))
    }

    @Test("What is left is what the original's statements expect")
    func toTheOriginal() throws {
        let kept = try SQLiteBroker(workers: 1, "plugin_opt_page_size 8192")
        let broker = try #require(kept.broker)
        let client = try SQLiteBroker.open(broker, "c", expiry: .max)
        try client.subscribe("t", 1)
        try client.disconnect()
        let publisher = try RawClient.connected(to: broker, "pub", .v5)
        try publisher.publish1("t", "one", id: 1)
        try publisher.publish1("t", "", id: 2)
        publisher.send(Wire.publish(.v5, "r", "kept", qos: 1, id: 3, retain: true))
        try publisher.expect(Wire.puback(3, 0x10))
        try publisher.disconnect()
        try kept.stop()
        let database = try Database(kept.path)
        #expect(try database.rows("PRAGMA journal_mode") == ["wal"])
        #expect(try database.rows("PRAGMA page_size") == ["8192"])
        #expect(
            try database.rows(
                "SELECT name FROM sqlite_master WHERE type='index' AND sql IS NOT NULL ORDER BY name"
            ) == ["client_msgs_client_id", "client_msgs_store_id", "retains_storeid"]
        )
        #expect(
            try database.rows(
                """
                SELECT typeof(store_id), typeof(topic), typeof(payload), typeof(source_id), typeof(source_username),
                payloadlen, typeof(properties) FROM base_msgs ORDER BY store_id
                """
            ) == [
                "integer|text|blob|text|null|3|null", "integer|text|null|text|null|0|null",
                "integer|text|blob|text|null|4|null",
            ]
        )
        let same = "client_id='c' AND store_id=(SELECT store_id FROM base_msgs WHERE payloadlen=3)"
        try database.run("UPDATE client_msgs SET state=3, dup=1 WHERE \(same)")
        #expect(try database.number("SELECT count(*) FROM client_msgs WHERE state=3") == 1)
        try database.run("DELETE FROM client_msgs WHERE \(same) AND direction=1")
        try database.run("DELETE FROM base_msgs WHERE payloadlen=3")
        #expect(try database.number("SELECT count(*) FROM client_msgs") == 1)
        try database.run(
            "INSERT OR REPLACE INTO retains(topic, store_id) SELECT 'r', store_id FROM base_msgs WHERE payloadlen=0"
        )
        let after = try kept.start()
        let back = try SQLiteBroker.open(after, "c", present: true, expiry: .max)
        try back.expectPublish("t", "", qos: 1, id: 2)
        back.send(Wire.puback(2))
        try back.disconnect()
        try kept.stop()
    }
}
