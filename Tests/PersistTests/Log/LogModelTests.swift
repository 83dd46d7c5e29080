// SPDX-License-Identifier: Apache-2.0
// What was recorded is what is read, wherever the broker stops.

import Testing

@testable import Persist

@Suite("Session log against a model")
struct LogModelTests {
    private static func run(
        seed: UInt64,
        turns: Int,
        reactors: Int,
        syncing: LogSyncing = .never
    ) throws -> LogRun {
        var options = LogOptions(syncing: syncing)
        options.segmentByteCount = 3000
        options.firstCheckpointByteCount = 1
        let script = LogScript(reactorCount: reactors, dice: LogDice(seed: seed))
        var run = try LogRun(script, MemoryFiles(), options, LogPosition(log: 7))
        for _ in 0..<turns { run.turn() }
        run.run()
        return run
    }

    @Test("Killed after any step, the log has all that was written", arguments: 1...12)
    func killed(seed: UInt64) throws {
        let run = try Self.run(seed: seed, turns: 250, reactors: 1 + Int(seed % 3))
        #expect(run.checkpointCount > 0)
        let steps = run.files.steps
        for count in 0...steps.count {
            let log = try readLog(PowerCut.contents(after: steps[..<count], leaving: .all))
            let state = LogState(log)
            let safe = run.lastSafe(before: count)
            let last = run.marks.lastIndex { $0.stepsBefore <= count } ?? 0
            let isKnown = (safe...max(safe, last)).contains { run.marks[$0].state == state }
            #expect(isKnown, "seed \(seed), \(count) of \(steps.count) steps, from \(safe) to \(last)")
            #expect(log.strayCount == 0 && log.missingCount == 0, "seed \(seed), \(count) steps")
            if !isKnown { return }
        }
    }
}
