// SPDX-License-Identifier: Apache-2.0
// The session log as the whole broker sees it.

package import Config
import Log
package import Persist
import Synchronization
import Topics

/// What all workers share of the session log: its writer, the numbers it gives, and the way back
/// from the writer's thread.
///
/// Any thread may use it.
package final class SessionLog: Sendable {
    private let broker: Broker
    private let log: Log
    private let writer = Mutex<LogWriter?>(nil)
    /// By worker; its own.
    let numbers: [UnsafeLogNumberTable]
    private let lastSession: Atomic<SessionNumber>
    /// Counter of the last message, by all workers of the last start.
    let messageCounter: UInt64
    /// The checkpoint under way.
    private let checkpoint = Mutex(CheckpointRest())
    /// Whether the log has a line that says that writing fails, and none that it works again.
    private let hasFailed = Atomic<Bool>(false)
    /// Whether it ends as it should, once it has ended.
    private let isWhole = Atomic<Bool>(false)

    /// Goes on after the highest numbers of what was read.
    package init(
        _ broker: Broker,
        lastSession: SessionNumber,
        messageCounter: UInt64,
        retainedVersion: UInt64
    ) {
        self.broker = broker
        log = broker.log
        numbers = broker.workers.map { _ in UnsafeLogNumberTable() }
        self.lastSession = Atomic(lastSession)
        self.messageCounter = messageCounter
        broker.retained.setVersion(retainedVersion)
    }

    deinit {
        for table in numbers { table.free() }
    }

    /// Begins to write: from now on what workers hand over goes to the files.
    ///
    /// Before it, every worker has its recorder.
    package func start(
        _ files: any LogFiles,
        _ options: LogOptions,
        at position: LogPosition
    ) throws(LogFileError) {
        // Its thread has news for the workers at once, and what these hand over then finds the writer.
        try writer.withLock { (writer) throws(LogFileError) in
            writer = try LogWriter(
                files: files,
                options: options,
                position: position,
                observer: self
            )
        }
        broker.setSessionLog(self)
    }

    /// Syncs in another way from now on.
    package func setSyncing(_ syncing: LogSyncing) {
        writer.withLock { $0 }?.setSyncing(syncing)
    }

    /// Writes everything that was handed over, and ends; returns whether all of it is on the disk, and
    /// that it is the end.
    package func close(_ database: WrittenDatabase?) -> Bool {
        broker.setSessionLog(nil)
        let ended = writer.withLock { writer in
            defer { writer = nil }
            return writer
        }
        ended?.close(database)
        return isWhole.load(ordering: .acquiring)
    }

    /// Numbers about the log; nil when it is not being written.
    package var figures: LogFigures? { writer.withLock { $0?.figures } }

    /// A number for a session, or for a publisher without one.
    func nextNumber() -> SessionNumber {
        lastSession.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// The number of the session behind a handle; 0 when that is not durable.
    func number(of handle: SessionHandle) -> SessionNumber {
        let reactor = Int(handle.reactor)
        return reactor < numbers.count ? numbers[reactor].number(of: handle) : 0
    }

    /// Hands over what a worker has recorded; without `wakesWriter` it calls `wakeWriter` later.
    func submit(_ buffer: inout RecordBuffer, wakesWriter: Bool) -> LogSubmission {
        guard let writer = writer.withLock({ $0 }) else {
            buffer.removeAll()
            return .refused
        }
        return writer.submit(&buffer, wakesWriter: wakesWriter)
    }

    /// Has what was handed over written.
    func wakeWriter() { writer.withLock { $0 }?.wake() }

    /// Whether so much of a worker waits to be written that it had better not make more.
    func isCongested(_ worker: Int) -> Bool {
        writer.withLock { $0 }?.isCongested(UInt8(truncatingIfNeeded: worker)) ?? false
    }

    /// Whether so much of a worker waits to be written that it must not even make a little more.
    func isOverfull(_ worker: Int) -> Bool {
        writer.withLock { $0 }?.isOverfull(UInt8(truncatingIfNeeded: worker)) ?? false
    }

    /// Whether so much of a worker waits to be written that a checkpoint had better wait too.
    func isBehind(_ worker: Int) -> Bool {
        writer.withLock { $0 }?.isBehind(UInt8(truncatingIfNeeded: worker)) ?? false
    }

    /// A worker has handed over all that a checkpoint needs of it, and it was taken.
    func finishCheckpoint(_ number: UInt64) {
        guard checkpoint.withLock({ $0.finish(number) }) else { return }
        writer.withLock { $0 }?.completeCheckpoint(number)
    }

    private func beginCheckpoint(_ number: UInt64, isReset: Bool) {
        let count = broker.workers.count
        checkpoint.withLock { $0 = CheckpointRest(number: number, workerCount: count) }
        for worker in broker.workers {
            worker.post { $0.recorder?.beginCheckpoint(number, isReset: isReset) }
        }
    }
}

extension SessionLog: LogObserver {
    package func log(_ event: LogEvent) {
        switch event {
        case .safe(let reactor, let number):
            guard Int(reactor) < broker.workers.count else { return }
            broker.workers[Int(reactor)].post { $0.recorder?.noteSafe(number) }
        case .failed(let error):
            // Attempts to begin anew may fail as well, until one of them is whole.
            if !hasFailed.exchange(true, ordering: .relaxed) {
                log.error("Error: Unable to write the session log: \(error).")
            }
            for worker in broker.workers { worker.post { $0.recorder?.fail() } }
        case .resumed(let checkpoint): beginCheckpoint(checkpoint, isReset: true)
        case .checkpointWanted: writer.withLock { $0 }?.beginCheckpoint()
        case .checkpointBegan(let number): beginCheckpoint(number, isReset: false)
        case .checkpointCompleted(let number):
            if hasFailed.exchange(false, ordering: .relaxed) {
                log.notice("The session log can be written again.")
            }
            for worker in broker.workers { worker.post { $0.recorder?.endCheckpoint(number) } }
        case .closed(let isClean): isWhole.store(isClean, ordering: .releasing)
        }
    }
}

extension LogSyncing {
    /// What `persistence_fsync` says.
    package init(_ option: PersistenceFsync) {
        self =
            switch option {
            case .always: .always
            case .everysec: .everySecond
            case .no: .never
            }
    }
}
