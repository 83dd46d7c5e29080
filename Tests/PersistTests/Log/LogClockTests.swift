// SPDX-License-Identifier: Apache-2.0
// When clients have left that were connected when the broker ended.

import LogTestSupport
import Testing

@testable import Persist

@Suite("Since when restored sessions wait")
struct LogClockTests {
    /// A broker with a clock that stands still unless it is set.
    private final class Scene {
        let files: MemoryFiles
        private let clock: Clock
        private let engine: LogEngine
        private var number: UInt64 = 0

        private final class Clock {
            var second: Int64
            init(_ second: Int64) { self.second = second }
        }

        /// Starts in a second, with what is in the files.
        init(_ files: MemoryFiles, at second: Int64) throws {
            self.files = files
            let clock = Clock(second)
            self.clock = clock
            let log = try RecoveredLog.read(files, LogReading(startedAt: second), newLog: 7)
            engine = LogEngine(
                files: files,
                options: LogOptions(syncing: .always),
                position: log.position,
                wallSeconds: { clock.second }
            )
            try engine.start(now: 0)
        }

        func write(at second: Int64, _ body: (inout RecordBuffer) -> Void) {
            clock.second = second
            number += 1
            var buffer = RecordBuffer(reactor: 0)
            buffer.noteClock(second)
            body(&buffer)
            let memory = buffer.take(FrameMemory(capacity: 64))
            engine.run([.frame(memory, reactor: 0, number: number, since: 0)], now: 0)
        }

        func connect(_ session: SessionNumber, at second: Int64) {
            write(at: second) { buffer in
                let identity = LogIdentity(clientIdentifier: "client \(session)")
                buffer.write(.attached(session, identity, expiryInterval: 60, isNew: true))
            }
        }

        func stop(at second: Int64) {
            clock.second = second
            engine.run([.close(nil)], now: 0)
        }

        /// When they have left, as a broker finds it that starts in this second.
        func leftAt(_ second: Int64) throws -> [Int64] {
            let log = try RecoveredLog.read(files, LogReading(startedAt: second), newLog: 7)
            return log.sessions.map(\.detachedAt)
        }
    }

    @Test("After a crash those who were connected leave when the next broker starts")
    func crash() throws {
        let scene = try Scene(MemoryFiles(), at: 1000)
        scene.connect(1, at: 1001)
        scene.connect(2, at: 1002)
        scene.write(at: 1010) { $0.write(.detached(2, at: 1010)) }
        // Hours without a record.
        #expect(try scene.leftAt(20_000) == [20_000, 1010])
    }

    @Test("After a clean shutdown they have left then, however long ago the last record was")
    func shutdown() throws {
        let scene = try Scene(MemoryFiles(), at: 1000)
        scene.connect(1, at: 1001)
        scene.stop(at: 9000)
        #expect(try scene.leftAt(20_000) == [9000])
        let log = try readLog(scene.files.contents)
        #expect(log.shutdown != nil && log.clock == 9000)
    }

    @Test("Whose client does not come back waits from the first start on, not from the last")
    func crashes() throws {
        let first = try Scene(MemoryFiles(), at: 1000)
        first.connect(1, at: 1001)
        let second = try Scene(first.files, at: 5000)
        #expect(try second.leftAt(7000) == [5000])
        second.connect(2, at: 6000)
        let third = try Scene(first.files, at: 7000)
        #expect(try third.leftAt(8000) == [5000, 7000])
        third.stop(at: 7500)
        let fourth = try Scene(first.files, at: 8000)
        #expect(try fourth.leftAt(9000) == [5000, 7000])
    }

    @Test("A clock that has gone back takes no time from anybody")
    func backwards() throws {
        let scene = try Scene(MemoryFiles(), at: 1000)
        scene.connect(1, at: 1001)
        #expect(try scene.leftAt(10) == [1001])
    }

    @Test("A broker that has started has not ended yet, though it has recorded nothing")
    func started() throws {
        let scene = try Scene(MemoryFiles(), at: 1000)
        scene.connect(1, at: 1001)
        scene.stop(at: 1002)
        #expect(try readLog(scene.files.contents).shutdown != nil)
        let next = try Scene(scene.files, at: 1003)
        #expect(try readLog(next.files.contents).shutdown == nil)
    }
}
