// SPDX-License-Identifier: Apache-2.0
// What was kept comes back to life, and the session log begins to be written.

import Core
import Persist
import PluginHost

/// What the broker begins with, and where its session log goes on.
final class DurableStart {
    /// What it takes to write the session log.
    struct Writing {
        let log: SessionLog
        let folder: LogFolder
        let options: LogOptions
        let position: LogPosition
    }

    private var state: (any StoredState)?
    /// The clock that its messages were made with.
    private let clock: WallClock?
    /// nil: there is no session log.
    private let writing: Writing?
    /// Who tells persistence plugins what happens.
    private let keeper: PluginHost?

    init(
        state: (any StoredState)?,
        clock: WallClock?,
        writing: Writing? = nil,
        keeper: PluginHost? = nil
    ) {
        self.state = state
        self.clock = clock
        self.writing = writing
        self.keeper = keeper
    }

    /// Brings the state back to life, on the workers' own threads, and lets go of what was read;
    /// takes as long as it takes.
    ///
    /// To be called before the first client comes. Time goes on only when the log is being written: it
    /// is told of wills that are published and sessions that end.
    func restore(on threads: BrokerThreads) throws(StartError) {
        let state = self.state
        self.state = nil
        if let state, let clock {
            threads.broker.health.beginRestoring(state.sessionCount + state.retainedCount)
            threads.ask(patience: nil) { $0.restoreRetained(state) }
            threads.ask(patience: nil) { $0.restoreSessions(state, clock: clock) }
        }
        if let writing {
            let log = writing.log
            threads.ask(patience: nil) { $0.record(in: log) }
            do throws(LogFileError) {
                try log.start(writing.folder, writing.options, at: writing.position)
            } catch {
                throw StartError(
                    line: "Error: The session log cannot be written: \(error).",
                    exitCode: 1
                )
            }
        }
        if let keeper {
            let last = keeper.lastRestoredNumber
            keeper.finishRestoring {
                threads.ask(patience: nil) { $0.report(lastNumber: last) }
            }
        }
        if state != nil { threads.ask(patience: nil) { $0.resumeTime() } }
    }
}
