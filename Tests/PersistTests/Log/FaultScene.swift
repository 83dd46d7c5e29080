// SPDX-License-Identifier: Apache-2.0
// An engine whose disk fails when it is told to.

import Glibc
import LogTestSupport
import Synchronization

@testable import Persist

/// A clock that goes on when it is told to.
final class SceneClock: Sendable {
    private let nanoseconds = Atomic<Int64>(0)

    var now: Int64 { nanoseconds.load(ordering: .relaxed) }
    func pass(_ more: Int64) { nanoseconds.add(more, ordering: .relaxed) }
}

/// An engine whose syncs in the background are done by the test.
final class FaultScene {
    let files = MemoryFiles()
    let engine: LogEngine
    var events: [LogEvent] = []
    /// What is to be synced in the background.
    var waiting: (file: any LogFile, sequence: UInt64, offset: UInt64)?
    private var number: UInt64 = 0
    private var checkpoint: UInt64 = 0
    let clock = SceneClock()

    init(
        _ syncing: LogSyncing = .everySecond,
        isReset: Bool = false,
        boot: UInt64 = 0
    ) throws {
        var options = LogOptions(syncing: syncing)
        options.segmentByteCount = 400
        options.boot = boot
        var position = LogPosition(log: 7)
        position.isReset = isReset
        engine = LogEngine(
            files: files,
            options: options,
            position: position,
            wallSeconds: { 1000 },
            nanoseconds: { [clock] in clock.now }
        )
        try engine.start(now: 0)
        if isReset { hear() }
        engine.startSync = { [unowned self] in waiting = ($0, $1, $2) }
    }

    func run(_ jobs: [LogJob], after nanoseconds: Int64 = 0) {
        clock.pass(nanoseconds)
        engine.run(jobs, now: clock.now)
        events += engine.events
        engine.events = []
    }

    /// The reactor begins its part of the checkpoint that the log has begun anew with.
    func hear() {
        events += engine.events
        engine.events = []
        for case .resumed(let number) in events { checkpoint = number }
    }

    func write(_ byteCount: Int, after nanoseconds: Int64 = 0) {
        number += 1
        var buffer = RecordBuffer(reactor: 0)
        if checkpoint > 0 { buffer.begin(checkpoint, isReset: true) }
        let filter = [UInt8](repeating: 1, count: byteCount)
        buffer.write(.retainedEnded(1, filter: filter))
        let memory = buffer.take(FrameMemory(capacity: 64))
        run(
            [.frame(memory, reactor: 0, number: number, since: buffer.checkpoint)],
            after: nanoseconds
        )
    }

    /// The next sync of any file fails, and no other.
    func failOnce() {
        let count = Atomic(0)
        files.setFault { step in
            guard case .sync = step else { return nil }
            return count.add(1, ordering: .relaxed).oldValue == 0 ? EIO : nil
        }
    }

    var failureCount: Int {
        events.count { if case .failed = $0 { true } else { false } }
    }
}
