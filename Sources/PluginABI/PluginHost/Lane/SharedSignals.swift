// SPDX-License-Identifier: Apache-2.0
// The plugin thread's part in sharing signals with plugins.

import Net

/// The plugin thread's part in sharing signals with plugins.
///
/// While it runs code of plugins of others, the thread has the signal mask that the broker was started
/// with, which the processes they start inherit. Else it blocks the broker's signals, as all threads do that
/// are the broker's. Plugins may install handlers at any time and on threads of their own; so it is
/// looked now and then whether the broker's are still there.
struct SharedSignals {
    /// Milliseconds in which it is noticed that a plugin has taken a signal over.
    private static let checkInterval: Int64 = 1000

    /// Whether there are plugins of others.
    private let isShared: Bool
    private var isInPlugins = false
    private var checkedAt: Int64 = 0

    init(isShared: Bool) { self.isShared = isShared }

    /// Code of plugins comes next.
    mutating func enterPlugins() {
        guard isShared, !isInPlugins else { return }
        ProcessSignals.restoreMask()
        isInPlugins = true
    }

    /// The thread is about to wait; says how many milliseconds at most, nil for any.
    mutating func leavePlugins(now: Int64) -> Int64? {
        guard isShared else { return nil }
        if isInPlugins {
            ProcessSignals.block()
            isInPlugins = false
        }
        if now - checkedAt >= Self.checkInterval {
            ProcessSignals.retake()
            checkedAt = now
        }
        return Self.checkInterval
    }
}
