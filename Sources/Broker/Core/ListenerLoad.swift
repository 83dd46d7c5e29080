// SPDX-License-Identifier: Apache-2.0
// How many connections a listener has.

import Synchronization

/// How many connections a listener has; shared by all settings it ever had.
package final class ListenerLoad: Sendable {
    private let connections = Atomic<Int>(0)
    /// What the connections of an `http_api` listener hold.
    let http = HTTPMemory()

    package init() {}

    /// Counts a connection.
    ///
    /// Returns false, and counts nothing, when `limit` (> 0) is reached.
    func enter(limit: Int) -> Bool {
        let count = connections.add(1, ordering: .relaxed).newValue
        if limit > 0, count > limit {
            connections.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// A connection is gone.
    func leave() {
        connections.subtract(1, ordering: .relaxed)
    }
}
