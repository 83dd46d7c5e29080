// SPDX-License-Identifier: Apache-2.0
// The thread that writes the log.

import Synchronization

/// What has become of the records of a turn.
package enum LogSubmission: Sendable, Equatable {
    /// There were none.
    case nothing
    /// The writer has them as frame `number` of this reactor; `isCongested` says that so many bytes
    /// of this reactor wait that it had better not make more.
    case taken(number: UInt64, isCongested: Bool)
    /// Writing does not work: the records are forgotten.
    case refused
}

/// Who is told what the writer does; on the writer's thread, which must not be kept waiting.
package protocol LogObserver: AnyObject, Sendable {
    /// Something has happened.
    func log(_ event: LogEvent)
}

/// Writes what the reactors record: one thread, one write for all that has come meanwhile.
///
/// Reactors hand their buffers over and go on. The observer learns up to which frame of each reactor
/// everything is safe; frames of one reactor become safe in their order. Any thread may call.
package final class LogWriter: Sendable {
    private struct Queue {
        var jobs: [LogJob] = []
        /// Empty memory for reactors.
        var spares: [FrameMemory] = []
        /// Whether the writer has been told that there are jobs.
        var isSignalled = false
        /// Whether writing works.
        var isOpen = true
        /// Bytes that wait, and the number of the last frame, by reactor.
        var waiting = [Int](repeating: 0, count: 256)
        var numbers = [UInt64](repeating: 0, count: 256)
        var figures = LogFigures()
    }

    /// Most empty pieces of memory that are kept, and most bytes of one.
    private static let sparesMax = 64
    private static let spareByteCountMax = 256 << 10

    private let options: LogOptions
    private let observer: any LogObserver
    private let queue = Mutex(Queue())
    private let thread = Mutex<LogThread?>(nil)
    private let signal = WakeSignal()

    /// Goes on with a log that was read before, or begins one; makes its next segment.
    package init(
        files: any LogFiles,
        options: LogOptions,
        position: LogPosition,
        observer: any LogObserver
    ) throws(LogFileError) {
        self.options = options
        self.observer = observer
        let carrier = EngineCarrier(
            LogEngine(
                files: files,
                options: options,
                position: position,
                wallSeconds: LogClock.wallSeconds
            )
        )
        try carrier.engine.start(now: LogClock.monotonicNanoseconds())
        let started = try LogThread(named: "log-writer") { [self] in run(carrier.engine) }
        thread.withLock { $0 = started }
    }

    deinit {
        queue.withLock { queue in
            for spare in queue.spares { spare.free() }
            for case .frame(let memory, _, _, _) in queue.jobs { memory.free() }
        }
    }

    // MARK: Any thread

    /// Hands over what a reactor has recorded in this turn; the buffer is empty afterwards.
    ///
    /// After a fault it is written only when the reactor has begun its part of the checkpoint that
    /// follows (see `RecordBuffer.begin`); before, the images will have it.
    ///
    /// Without `wakesWriter` the writer takes it when it next has something to do: whoever submits so
    /// calls `wake` soon.
    package func submit(
        _ buffer: inout RecordBuffer,
        wakesWriter: Bool = true
    ) -> LogSubmission {
        guard !buffer.isEmpty else { return .nothing }
        let reactor = Int(buffer.reactor)
        var isFirst = false
        let spare = queue.withLock { $0.isOpen ? $0.spares.popLast() : nil }
        let memory = buffer.take(spare ?? FrameMemory(capacity: 4096))
        let submission = queue.withLock { queue -> LogSubmission in
            guard queue.isOpen else { return .refused }
            queue.numbers[reactor] += 1
            let number = queue.numbers[reactor]
            queue.waiting[reactor] += memory.count
            queue.jobs.append(
                .frame(memory, reactor: buffer.reactor, number: number, since: buffer.checkpoint)
            )
            if wakesWriter {
                isFirst = !queue.isSignalled
                queue.isSignalled = true
            }
            return .taken(
                number: number,
                isCongested: queue.waiting[reactor] > options.bufferByteCountMax
            )
        }
        if submission == .refused { memory.free() }
        if isFirst { signal.raise() }
        return submission
    }

    /// Has the writer take what was submitted without waking it, if it has not yet.
    package func wake() {
        let isFirst = queue.withLock { queue in
            guard !queue.jobs.isEmpty else { return false }
            defer { queue.isSignalled = true }
            return !queue.isSignalled
        }
        if isFirst { signal.raise() }
    }

    /// Whether so much of a reactor waits that it had better not make more.
    package func isCongested(_ reactor: UInt8) -> Bool {
        queue.withLock { $0.waiting[Int(reactor)] > options.bufferByteCountMax }
    }

    /// Whether twice as much of a reactor waits as may: what is small and does not count by itself does
    /// now.
    package func isOverfull(_ reactor: UInt8) -> Bool {
        queue.withLock { $0.waiting[Int(reactor)] > 2 * options.bufferByteCountMax }
    }

    /// Whether more than half of what may wait of a reactor does: the rest is for what is new.
    package func isBehind(_ reactor: UInt8) -> Bool {
        queue.withLock { $0.waiting[Int(reactor)] > options.bufferByteCountMax / 2 }
    }

    /// Begins a checkpoint, unless one is under way; the observer learns when it has begun.
    package func beginCheckpoint() { enqueue(.beginCheckpoint) }

    /// Ends a checkpoint: all its images and their messages have been handed over.
    package func completeCheckpoint(_ number: UInt64) { enqueue(.completeCheckpoint(number)) }

    /// Syncs in another way from now on.
    package func setSyncing(_ syncing: LogSyncing) { enqueue(.setSyncing(syncing)) }

    /// Writes everything and ends the thread; what is handed over later is refused.
    package func close(_ database: WrittenDatabase?) {
        enqueue(.close(database))
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    /// Numbers about the log.
    package var figures: LogFigures {
        queue.withLock { queue in
            var figures = queue.figures
            figures.waitingByteCount = queue.waiting.reduce(0, +)
            return figures
        }
    }

    private func enqueue(_ job: LogJob) {
        let isFirst = queue.withLock { queue in
            queue.jobs.append(job)
            defer { queue.isSignalled = true }
            return !queue.isSignalled
        }
        if isFirst { signal.raise() }
    }

    // MARK: The writer's thread

    private func run(_ engine: LogEngine) {
        let syncer = LogSyncer { [self] in enqueue($0) }
        engine.startSync = syncer.map { syncer in
            { file, sequence, offset in syncer.sync(file, sequence, offset) }
        }
        var jobs: [LogJob] = []
        publish(engine, [])
        while engine.state != .closed {
            signal.wait(until: engine.deadline)
            let now = LogClock.monotonicNanoseconds()
            takeJobs(&jobs, engine, now)
            engine.run(jobs, now: now)
            publish(engine, jobs)
            jobs.removeAll(keepingCapacity: true)
        }
        syncer?.stop()
    }

    /// Takes all jobs, or only the news of syncs while one takes so long that more must not be
    /// written.
    private func takeJobs(_ jobs: inout [LogJob], _ engine: LogEngine, _ now: Int64) {
        let isStalled = engine.isSyncOverdue(at: now)
        queue.withLock { queue in
            queue.isSignalled = false
            guard isStalled else {
                swap(&jobs, &queue.jobs)
                return
            }
            queue.jobs.removeAll { job in
                guard case .synced = job else { return false }
                jobs.append(job)
                return true
            }
            // Once the sync is over, the others are next.
            if !jobs.isEmpty { signal.raise() }
        }
    }

    private func publish(_ engine: LogEngine, _ jobs: [LogJob]) {
        queue.withLock { queue in
            for case .frame(let memory, let reactor, _, _) in jobs {
                queue.waiting[Int(reactor)] -= memory.count
            }
            queue.isOpen = engine.state == .working || engine.state == .resuming
            while let spare = engine.spares.popLast() {
                guard queue.spares.count < Self.sparesMax,
                    spare.capacity <= Self.spareByteCountMax
                else {
                    spare.free()
                    continue
                }
                var empty = spare
                empty.count = LogFrameHead.byteCount
                queue.spares.append(empty)
            }
            queue.figures = engine.figures
        }
        for event in engine.events { observer.log(event) }
        engine.events.removeAll(keepingCapacity: true)
    }
}

/// Carries the engine to the writer's thread.
///
/// `@unchecked Sendable`: whoever made it does not touch it after the thread has started.
private struct EngineCarrier: @unchecked Sendable {
    let engine: LogEngine

    init(_ engine: LogEngine) { self.engine = engine }
}
