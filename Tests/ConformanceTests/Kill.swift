// SPDX-License-Identifier: Apache-2.0
// What was acknowledged is there after the broker was killed.

import Foundation
import TestSupport
import Testing

/// `$KILL_ROUNDS` makes the test longer, `$KILL_SEED` repeats the decisions of a run.
@Suite("Kill", .serialized)
struct Kill {
    static let rounds = Int(ProcessInfo.processInfo.environment["KILL_ROUNDS"] ?? "") ?? 18
    static let seed =
        UInt64(ProcessInfo.processInfo.environment["KILL_SEED"] ?? "")
        ?? UInt64.random(in: 1 ... .max)
    /// Rounds over the same folder, at most.
    static let seriesLength = 12

    static let settings = [1, 2, 4].flatMap { workers in
        ["always", "everysec", "no"].map { syncing in
            KillSeries.Setting(workers: [workers], syncing: syncing)
        }
    }

    /// Runs so many rounds, and complains.
    @discardableResult
    private func play(
        _ setting: KillSeries.Setting,
        rounds: Int,
        salt: UInt64
    ) throws -> (rounds: Int, newSegments: Int) {
        var newSegments = 0
        var left = rounds
        var seed = Self.seed &+ salt
        while left > 0 {
            let count = min(left, Self.seriesLength)
            let series = try KillSeries(setting, seed: seed, rounds: count)
            let complaints = series.run()
            #expect(complaints == [])
            if complaints.isEmpty {
                #expect(series.published > 10 * count, "hardly anything was published")
                #expect(series.received > series.published, "hardly anything was received")
            }
            print(
                "kill: seed \(seed), \(count) rounds: \(series.published) published,"
                    + " \(series.received) received, \(series.willCount) wills,"
                    + " \(series.stretchCount) stretches, \(complaints.count) complaints"
            )
            newSegments += series.newSegments
            left -= count
            seed &+= 100
        }
        return (rounds, newSegments)
    }

    @Test("Nothing acknowledged is lost when the broker is killed", arguments: 0..<9)
    func kill(index: Int) throws {
        let rounds = (Self.rounds + 8 - index) / 9
        try play(Self.settings[index], rounds: rounds, salt: UInt64(index))
    }

    @Test("Nothing is lost either when worker_threads change between the ends")
    func changing() throws {
        let setting = KillSeries.Setting(workers: [2, 4, 1, 3], syncing: "no")
        try play(setting, rounds: max(4, Self.rounds / 20), salt: 50)
    }

    @Test("Nothing is lost either in the middle of checkpoints", arguments: reactors)
    func checkpoints(workers: Int) throws {
        let setting = KillSeries.Setting(workers: [workers], syncing: "no", isHeavy: true)
        let rounds = max(2, Self.rounds / 25)
        let result = try play(setting, rounds: rounds, salt: 60 + UInt64(workers))
        #expect(result.newSegments >= rounds / 2, "no segment begins")
    }
}
