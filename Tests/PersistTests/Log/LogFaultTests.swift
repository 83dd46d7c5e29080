// SPDX-License-Identifier: Apache-2.0
// What is safe, and what is left, when the disk fails.

import Glibc
import LogTestSupport
import Testing

@testable import Persist

@Suite("Faults of the disk under the session log")
struct LogFaultTests {
    @Test(
        "What the background has been told is not hidden from the writer by a sync that succeeds",
        arguments: [false, true]
    )
    func swallowed(isReset: Bool) throws {
        let scene = try FaultScene(isReset: isReset)
        scene.write(10, after: 2_000_000_000)
        let order = try #require(scene.waiting)
        scene.failOnce()
        var failure: LogFileError?
        do throws(LogFileError) { try order.file.sync() } catch { failure = error }
        #expect(failure?.code == EIO)
        // Before the writer hears of it, the segment is full.
        scene.write(500)
        #expect(scene.failureCount == 1)
        #expect(scene.files.contents.count <= 1, "nothing goes on behind it")
        // What it says of a segment that was given up is no news.
        scene.run([.synced(sequence: order.sequence, offset: order.offset, failure, nanoseconds: 1)]
        )
        #expect(scene.failureCount == 1)
    }

    @Test("A failed sync of a segment that was closed meanwhile counts", arguments: [false, true])
    func closed(isReset: Bool) throws {
        let scene = try FaultScene(isReset: isReset)
        scene.write(10, after: 2_000_000_000)
        let order = try #require(scene.waiting)
        scene.write(500)
        #expect(scene.failureCount == 0)
        #expect(scene.engine.current?.sequence == 2)
        let failure = LogFileError("fdatasync", "", code: EIO)
        scene.run([.synced(sequence: order.sequence, offset: order.offset, failure, nanoseconds: 1)]
        )
        #expect(scene.failureCount == 1)
    }

    @Test("After a sync that hung and failed, what was queued meanwhile is thrown away")
    func hung() throws {
        let scene = try FaultScene(.always)
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
        let scene = try FaultScene(.never)
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
        let scene = try FaultScene(.never, boot: 5)
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

    @Test("Attempts that are not whole leave nothing on a full disk")
    func attempts() throws {
        let scene = try FaultScene()
        scene.write(10)
        for attempt in 1...4 {
            scene.files.setFault { if case .append = $0 { ENOSPC } else { nil } }
            scene.write(11)
            #expect(scene.failureCount == attempt)
            #expect(scene.files.contents.keys.sorted() == [SegmentName.name(1)])
            let log = try readLog(scene.files.contents)
            #expect(log.recordCount == 1 && log.position.obsolete.isEmpty)
            scene.files.setFault(nil)
            scene.run([], after: 20_000_000_000)
            scene.hear()
            // One that is full, and another one.
            scene.write(500)
            scene.write(12)
            #expect(scene.files.contents.count == 3)
        }
    }

    @Test("What a kill leaves of an attempt that is being removed is void")
    func removal() throws {
        let scene = try FaultScene()
        scene.write(10)
        scene.files.setFault { if case .append = $0 { ENOSPC } else { nil } }
        scene.write(11)
        scene.files.setFault(nil)
        scene.run([], after: 20_000_000_000)
        scene.hear()
        for _ in 0..<3 { scene.write(500) }
        scene.files.setFault { if case .append = $0 { ENOSPC } else { nil } }
        scene.write(12)
        let steps = scene.files.steps
        var removalCount = 0
        for count in 0...steps.count {
            if count > 0, case .remove = steps[count - 1] { removalCount += 1 }
            for rest in [PowerCut.Rest.all, .random(LogDice(seed: UInt64(count)))] {
                let files = PowerCut.contents(after: steps[..<count], leaving: rest)
                for isRepairing in [false, true] {
                    let log = try readLog(files, isRepairing: isRepairing)
                    #expect(log.recordCount <= 1 && log.losses.isEmpty)
                }
            }
        }
        #expect(removalCount == 4)
    }

    @Test("A whole checkpoint makes room though there is none for another header")
    func noRoom() throws {
        let scene = try FaultScene()
        scene.write(10)
        scene.run([.beginCheckpoint])
        #expect(scene.events.contains(.checkpointBegan(2)))
        scene.files.setFault { if case .create = $0 { ENOSPC } else { nil } }
        scene.run([.completeCheckpoint(2)])
        #expect(scene.events.contains(.checkpointCompleted(2)) && scene.failureCount == 1)
        #expect(scene.files.contents.keys.sorted() == [SegmentName.name(2)])
        for isRepairing in [false, true] {
            let log = try readLog(scene.files.contents, isRepairing: isRepairing)
            #expect(log.position.base == 2 && log.position.segments.count == 1)
            #expect(log.recordCount == 1, "the one that says that it is whole")
        }
    }
}
