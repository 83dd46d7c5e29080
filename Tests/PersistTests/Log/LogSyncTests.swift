// SPDX-License-Identifier: Apache-2.0
// Syncs that fail behind the writer's back.

import Glibc
import Synchronization
import Testing

@testable import Persist

/// A clock that goes on when it is told to.
private final class SceneClock: Sendable {
    private let nanoseconds = Atomic<Int64>(0)

    var now: Int64 { nanoseconds.load(ordering: .relaxed) }
    func pass(_ more: Int64) { nanoseconds.add(more, ordering: .relaxed) }
}

@Suite("Failing syncs of the session log")
struct LogSyncTests {
    /// An engine whose syncs in the background are done by the test.
    private final class Scene {
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

    @Test(
        "What the background has been told is not hidden from the writer by a sync that succeeds",
        arguments: [false, true]
    )
    func swallowed(isReset: Bool) throws {
        let scene = try Scene(isReset: isReset)
        scene.write(10, after: 2_000_000_000)
        let order = try #require(scene.waiting)
        scene.failOnce()
        var failure: LogFileError?
        do throws(LogFileError) { try order.file.sync() } catch { failure = error }
        #expect(failure?.code == EIO)
        // Before the writer hears of it, the segment is full.
        scene.write(500)
        #expect(scene.failureCount == 1)
        #expect(scene.files.contents.count == 1, "nothing goes on behind it")
        // What it says of a segment that was given up is no news.
        scene.run([.synced(sequence: order.sequence, offset: order.offset, failure, nanoseconds: 1)])
        #expect(scene.failureCount == 1)
    }

    @Test("A failed sync of a segment that was closed meanwhile counts", arguments: [false, true])
    func closed(isReset: Bool) throws {
        let scene = try Scene(isReset: isReset)
        scene.write(10, after: 2_000_000_000)
        let order = try #require(scene.waiting)
        scene.write(500)
        #expect(scene.failureCount == 0)
        #expect(scene.engine.current?.sequence == 2)
        let failure = LogFileError("fdatasync", "", code: EIO)
        scene.run([.synced(sequence: order.sequence, offset: order.offset, failure, nanoseconds: 1)])
        #expect(scene.failureCount == 1)
    }

    @Test("After a sync that hung and failed, what was queued meanwhile is thrown away")
    func hung() throws {
        let scene = try Scene(.always)
        scene.files.setFault { [clock = scene.clock] step in
            guard case .sync = step else { return nil }
            clock.pass(30_000_000_000)
            return EIO
        }
        scene.write(10)
        #expect(scene.failureCount == 1)
        scene.files.setFault(nil)
        // The next attempt is due after the sync has failed, not after it has begun.
        scene.write(11)
        #expect(scene.events.allSatisfy { if case .resumed = $0 { false } else { true } })
        scene.write(12, after: 10_000_000_000)
        scene.write(13)
        scene.hear()
        #expect(scene.events.contains(.resumed(checkpoint: 2)))
        scene.write(14)
        scene.run([.completeCheckpoint(2)])
        #expect(scene.events.contains(.safe(reactor: 0, number: 5)))
        // Two of the writer's own and one of the reactor's, which had begun its part.
        let log = try readLog(scene.files.contents)
        #expect(log.recordCount == 2)
    }

    @Test("What was called safe counts after a fault, whatever the syncing is by then")
    func reloaded() throws {
        let scene = try Scene(.never)
        scene.write(10)
        #expect(scene.events == [.safe(reactor: 0, number: 1)])
        scene.run([.setSyncing(.always)])
        scene.files.setFault { if case .append = $0 { ENOSPC } else { nil } }
        scene.write(11)
        #expect(scene.failureCount == 1)
        scene.files.setFault(nil)
        scene.run([], after: 10_000_000_000)
        scene.hear()
        #expect(scene.events.contains(.resumed(checkpoint: 2)))
        #expect(try readLog(scene.files.contents).recordCount == 1)
    }

    @Test("A power cut may take what a fault has left unsynced, and nothing else may")
    func powerCut() throws {
        let scene = try Scene(.never, boot: 5)
        scene.write(10)
        let length = try #require(scene.engine.current?.length)
        scene.files.setFault { if case .append = $0 { EIO } else { nil } }
        scene.write(11)
        scene.files.setFault(nil)
        scene.run([], after: 10_000_000_000)
        #expect(scene.files.contents.count == 2)
        var files = scene.files.contents
        files[SegmentName.name(1)]?.removeLast(3)
        let log = try readLog(files, boot: 6)
        #expect(log.recordCount == 0)
        #expect(log.cutByteCount == Int(length) - SegmentHeader.byteCount)
        #expect(log.position.previousLength == UInt64(SegmentHeader.byteCount))
        let repaired = try readLog(files, isRepairing: true, boot: 6)
        #expect(repaired.losses.isEmpty && repaired.position == log.position)
        // The machine has not been started anew since: somebody else has taken the bytes.
        #expect(throws: LogOpenError.self) { try readLog(files, boot: 5) }
    }
}
