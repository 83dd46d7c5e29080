// SPDX-License-Identifier: Apache-2.0
// What is counted about the processes of a plugin.

import Synchronization

/// What is counted about the processes of a plugin; the keeper and workers count, anybody reads.
final class HelperFigures: Sendable {
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
}
