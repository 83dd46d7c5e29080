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

    /// One plugin.
    package struct Plugin: Sendable {
        /// The name it gave itself, or what its file is called.
        package let name: String
        /// The version it gave itself; empty for none.
        package let version: String
        /// The events it was called for.
        package let events: [Event]

        package init(name: String, version: String, events: [Event]) {
            self.name = name
            self.version = version
            self.events = events
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
