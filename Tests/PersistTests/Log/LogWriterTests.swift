// SPDX-License-Identifier: Apache-2.0
// The writer's thread, and real files.

import Glibc
import Inflight
import LogTestSupport
import Synchronization
import Testing

@testable import Persist

@Suite("The log's writer")
struct LogWriterTests {
    private static func publish(_ index: Int, _ buffer: inout RecordBuffer) {
        var message = ModelMessage(
            number: MessageNumbers.make(reactor: buffer.reactor, counter: UInt64(index + 1)),
            topic: Array("a/b".utf8)
        )
        message.payload = [UInt8](repeating: UInt8(index % 256), count: 100)
        let destination = LogDestination(
            session: UInt64(buffer.reactor) + 1,
            qos: 1,
            fate: .queued(sequence: UInt64(index))
        )
        message.lend { buffer.write(accepted: $0, to: [destination]) }
    }

    /// A writer of a log that has just begun.
    private static func writer(
        _ files: some LogFiles,
        _ options: LogOptions,
        _ events: EventLog
    ) throws -> LogWriter {
        try LogWriter(
            files: files,
            options: options,
            position: LogPosition(log: 3),
            observer: events
        )
    }

    private static func attach(_ buffer: inout RecordBuffer) {
        let number = UInt64(buffer.reactor) + 1
        let identity = LogIdentity(clientIdentifier: "client\(number)")
        buffer.write(.attached(number, identity, expiryInterval: 5, isNew: true))
    }

    @Test("Four threads write at once; all of it is safe and there", arguments: LogSyncing.allCases)
    func threads(syncing: LogSyncing) throws {
        let scratch = ScratchFolder()
        let events = EventLog()
        var options = LogOptions(syncing: syncing)
        options.segmentByteCount = 100_000
        let files = try LogFolder(scratch.path + "/log")
        let writer = try Self.writer(files, options, events)
        let threads = try (0..<4).map { reactor in
            try LogThread(named: "reactor") {
                var buffer = RecordBuffer(reactor: UInt8(reactor))
                Self.attach(&buffer)
                for index in 0..<1000 {
                    Self.publish(index, &buffer)
                    if index % 10 == 9 { _ = writer.submit(&buffer) }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(events.wait { events in (0..<4).allSatisfy { events.safe($0) == 100 } })
        writer.close(nil)
        #expect(events.events.last == .closed(isClean: true))
        let figures = writer.figures
        #expect(figures.segmentCount > 1 && figures.byteCount > 400_000)
        let log = try RecoveredLog.read(files, LogReading(), newLog: 0)
        #expect(log.shutdown == LogShutdown(database: nil))
        #expect(log.sessions.map(\.outgoingCount) == [1000, 1000, 1000, 1000])
        for place in 0..<4 {
            let image = log.image(at: place)
            for (index, outgoing) in image.outgoing.enumerated() {
                let message = try #require(log.message(outgoing.message))
                #expect(message.payload.allSatisfy { $0 == UInt8(index % 256) })
            }
        }
    }

    @Test("Files and folder are for their owner alone, and one broker at a time")
    func folder() throws {
        let scratch = ScratchFolder()
        let path = scratch.path + "/log"
        let files = try LogFolder(path)
        let file = try files.create(SegmentName.name(1))
        #expect(!file.isRemoved())
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        #expect(stat(path + "/0000000000000001.seg", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(throws: LogOpenError.locked(by: "\(getpid())")) { try LogFolder(path) }
        #expect(throws: LogFileError.self) { try files.create(SegmentName.name(1)) }
        try files.remove(SegmentName.name(1))
        #expect(file.isRemoved())
        try files.remove(SegmentName.name(1))
    }

    @Test("Too much that waits is said, and over when it is written")
    func congestion() throws {
        let files = MemoryFiles()
        let events = EventLog()
        var options = LogOptions(syncing: .always)
        options.bufferByteCountMax = 1000
        let writer = try Self.writer(files, options, events)
        // The writer stands until the gate opens.
        let gate = Mutex(false)
        files.setFault { step in
            if case .sync = step {
                while !gate.withLock({ $0 }) { usleep(1000) }
            }
            return nil
        }
        var buffer = RecordBuffer(reactor: 0)
        var last = LogSubmission.nothing
        for index in 0..<30 {
            Self.publish(index, &buffer)
            last = writer.submit(&buffer)
        }
        #expect(last == .taken(number: 30, isCongested: true))
        gate.withLock { $0 = true }
        #expect(events.wait { $0.safe(0) == 30 })
        #expect(!writer.isCongested(0))
        writer.close(nil)
    }

    @Test("A full disk refuses records until there is room, then wants everything anew")
    func diskFull() throws {
        let files = MemoryFiles()
        let events = EventLog()
        var options = LogOptions(syncing: .everySecond)
        options.retryNanoseconds = 1_000_000...2_000_000
        let writer = try Self.writer(files, options, events)
        var buffer = RecordBuffer(reactor: 0)
        Self.attach(&buffer)
        _ = writer.submit(&buffer)
        #expect(events.wait { $0.safe(0) == 1 })
        files.setFault(partial: 9) { step in
            if case .sync = step { return nil }
            return ENOSPC
        }
        Self.publish(0, &buffer)
        _ = writer.submit(&buffer)
        #expect(events.wait { $0.hasFailed })
        Self.publish(1, &buffer)
        #expect(writer.submit(&buffer) == .refused)
        #expect(buffer.isEmpty && !writer.figures.isWorking)
        files.setFault(nil)
        #expect(events.wait { $0.resumedCheckpoint != nil })
        let checkpoint = try #require(events.resumedCheckpoint)
        let head = LogImageHead(
            session: 1,
            identity: LogIdentity(clientIdentifier: "client1"),
            expiryInterval: 9
        )
        buffer.begin(checkpoint, isReset: true)
        buffer.write(.imageBegan(head))
        buffer.write(.imageEnded(1))
        #expect(writer.submit(&buffer) == .taken(number: 3, isCongested: false))
        #expect(events.safe(0) == 1)
        writer.completeCheckpoint(checkpoint)
        #expect(events.wait { $0.safe(0) == 3 })
        #expect(events.wait { $0.events.contains(.checkpointCompleted(checkpoint)) })
        writer.close(nil)
        let log = try RecoveredLog.read(files, LogReading(), newLog: 0)
        #expect(log.sessions.map(\.expiryInterval) == [9])
    }

    @Test(
        "A sync that fails behind the writer's back gives the segment up",
        arguments: LogSyncing.allCases
    )
    func failedSync(syncing: LogSyncing) throws {
        let files = MemoryFiles()
        let events = EventLog()
        var options = LogOptions(syncing: syncing)
        options.retryNanoseconds = 1_000_000...2_000_000
        // With `never` it is the sync before the next segment.
        options.segmentByteCount = syncing == .never ? 200 : 1 << 20
        let writer = try Self.writer(files, options, events)
        files.setFault { step in if case .sync = step { EIO } else { nil } }
        var buffer = RecordBuffer(reactor: 0)
        Self.publish(0, &buffer)
        _ = writer.submit(&buffer)
        #expect(events.wait { $0.hasFailed })
        #expect(events.safe(0) == (syncing == .always ? 0 : 1))
        files.setFault(nil)
        #expect(events.wait { $0.resumedCheckpoint != nil })
        writer.close(nil)
        #expect(events.events.last == .closed(isClean: false))
        // What was called safe is there, and nothing that came after the fault.
        let log = try RecoveredLog.read(files, LogReading(), newLog: 0)
        #expect(log.recordCount == (syncing == .always ? 0 : 1) && log.shutdown == nil)
    }

    @Test(
        "What is submitted without waking the writer is written in its order, and by a wake at the latest"
    )
    func wake() throws {
        let files = MemoryFiles()
        let events = EventLog()
        let writer = try Self.writer(files, LogOptions(syncing: .never), events)
        writer.wake()
        var buffer = RecordBuffer(reactor: 0)
        var other = RecordBuffer(reactor: 1)
        Self.attach(&buffer)
        #expect(writer.submit(&buffer, wakesWriter: false) == .taken(number: 1, isCongested: false))
        Self.attach(&other)
        _ = writer.submit(&other)
        #expect(events.wait { $0.safe(0) == 1 && $0.safe(1) == 1 })
        Self.publish(0, &buffer)
        _ = writer.submit(&buffer, wakesWriter: false)
        writer.wake()
        #expect(events.wait { $0.safe(0) == 2 })
        writer.wake()
        Self.publish(1, &buffer)
        _ = writer.submit(&buffer, wakesWriter: false)
        writer.close(nil)
        #expect(events.safe(0) == 3)
        #expect(events.events.last == .closed(isClean: true))
    }

    @Test("A log that grows asks for a checkpoint once")
    func growth() throws {
        let files = MemoryFiles()
        let events = EventLog()
        var options = LogOptions(syncing: .never)
        options.firstCheckpointByteCount = 5000
        let writer = try Self.writer(files, options, events)
        var buffer = RecordBuffer(reactor: 0)
        for index in 0..<100 {
            Self.publish(index, &buffer)
            _ = writer.submit(&buffer)
        }
        #expect(events.wait { $0.events.contains(.checkpointWanted) && $0.safe(0) == 100 })
        writer.close(nil)
        #expect(events.events.count { $0 == .checkpointWanted } == 1)
    }
}
