// SPDX-License-Identifier: Apache-2.0
// Whether a plugin runs in a process of its own, and what happens when that fails.

/// Whether a plugin runs in a process of its own, and what happens when that fails.
package struct PluginIsolation: Sendable, Equatable {
    /// Where a plugin runs.
    package enum Mode: String, Sendable, CaseIterable {
        /// In the broker's own process.
        case none
        /// In a process of its own.
        case process
    }

    /// What a plugin that cannot answer counts as.
    package enum Failure: String, Sendable, CaseIterable {
        /// It has refused.
        case deny
        /// It is not there.
        case ignore
    }

    /// Seconds that all of these times may have at most.
    static let secondsMax = 86_400

    /// Where it runs.
    package var mode = Mode.none
    /// What it counts as while it cannot answer.
    package var failure = Failure.deny
    /// Seconds a callback may take before the process counts as hung; from 1.
    package var timeoutSeconds = 10
    /// Seconds that questions wait for a new process before they are answered by `failure`.
    package var restartWaitSeconds = 1
    /// Bytes of memory of its own above which a process is replaced; 0 for any.
    package var memoryMax = 0
    /// Bytes that this may be at most.
    static let memoryLargest = 1 << 50
}
