// SPDX-License-Identifier: Apache-2.0
// What is counted and remembered about the processes of a plugin.

import Glibc
import Synchronization

/// What is counted and remembered about the processes of a plugin; the keeper and workers say it, anybody
/// reads.
final class HelperFigures: Sendable {
    /// How far the process of a plugin is; the raw values are shown outside.
    enum State: String {
        /// It answers.
        case running
        /// It sets the plugin up.
        case starting
        /// There is none, and the next one is to come.
        case waiting
    }

    /// How a process has ended.
    struct End: Sendable {
        /// In words: `process 4711 was ended by signal 11 (Segmentation fault)`.
        let reason: String
        /// In seconds since 1970.
        let at: Int64
        /// When the next one is started, in seconds since 1970.
        let nextAt: Int64
    }

    /// Whether a process answers.
    let isRunning = Atomic<Bool>(false)
    /// The process; 0 for none.
    let pid = Atomic<Int>(0)
    /// Processes that were started in the place of others.
    let restarts = Atomic<Int>(0)
    /// Bytes of memory of its own that the process had when it was looked at last.
    let memoryBytes = Atomic<Int>(0)
    /// Questions that were answered by what the plugin counts as.
    let failedAnswers = Atomic<Int>(0)
    private let end = Mutex<End?>(nil)

    /// How far the process is.
    var state: State {
        if isRunning.load(ordering: .relaxed) { return .running }
        return pid.load(ordering: .relaxed) == 0 ? .waiting : .starting
    }

    /// How the last one has ended; nil if none has.
    var lastEnd: End? { end.withLock { $0 } }

    /// A process has ended, or could not be started, and the next one is started in so many milliseconds.
    func noteEnd(_ reason: String, wait: Int64) {
        let now = Int64(time(nil))
        let noted = End(reason: reason, at: now, nextAt: now + (wait + 999) / 1000)
        end.withLock { $0 = noted }
    }
}
