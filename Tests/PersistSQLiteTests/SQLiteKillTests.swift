// SPDX-License-Identifier: Apache-2.0
// The broker is killed amid changes: what was flushed is there, and the file opens.

import Foundation
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
        let course = try KillCourse(seed: Self.seed)
        for round in 0..<Self.kills { try course.goOn(round) }
        try course.end()
    }
}
