// SPDX-License-Identifier: Apache-2.0
// What was recorded is what is read, wherever the broker stops.

import Glibc
import LogTestSupport
import Testing

@testable import Persist

@Suite("Session log against a model")
struct LogModelTests {
    /// How many times more than usual is tried: LOG_ROUNDS.
    static let rounds = getenv("LOG_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 1

    static func start(
        seed: UInt64,
        reactors: Int,
        syncing: LogSyncing = .never
    ) throws -> LogRun {
        var options = LogOptions(syncing: syncing)
        options.segmentByteCount = 3000
        options.firstCheckpointByteCount = 1
        options.retryNanoseconds = 1_000_000...8_000_000
        let script = LogScript(reactorCount: reactors, dice: LogDice(seed: seed))
        return try LogRun(script, MemoryFiles(), options, LogPosition(log: 7))
    }

    private static func run(
        seed: UInt64,
        turns: Int,
        reactors: Int,
        syncing: LogSyncing = .never
    ) throws -> LogRun {
        var run = try start(seed: seed, reactors: reactors, syncing: syncing)
        for _ in 0..<turns { run.turn() }
        run.run()
        return run
    }

    @Test(
        "Killed after any step, the log has all that was written",
        arguments: 1...UInt64(4 * rounds)
    )
    func killed(seed: UInt64) throws {
        var run = try Self.run(seed: seed, turns: 120, reactors: 1 + Int(seed % 3))
        while run.checkpointCount == 0, run.marks.count < 500 { run.turn() }
        run.run()
        #expect(run.checkpointCount > 0, "seed \(seed)")
        let steps = run.files.steps
        for count in 0...steps.count {
            let log = try readLog(PowerCut.contents(after: steps[..<count], leaving: .all))
            let state = LogState(log)
            let safe = run.lastSafe(before: count)
            let last = run.marks.lastIndex { $0.stepsBefore <= count } ?? 0
            let isKnown = (safe...max(safe, last)).contains { run.marks[$0].state == state }
            try #require(isKnown, "seed \(seed), step \(count): not a state of \(safe) to \(last)")
            #expect(log.strayCount == 0 && log.missingCount == 0, "seed \(seed), step \(count)")
            #expect(log.cutByteCount == 0, "seed \(seed), step \(count)")
        }
    }

    @Test(
        "Each start goes on from what the one before has left, with other reactors",
        arguments: 1...UInt64(8 * rounds)
    )
    func restarts(seed: UInt64) throws {
        var run = try Self.start(seed: seed, reactors: 2)
        for start in 1...6 {
            for _ in 0..<(20 + run.script.dice.roll(60)) { run.turn() }
            let steps = run.files.steps
            let count =
                steps.count - run.script.dice.roll(min(8, steps.count - run.marks[0].stepsAfter))
            let cut = PowerCut.contents(after: steps[..<count], leaving: .all)
            // What a start has removed or not yet is not in these steps.
            let files = MemoryFiles(cut)
            let log = try RecoveredLog.read(files, LogReading(), newLog: 7)
            let state = LogState(log)
            let place = try #require(
                run.marks.lastIndex { $0.state == state && $0.stepsBefore <= count },
                "seed \(seed), start \(start)"
            )
            #expect(place >= run.lastSafe(before: count), "seed \(seed), start \(start)")
            #expect(log.position.incarnation == UInt64(start + 1))
            run.script.model = run.marks[place].model
            let reactors = 1 + run.script.dice.roll(3)
            let script = run.script.restart(reactorCount: reactors)
            // The steps of this run are all there is to the next one's files.
            let next = MemoryFiles(steps: Array(steps[..<count]))
            run = try LogRun(script, next, run.options, log.position)
        }
    }

    @Test("A clean shutdown says so, and with which file", arguments: [nil, 5, 9] as [UInt64?])
    func shutdown(length: UInt64?) throws {
        var run = try Self.run(seed: 3, turns: 30, reactors: 2)
        let database = length.map {
            WrittenDatabase(
                length: $0,
                checksum: .max,
                stamp: FileStamp(inode: .max, modifiedAt: -1)
            )
        }
        run.close(database)
        let log = try readLog(run.files.contents)
        #expect(log.shutdown == LogShutdown(database: database))
        #expect(LogState(log) == run.marks.last?.state)
        // The next start has not ended yet.
        let script = run.script.restart(reactorCount: 2)
        let next = try LogRun(script, run.files, run.options, log.position)
        let again = try readLog(next.files.contents)
        #expect(LogState(again) == run.marks.last?.state)
        #expect(again.shutdown == nil, "what the end of the one before says is over")
    }

    // MARK: Power cuts

    @Test(
        "always: whatever the disk has lost, nothing that was called safe is",
        arguments: 1...UInt64(4 * rounds)
    )
    func powerCutAlways(seed: UInt64) throws {
        try powerCuts(seed, .always, turns: 50)
    }

    @Test(
        "everysec and no: what is left is what there was at some time",
        arguments: 1...UInt64(4 * rounds)
    )
    func powerCutOthers(seed: UInt64) throws {
        try powerCuts(seed, seed % 2 == 0 ? .everySecond : .never, turns: 50)
    }

    @Test(
        "After a fault too: what a power cut leaves is what there was",
        arguments: 1...UInt64(6 * rounds)
    )
    func powerCutFaults(seed: UInt64) throws {
        let syncing = LogSyncing.allCases[Int(seed % 3)]
        var run = try Self.start(seed: seed, reactors: 2, syncing: syncing)
        run.isHeardLate = seed % 2 == 0
        for _ in 0..<2 {
            for _ in 0..<run.script.dice.roll(20) { run.turn() }
            let isSync = syncing != .never && run.script.dice.isOne(in: 2)
            let before = run.failureCount
            run.files.setFault(partial: run.script.dice.roll(60)) { step in
                switch step {
                case .append where !isSync: return ENOSPC
                case .sync where isSync: return EIO
                default: return nil
                }
            }
            for _ in 0..<200 where run.failureCount == before { run.turn() }
            run.files.setFault(nil)
            for _ in 0..<12 { run.turn() }
        }
        run.run()
        #expect(run.failureCount > 1, "seed \(seed)")
        try powerCuts(seed, syncing, run)
    }

    private func powerCuts(_ seed: UInt64, _ syncing: LogSyncing, turns: Int) throws {
        let run = try Self.run(seed: seed, turns: turns, reactors: 2, syncing: syncing)
        try powerCuts(seed, syncing, run)
    }

    private func powerCuts(_ seed: UInt64, _ syncing: LogSyncing, _ run: LogRun) throws {
        let steps = run.files.steps
        var dice = LogDice(seed: seed &* 977)
        for count in 0...steps.count {
            for attempt in 0..<(4 + 2 * Self.rounds) {
                let rest: PowerCut.Rest =
                    switch attempt {
                    case 0: .nothing
                    case 1...3: .allBut(write: attempt - 1)
                    default: .random(LogDice(seed: dice.next()))
                    }
                let files = PowerCut.contents(after: steps[..<count], leaving: rest)
                let log = try readLog(files)
                let state = LogState(log)
                let safe = syncing == .always ? run.lastSafe(before: count) : 0
                let last = run.marks.lastIndex { $0.stepsBefore <= count } ?? 0
                let isKnown = (safe...max(safe, last)).reversed().contains {
                    run.marks[$0].state == state
                }
                try #require(
                    isKnown,
                    "seed \(seed), step \(count), attempt \(attempt): not of \(safe) to \(last)"
                )
                #expect(log.strayCount == 0 && log.missingCount == 0, "seed \(seed), step \(count)")
            }
        }
    }

    // MARK: Faults

    @Test(
        "After a failed write nothing is safe before a new checkpoint is whole",
        arguments: 1...UInt64(12 * rounds)
    )
    func faults(seed: UInt64) throws {
        let syncing = LogSyncing.allCases[Int(seed % 3)]
        var run = try Self.start(seed: seed, reactors: 2, syncing: syncing)
        run.isHeardLate = seed % 2 == 0
        let stall = run.stall(nanoseconds: 30_000_000_000)
        for _ in 0..<12 {
            for _ in 0..<run.script.dice.roll(30) { run.turn() }
            let code = [ENOSPC, EIO][run.script.dice.roll(2)]
            let kind = run.script.dice.roll(3)
            run.files.setFault(partial: run.script.dice.roll(60)) { step in
                switch step {
                case .append where kind == 0, .create where kind == 2: return code
                case .sync where kind == 1:
                    stall()
                    return code
                default: return nil
                }
            }
            for _ in 0..<run.script.dice.roll(12) { run.turn() }
            run.files.setFault(nil)
            for _ in 0..<run.script.dice.roll(12) { run.turn() }
            try check(run, seed)
        }
        #expect(run.failureCount > 1, "seed \(seed)")
        // Once it works again, a checkpoint becomes whole, and everything is safe.
        let before = run.checkpointCount
        var turnCount = 0
        while run.checkpointCount == before, turnCount < 1000 {
            run.turn()
            turnCount += 1
        }
        run.run()
        #expect(run.checkpointCount > before, "seed \(seed)")
        let log = try readLog(run.files.contents)
        #expect(LogState(log) == LogState(run.script.model), "seed \(seed)")
    }

    /// What can be read now is a state at or after the last that was called safe.
    private func check(_ run: LogRun, _ seed: UInt64) throws {
        let log = try readLog(run.files.contents)
        let state = LogState(log)
        let safe = run.marks.lastIndex { $0.safeAfter != nil } ?? 0
        let isKnown = run.marks[safe...].contains { $0.state == state }
        try #require(isKnown, "seed \(seed): not of \(safe) to \(run.marks.count - 1)")
        #expect(log.strayCount == 0 && log.missingCount == 0, "seed \(seed)")
    }
}
