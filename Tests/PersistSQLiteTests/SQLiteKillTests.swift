// SPDX-License-Identifier: Apache-2.0
// The broker is killed amid changes: what was flushed is there, and the file opens.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Persistence in SQLite: kills")
struct SQLiteKillTests {
    /// How often; `SQLITE_KILLS` says otherwise.
    private static let kills =
        ProcessInfo.processInfo.environment["SQLITE_KILLS"].flatMap { Int($0) } ?? 8
    private static let seed =
        ProcessInfo.processInfo.environment["KILL_SEED"].flatMap { UInt64($0) } ?? 1

    @Test("Nothing is lost that was flushed, nothing has a hole, and the file always opens")
    func kills() throws {
        var dice = SplitMix64(seed: Self.seed)
        let options = "plugin_opt_flush_period 0\nplugin_opt_sync full"
        let kept = try SQLiteBroker(workers: 2, options)
        var sent = 0
        for round in 0..<Self.kills {
            let broker = try kept.broker ?? kept.start()
            if round == 0 {
                let client = try SQLiteBroker.open(broker, "kept", expiry: .max)
                try client.subscribe("load", 1)
                try client.disconnect()
            }
            let publisher = try RawClient.connected(to: broker, "pub\(round)")
            let until = Date().addingTimeInterval(Double(dice.next() % 200) / 1000)
            let database = try Database(kept.path)
            var flushed = 0
            repeat {
                var bytes = Bytes()
                for id in 1...20 {
                    sent += 1
                    bytes += Wire.publish(.v4, "load", "\(sent)", qos: 1, id: id)
                }
                publisher.send(bytes)
                for id in 1...20 { try publisher.expect(Wire.puback(id)) }
                flushed = try database.number("SELECT count(*) FROM client_msgs")
            } while Date() < until
            kept.kill()
            publisher.abort()
            #expect(try database.rows("PRAGMA integrity_check") == ["ok"], "seed \(Self.seed)")
            let payloads = try database.rows(
                "SELECT payload FROM client_msgs JOIN base_msgs USING (store_id) ORDER BY client_msgs.rowid"
            ).compactMap { Int($0) }
            #expect(payloads.count >= flushed, "seed \(Self.seed), round \(round)")
            #expect(
                payloads == Array(1...max(1, payloads.count)),
                "seed \(Self.seed), round \(round)"
            )
            #expect(
                try database.number(
                    "SELECT count(*) FROM client_msgs WHERE store_id NOT IN (SELECT store_id FROM base_msgs)"
                ) == 0
            )
            // What was not flushed is sent again.
            sent = payloads.count
        }
        let broker = try kept.start()
        let client = try SQLiteBroker.open(broker, "kept", present: true, expiry: .max)
        for number in 1...max(1, sent) {
            try client.take1("load", "\(number)", id: (number - 1) % 65535 + 1)
        }
        try client.disconnect()
        try kept.stop()
        #expect(try Database(kept.path).number("SELECT count(*) FROM base_msgs") == 0)
    }
}
