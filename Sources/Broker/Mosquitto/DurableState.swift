// SPDX-License-Identifier: Apache-2.0
// Where the broker's state comes from at the start, and where it goes at the end.

import Config
import Core
import Glibc
import Log
import Net
import Persist
import PluginHost
import SafeFiles
import Synchronization

/// What the broker remembers: one place decides whence it comes and whither it goes.
///
/// With `persistence false` it begins with what persistence plugins give back, and leaves nothing.
final class DurableState: Sendable {
    private let broker: Broker
    private let plugins: PluginHost?
    private let configuration: Configuration
    private let path: String
    /// The session log while it is written.
    private let sessionLog = Mutex<SessionLog?>(nil)

    init(_ broker: Broker, _ plugins: PluginHost?) {
        self.broker = broker
        self.plugins = plugins
        configuration = broker.settings.configuration
        path = configuration.persistencePath
    }

    /// Reads what was kept; after the listeners were opened, so that no other broker has them.
    func read(isRepairing: Bool) throws(StartError) -> DurableStart {
        guard configuration.persistence else {
            let state = plugins?.restore()
            return DurableStart(state: state, clock: plugins?.restoredClock, keeper: plugins)
        }
        guard configuration.persistenceLog else {
            // It would count at a later start, with what is old by then.
            if access("\(path).log", F_OK) == 0 {
                try putAside("persistence_log is false: the database counts")
            }
            let state = try readDatabase()
            return DurableStart(state: state, clock: state?.clock)
        }
        return try readLog(isRepairing)
    }

    /// Ends the threads, and keeps what is to be kept.
    func stop(_ threads: BrokerThreads, awaitDecisions: () -> Void = {}) {
        broker.saver.finish()
        guard configuration.persistence else {
            return threads.stop(awaitDecisions: awaitDecisions) { threads in
                guard self.plugins?.keepsState == true else { return }
                threads.awaitSafety(patience: 5)
                // The ends of connections and sessions that follow are none that plugins should keep.
                threads.ask(patience: 10) { $0.endReports() }
            }
        }
        let clock = WallClock()
        do throws(SystemError) {
            let collector = try SnapshotCollector(workers: broker.workers.count)
            threads.stop(awaitDecisions: awaitDecisions) { threads in
                threads.awaitSafety(patience: 5)
                threads.ask(patience: nil) { collector.add($0.stateAtEnd(clock)) }
            }
            let isWritten = broker.write(collector.wait(), isCleanShutdown: true, clock: clock)
            closeLog(isWritten)
        } catch {
            broker.log.error("Error saving in-memory database: \(error).")
            threads.stop(awaitDecisions: awaitDecisions)
            closeLog(false)
        }
    }

    /// Ends the log; its last record says which database was written with it.
    ///
    /// A log that does not end as it should is older than that database, and would count all the same.
    private func closeLog(_ isDatabaseWritten: Bool) {
        guard let log = sessionLog.withLock({ $0 }) else { return }
        if let line = broker.durableFigures.logLine(at: Clock.wallSeconds()) {
            broker.log.info(line)
        }
        let database = isDatabaseWritten ? try? WrittenDatabase.read(path) : nil
        guard !log.close(database), database != nil else { return }
        do throws(StartError) {
            try putAside("The session log could not be written to its end: the database counts")
        } catch {
            broker.log.error(error.line)
        }
    }

    // MARK: The log

    private func readLog(_ isRepairing: Bool) throws(StartError) -> DurableStart {
        let (folder, recovered) = try openLog(isRepairing)
        let database: WrittenDatabase?
        do throws(LogFileError) {
            database = try WrittenDatabase.read(path, unless: recovered.shutdown?.database)
        } catch {
            throw StartError(line: "Error: The database cannot be read: \(error).", exitCode: 1)
        }
        report(recovered)
        let source = StateSource(
            isLogNew: recovered.position.segments.isEmpty,
            shutdown: recovered.shutdown,
            database: database
        )
        switch source {
        case .log:
            if database?.length == 0, recovered.shutdown?.database != nil {
                broker.log.warning("Warning: \(path) is empty: the session log counts.")
            }
            let state = RecoveredState(recovered, for: broker)
            return start(state, state.clock, recovered, folder, 0)
        case .nothing:
            let reason = "The database \(path) was removed since the session log ended: that counts"
            return try startAnew(nil, instead: recovered, folder, because: reason)
        case .database:
            return try readDatabase(instead: recovered, folder, isRepairing)
        }
    }

    /// Begins with the database, which is another one than the log knows; nothing is put aside before
    /// it has been read.
    private func readDatabase(
        instead recovered: RecoveredLog,
        _ folder: LogFolder,
        _ isRepairing: Bool
    ) throws(StartError) -> DurableStart {
        let state: DatabaseState?
        do throws(StartError) { state = try readDatabase() } catch {
            guard !recovered.position.segments.isEmpty else { throw error }
            guard isRepairing else {
                let hint = "Start with --repair to begin with the session log instead."
                throw StartError(line: "\(error.line) \(hint)", exitCode: error.exitCode)
            }
            try rename(path, "The database cannot be read: the session log counts")
            let state = RecoveredState(recovered, for: broker)
            return start(state, state.clock, recovered, folder, 0)
        }
        let reason = "The database \(path) is another one since the session log ended: it counts"
        return try startAnew(state, instead: recovered, folder, because: reason)
    }

    /// Begins with what a database says, or with nothing; a log that says something else is put aside.
    private func startAnew(
        _ state: DatabaseState?,
        instead recovered: RecoveredLog,
        _ folder: LogFolder,
        because reason: String
    ) throws(StartError) -> DurableStart {
        let counter = state?.messageCounter ?? 0
        guard !recovered.position.segments.isEmpty else {
            return start(state, state?.clock, recovered, folder, counter)
        }
        try putAside(reason)
        let (folder, recovered) = try openLog(false)
        return start(state, state?.clock, recovered, folder, counter)
    }

    private func openLog(_ isRepairing: Bool) throws(StartError) -> (LogFolder, RecoveredLog) {
        var reading = LogReading(
            isRepairing: isRepairing,
            boot: LogNumbers.boot(),
            startedAt: LogClock.wallSeconds()
        )
        let health = broker.health
        reading.progress = { health.noteReading($0, of: $1) }
        do throws(LogOpenError) {
            let folder = try LogFolder("\(path).log")
            return (folder, try RecoveredLog.read(folder, reading, newLog: LogNumbers.random()))
        } catch {
            throw Self.startError("\(path).log", error)
        }
    }

    /// What is read beside the log has to be recorded in it first.
    private func start(
        _ state: (any StoredState)?,
        _ clock: WallClock?,
        _ recovered: RecoveredLog,
        _ folder: LogFolder,
        _ messageCounter: UInt64
    ) -> DurableStart {
        let log = SessionLog(
            broker,
            lastSession: recovered.sessionMax,
            messageCounter: max(recovered.messageCounterMax, messageCounter),
            retainedVersion: recovered.retainedVersion
        )
        sessionLog.withLock { $0 = log }
        var position = recovered.position
        if state is DatabaseState { position.isReset = true }
        var options = LogOptions(syncing: LogSyncing(configuration.persistenceFsync))
        options.bufferByteCountMax = configuration.persistenceBuffer
        options.boot = LogNumbers.boot()
        return DurableStart(
            state: state,
            clock: clock,
            writing: DurableStart.Writing(
                log: log,
                folder: folder,
                options: options,
                position: position
            )
        )
    }

    private func report(_ recovered: RecoveredLog) {
        for loss in recovered.losses { broker.log.warning("Warning: \(path).log: \(loss)") }
        if recovered.cutByteCount > 0 {
            broker.log.notice(
                "The last \(recovered.cutByteCount) bytes of \(path).log were not written completely and are left out."
            )
        }
        if recovered.missingCount + recovered.strayCount > 0 {
            broker.log.warning(
                "Warning: \(path).log: \(recovered.missingCount) messages are not there, and \(recovered.strayCount) records have nothing to be about\(recovered.firstStray.map { ", first \($0)" } ?? "")."
            )
        }
        guard !recovered.position.segments.isEmpty else { return }
        broker.log.info("Restoring sessions and retained messages from \(path).log.")
        broker.log.info(
            "Restored \(recovered.sessions.count) sessions and \(recovered.retained.count) retained messages from \(recovered.byteCount) bytes."
        )
    }

    /// Something else counts than the log, which is kept under another name.
    private func putAside(_ reason: String) throws(StartError) {
        try rename("\(path).log", reason)
    }

    /// Keeps a file, or folder, under another name.
    private func rename(_ name: String, _ reason: String) throws(StartError) {
        let aside = "\(name).replaced-\(Clock.wallNanoseconds() / 1_000_000_000)"
        guard Glibc.rename(name, aside) == 0 else {
            throw Self.startError(name, .file(LogFileError("rename", name)))
        }
        // After a power cut the old name would count again.
        do throws(FileError) { try File.syncFolder(of: aside) } catch {
            broker.log.warning("Warning: \(error).")
        }
        broker.log.notice("\(reason). \(name) is now \(aside).")
    }

    // MARK: The database

    private func readDatabase() throws(StartError) -> DatabaseState? {
        do throws(DatabaseReadError) {
            return try DatabaseState.read(path, for: broker)
        } catch {
            broker.log.error("Error: Couldn't open database.")
            throw StartError(
                line: "Error: \(path): \(error)",
                exitCode: error.isOfUnsupportedVersion ? 3 : 1
            )
        }
    }

    private static func startError(_ path: String, _ error: LogOpenError) -> StartError {
        var line = "Error: The session log \(path) cannot be read: \(error)."
        switch error {
        case .damaged, .segmentMissing:
            line += " Start with --repair to keep what can be read of it."
        case .file, .locked, .newerVersion: break
        }
        return StartError(line: line, exitCode: 1)
    }
}

extension DatabaseReadError {
    fileprivate var isOfUnsupportedVersion: Bool {
        if case .unsupportedVersion = reason { true } else { false }
    }
}
