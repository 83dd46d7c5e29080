// SPDX-License-Identifier: Apache-2.0
// What is told about durable state is so.

import Config
import Foundation
import Persist
import Testing

@testable import Core

@Suite("Figures of durable state")
struct DurableFiguresTests {
    @Test("What was restored is counted, by all workers together", arguments: [1, 3])
    func restored(workers: Int) throws {
        let first = try RecordedScene(workers: workers)
        for name in ["one", "two", "three"] {
            try first.leave(name, subscribedTo: ["a", "b"], qos: 1)
        }
        let publisher = try first.client("publisher")
        publisher.send(Wire.publish("a", [1], qos: 1, isRetained: true))
        publisher.send(Wire.publish("b", [2], qos: 1, identifier: 2))
        #expect(first.recorded.awaitSafety())
        let copy = try first.recorded.copyFiles()
        let log = try RecoveredLog.read(LogFolder(copy.path), LogReading(), newLog: 1)
        let second = try DrivenBroker(workers: workers)
        let state = RecoveredState(log, for: second.broker)
        for worker in second.workers {
            worker.restoreRetained(state)
            worker.restoreSessions(state, clock: state.clock)
        }
        let restored = second.broker.durableFigures.restored
        #expect(restored.sessionCount == 3 && restored.subscriptionCount == 6)
        #expect(restored.deliveryCount == 6 && restored.retainedCount == 1)
        #expect(second.broker.durableFigures.log == nil, "nothing is written")
        second.end()
        first.end()
    }

    @Test("Writes, faults and the last checkpoint are told while the log is written")
    func written() throws {
        let scene = try RecordedScene()
        let client = try scene.client("client", isClean: false)
        let before = try #require(scene.driven.broker.durableFigures.log)
        #expect(before.writtenByteCount > 0 && before.byteCount == before.writtenByteCount)
        #expect(before.lastCheckpointAt == 0 && before.failureCount == 0)
        #expect(scene.driven.broker.durableFigures.isWritable)
        scene.recorded.gate.mode = .failing
        client.send(Wire.subscribe(["a"], qos: 1))
        #expect(scene.recorded.turns { !scene.driven.broker.durableFigures.isWritable })
        #expect(scene.driven.broker.durableFigures.errorCount > 0)
        scene.recorded.gate.mode = .open
        // What makes the log whole again is a checkpoint.
        #expect(scene.recorded.turns { scene.driven.broker.durableFigures.isWritable })
        let after = try #require(scene.driven.broker.durableFigures.log)
        #expect(after.lastCheckpointAt > 0 && after.syncs.count > 0)
        #expect(after.failureCount > 0, "it counts from the start")
        scene.end()
    }

    @Test("Saves are told, and those that fail")
    func saves() throws {
        let driven = try DrivenBroker()
        driven.broker.durable.noteSave(at: 1000, isWritten: true)
        driven.broker.durable.noteSave(at: 2000, isWritten: false)
        let figures = driven.broker.durableFigures
        #expect(figures.lastSaveAt == 1000 && figures.failedSaveCount == 1)
        #expect(figures.errorCount == 1 && figures.isWritable)
        driven.end()
    }

    @Test("The line says what there is, also when the clock was set back")
    func line() {
        var figures = DurableFigures()
        #expect(figures.logLine(at: 1) == nil)
        var log = LogFigures()
        log.byteCount = 300
        log.segmentCount = 2
        log.writtenByteCount = 400
        figures.log = log
        #expect(
            figures.logLine(at: 1)
                == "Session log: 300 bytes in 2 segments, 400 bytes written since the start, "
                + "last checkpoint: none yet, 0 syncs of 0.0 ms on average, 0 errors."
        )
        log.syncs.note(1_000_000)
        log.syncs.note(2_200_000)
        log.lastCheckpointAt = 100
        log.failureCount = 3
        figures.log = log
        #expect(
            figures.logLine(at: 107)?
                .hasSuffix(
                    "last checkpoint: 7 s ago, 2 syncs of 1.6 ms on average, 3 errors."
                ) == true
        )
        #expect(figures.logLine(at: 50)?.contains("checkpoint: 0 s ago") == true)
    }
}
