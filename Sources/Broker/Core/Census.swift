// SPDX-License-Identifier: Apache-2.0
// Counts over all workers that decide about limits.

import Synchronization

/// Counts over all workers that decide about limits, and gauges for `$SYS`.
final class Census: Sendable {
    private let sessions = Atomic<Int>(0)
    private let sockets = Atomic<Int>(0)
    private let mostSockets = Atomic<Int>(0)

    /// Sessions, connected or not.
    var sessionCount: Int { sessions.load(ordering: .relaxed) }

    /// Open client sockets.
    var socketCount: Int { sockets.load(ordering: .relaxed) }

    /// Counts a session; false, and counts nothing, when `limit` (> 0) is reached.
    func addSession(limit: Int) -> Bool { Self.add(to: sessions, limit: limit) }

    /// A session is gone.
    func removeSession() { sessions.subtract(1, ordering: .relaxed) }

    /// Counts a socket; false, and counts nothing, when `limit` (> 0) is reached.
    func addSocket(limit: Int) -> Bool {
        guard Self.add(to: sockets, limit: limit) else { return false }
        let count = socketCount
        if count > mostSocketCount { mostSockets.max(count, ordering: .relaxed) }
        return true
    }

    /// The most open client sockets there were at a time.
    var mostSocketCount: Int { mostSockets.load(ordering: .relaxed) }

    /// A socket is gone.
    func removeSocket() { sockets.subtract(1, ordering: .relaxed) }

    private static func add(to count: borrowing Atomic<Int>, limit: Int) -> Bool {
        let value = count.add(1, ordering: .relaxed).newValue
        if limit > 0, value > limit {
            count.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }
}
