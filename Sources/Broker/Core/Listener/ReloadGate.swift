// SPDX-License-Identifier: Apache-2.0
// Whoever connects after SIGHUP was sent finds the new configuration.

import Glibc
import Synchronization

/// Leaves newcomers outside from the moment SIGHUP is sent until the configuration read for it is in
/// force.
///
/// They wait in the queues of the listening sockets, so that "change the file, send SIGHUP, connect"
/// is served by the changed file, however quick the client is.
package final class ReloadGate: Sendable {
    private let reloadsBegun = Atomic<Int>(0)

    /// Whether SIGHUP has arrived and nobody has begun to reload yet.
    ///
    /// The signal is blocked in every thread, so it stays pending until the control thread takes it.
    package var isAwaited: Bool {
        var pending = sigset_t()
        return sigpending(&pending) == 0 && sigismember(&pending, SIGHUP) == 1
    }

    /// Whether a worker that has been told of the end of so many reloads may take newcomers.
    ///
    /// The control thread shuts the gate before it takes the signal: one of the two is always seen.
    func isOpen(after reloads: Int) -> Bool {
        !isAwaited && reloadsBegun.load(ordering: .acquiring) == reloads
    }

    /// A reload begins; every worker must be told of its end.
    package func shut() { reloadsBegun.add(1, ordering: .releasing) }
}
