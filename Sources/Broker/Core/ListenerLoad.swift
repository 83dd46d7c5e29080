// SPDX-License-Identifier: Apache-2.0
// How many connections a listener has.

import Synchronization

/// How many connections a listener has; shared by all settings it ever had.
package final class ListenerLoad: Sendable {
    private let connections = Atomic<Int>(0)
    private let accepted = Atomic<UInt64>(0)
    private let rejected = InlineArray<4, Atomic<UInt64>> { _ in Atomic(0) }
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

    /// Connections there are.
    var connectionCount: Int { connections.load(ordering: .relaxed) }

    /// Connections that were served.
    var acceptedCount: UInt64 { accepted.load(ordering: .relaxed) }

    /// Connections that were turned away for a reason.
    func rejectedCount(_ reason: ListenerRejection) -> UInt64 {
        rejected[reason.rawValue].load(ordering: .relaxed)
    }

    /// A connection is served.
    func noteAccepted() { accepted.add(1, ordering: .relaxed) }

    /// A connection was turned away.
    func noteRejected(_ reason: ListenerRejection) {
        rejected[reason.rawValue].add(1, ordering: .relaxed)
    }

    /// A connection is gone.
    func leave() {
        connections.subtract(1, ordering: .relaxed)
    }
}
