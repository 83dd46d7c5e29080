// SPDX-License-Identifier: Apache-2.0
// What there is to know about plugins, for those who watch the broker.

/// What was counted about plugins at one moment.
package struct HookFigures: Sendable {
    /// One event of one plugin.
    package struct Event: Sendable {
        /// What log lines call it.
        package let name: String
        package let calls: UInt64
        /// Calls that returned what no rule of the event foresees.
        package let errors: UInt64
        /// Nanoseconds of all calls.
        package let nanoseconds: UInt64
        /// Calls that took longer than `plugin_slow_callback_ms`.
        package let slowCalls: UInt64

        package init(
            name: String,
            calls: UInt64,
            errors: UInt64,
            nanoseconds: UInt64,
            slowCalls: UInt64
        ) {
            self.name = name
            self.calls = calls
            self.errors = errors
            self.nanoseconds = nanoseconds
            self.slowCalls = slowCalls
        }
    }

    /// The process a plugin has for itself.
    package struct Process: Sendable {
        /// Whether one answers at the moment.
        package let isRunning: Bool
        /// Its number; 0 for none.
        package let pid: Int
        /// Processes that were started in the place of others.
        package let restarts: UInt64
        /// Bytes of memory of its own.
        package let memoryBytes: Int
        /// Questions that it has yet to answer.
        package let pendingCount: Int
        /// Questions that were answered by `plugin_failure` instead.
        package let failedAnswers: UInt64

        package init(
            isRunning: Bool,
            pid: Int,
            restarts: UInt64,
            memoryBytes: Int,
            pendingCount: Int,
            failedAnswers: UInt64
        ) {
            self.isRunning = isRunning
            self.pid = pid
            self.restarts = restarts
            self.memoryBytes = memoryBytes
            self.pendingCount = pendingCount
            self.failedAnswers = failedAnswers
        }
    }

    /// One plugin.
    package struct Plugin: Sendable {
        /// The name it gave itself, or what its file is called.
        package let name: String
        /// The version it gave itself; empty for none.
        package let version: String
        /// The events it was called for.
        package let events: [Event]
        /// Its process; nil if it runs in the broker's.
        package let process: Process?

        package init(name: String, version: String, events: [Event], process: Process? = nil) {
            self.name = name
            self.version = version
            self.events = events
            self.process = process
        }
    }

    /// In the order in which they were loaded.
    package var plugins: [Plugin] = []
    /// What waits for the plugin thread.
    package var waitingCount = 0
    /// How long the first of those that were taken together had waited: by bucket, by itself.
    package var waits: [UInt64] = []
    /// The upper bounds of all buckets but the last, in nanoseconds, rising.
    package var waitBounds: [Int64] = []
    /// Nanoseconds of all those waits.
    package var waitNanoseconds: UInt64 = 0

    package init() {}
}
