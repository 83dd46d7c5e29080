// SPDX-License-Identifier: Apache-2.0
// A reactor whose turns somebody else makes, one by one.

import CLinux
import Glibc

/// Instead of `run`: whoever drives a reactor like this decides when each turn is made and how fast
/// time passes.
///
/// With sockets whose other ends are in the same process, several reactors and all their peers live
/// on one thread, and nothing happens at the same time as anything else.
extension Reactor {
    /// Does what is ready, without waiting.
    package func turn() { turn(until: 0) }

    /// Becomes readable when a source is ready: for those who wait for others besides.
    package var pollDescriptor: CInt { epoll.rawValue }

    /// Whether a turn would do anything: a source is ready or a deadline has passed.
    package var isReady: Bool {
        var entry = pollfd(fd: epoll.rawValue, events: Int16(POLLIN), revents: 0)
        if retryingInterrupts({ poll(&entry, 1, 0) }) > 0 { return true }
        return isTurnRequested || nextDeadline() <= nanoseconds() / 1_000_000 + clockLead
    }

    /// Puts the clock of the reactor forward; deadlines in between fire in the next turn.
    package func advanceClock(seconds: Int64) {
        precondition(seconds >= 0, "a clock that never goes back")
        clockLead += seconds * 1000
    }

    /// Closes every connection: the end of `run`.
    package func closeConnections() {
        outgoing.cancelAll()
        for connection in connections { connection.close() }
        forgetConnections()
    }
}
