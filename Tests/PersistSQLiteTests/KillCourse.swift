// SPDX-License-Identifier: Apache-2.0
// Changes amid which the broker is killed, and what is there afterwards.

import Foundation
import Glibc
import TestSupport
import Testing

/// Rounds of changes amid which the broker is killed: numbered messages to a session that is away, its client that comes
/// for some of them, and a retained message that is replaced.
///
/// Invariant between rounds: the database has the messages from `taken + 1` to `sent`, in their order.
final class KillCourse {
    private let kept: SQLiteBroker
    private let seed: UInt64
    private var dice: SplitMix64
    private var sent = 0
    private var taken = 0
    /// What a look at the database has found to be flushed, in this round.
    private var flushed = (last: 0, retained: 0)

    init(seed: UInt64) throws {
        self.seed = seed
        dice = SplitMix64(seed: seed)
        kept = try SQLiteBroker(workers: 2, "plugin_opt_flush_period 0\nplugin_opt_sync full")
        let broker = try #require(kept.broker)
        let client = try SQLiteBroker.open(broker, "kept", expiry: .max)
        try client.subscribe("load", 1)
        try client.disconnect()
        try kept.stop()
    }

    func goOn(_ round: Int) throws {
        let broker = try kept.start()
        let database = try Database(kept.path)
        flushed = (taken, -1)
        let isTaking = dice.next() % 4 == 0
        var acknowledged = 0
        if isTaking {
            acknowledged = try take(broker)
        } else {
            try publish(broker, round, database)
        }
        kept.kill()
        try check(database, isTaking ? acknowledged : nil, "seed \(seed), round \(round)")
    }

    /// A client publishes for a while, and each time looks at what is flushed.
    private func publish(_ broker: Broker, _ round: Int, _ database: Database) throws {
        let publisher = try RawClient.connected(to: broker, "pub\(round)")
        let until = Date().addingTimeInterval(Double(dice.next() % 200) / 1000)
        repeat {
            var bytes = Bytes()
            for id in 1...20 {
                sent += 1
                bytes += Wire.publish(.v4, "load", "\(sent)", qos: 1, id: id)
            }
            bytes += Wire.publish(.v4, "last", "\(sent)", qos: 1, id: 21, retain: true)
            publisher.send(bytes)
            for id in 1...21 { try publisher.expect(Wire.puback(id)) }
            flushed.last = try payloads(database).last ?? taken
            flushed.retained = try retained(database)
        } while Date() < until
        publisher.abort()
    }

    /// The client of the session comes for some of the messages; returns how many it has acknowledged.
    private func take(_ broker: Broker) throws -> Int {
        let client = try SQLiteBroker.open(broker, "kept", present: true, expiry: .max)
        let wanted = min(sent - taken, Int(dice.next() % 60))
        for number in 0..<wanted {
            let (id, payload) = try Self.parts(of: client.readPacket())
            try #require(payload == "\(taken + number + 1)", "in order")
            client.send(Wire.puback(id))
        }
        if dice.next() % 2 == 0 { client.send(Wire.subscribe(.v5, id: 9, [("other", 0)])) }
        client.abort()
        return wanted
    }

    private static func parts(of packet: Bytes) throws -> (id: Int, payload: String) {
        // PUBLISH at QoS 1, perhaps once more; the topic, the identifier, no properties.
        guard packet.count > 11, packet[0] & 0xF7 == 0x32, packet[1] & 0x80 == 0 else {
            throw Mismatch("no message: \(packet)")
        }
        let id = Int(packet[8]) << 8 | Int(packet[9])
        return (id, String(decoding: packet[11...], as: UTF8.self))
    }

    private func payloads(_ database: Database) throws -> [Int] {
        try database.rows(
            "SELECT payload FROM client_msgs JOIN base_msgs USING (store_id) ORDER BY client_msgs.rowid"
        ).compactMap { Int($0) }
    }

    private func retained(_ database: Database) throws -> Int {
        try database.number("SELECT payload FROM retains JOIN base_msgs USING (store_id)")
    }

    /// What is there after a kill; `acknowledged`: how many messages the client had, nil if none came.
    private func check(_ database: Database, _ acknowledged: Int?, _ what: Comment) throws {
        #expect(try database.rows("PRAGMA integrity_check") == ["ok"], what)
        let found = try payloads(database)
        let lost =
            "SELECT count(*) FROM client_msgs WHERE store_id NOT IN (SELECT store_id FROM base_msgs)"
        #expect(try database.number(lost) == 0, what)
        if !found.isEmpty { #expect(found == Array(found[0]...found[found.count - 1]), what) }
        if let acknowledged {
            // What came is kept, until it is acknowledged.
            let first = found.first ?? sent + 1
            #expect(found.isEmpty || found.last == sent, what)
            #expect(first > taken && first <= taken + acknowledged + 1, what)
            taken = first - 1
        } else {
            let last = found.last ?? taken
            #expect(found.isEmpty || found.first == taken + 1, what)
            #expect(last >= flushed.last && last <= sent, what)
            #expect(try retained(database) >= flushed.retained, what)
            // What was not flushed is sent again.
            sent = last
        }
    }

    /// All that is left comes to the client, and nothing stays behind.
    func end() throws {
        let broker = try kept.start()
        let client = try SQLiteBroker.open(broker, "kept", present: true, expiry: .max)
        while taken < sent {
            let (id, payload) = try Self.parts(of: client.readPacket())
            taken += 1
            #expect(payload == "\(taken)")
            client.send(Wire.puback(id))
        }
        try client.disconnect()
        try kept.stop()
        let database = try Database(kept.path)
        let count = try database.number("SELECT count(*) FROM retains")
        #expect(try database.number("SELECT count(*) FROM base_msgs") == count)
        #expect(try database.number("SELECT count(*) FROM client_msgs") == 0)
    }
}
