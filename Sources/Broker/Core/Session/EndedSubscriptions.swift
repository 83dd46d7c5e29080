// SPDX-License-Identifier: Apache-2.0
// Subscriptions of sessions that have ended, on their way out of the index.

import Topics

/// What is still to be taken out of the index for sessions that are no more.
///
/// Their session handles are stale, so that a match that still finds an ordinary subscription costs a
/// look-up and no more. A shared one would be given messages when it is its turn in the group, so
/// these are removed first, most of them at once.
struct EndedSubscriptions {
    /// Shared subscriptions of one session that are taken out at once.
    private static let sharedAtOnceMax = 1000

    private struct Entry {
        let session: SessionHandle
        var subscriptions: Subscriptions
        var slot: UInt32 = 0
    }

    private let index: SubscriptionIndex
    private var entries: [Entry] = []

    init(_ index: SubscriptionIndex) { self.index = index }

    /// Whether all are out.
    var isEmpty: Bool { entries.isEmpty }

    /// Begins to take out the subscriptions of a session.
    mutating func add(_ subscriptions: consuming Subscriptions, of session: SessionHandle) {
        var rest = subscriptions
        rest.removeShared(limit: Self.sharedAtOnceMax) { _ = $0.leave(index, session) }
        if !rest.isEmpty { entries.append(Entry(session: session, subscriptions: rest)) }
    }

    /// Takes out the next ones; looks at no more than `limit` slots.
    mutating func removeSlice(limit: UInt32) {
        guard let last = entries.indices.last else { return }
        let session = entries[last].session
        let index = index
        var slot = entries[last].slot
        entries[last].subscriptions.removeSlice(from: &slot, limit: limit) {
            _ = $0.leave(index, session)
        }
        entries[last].slot = slot
        if entries[last].subscriptions.isEmpty { entries.removeLast() }
    }
}

extension Worker {
    /// Takes the subscriptions of a session that is about to end out of the index, in slices.
    func end(_ subscriptions: consuming Subscriptions, of session: SessionHandle) {
        guard !subscriptions.isEmpty else { return }
        let isIdle = endedSubscriptions.isEmpty
        endedSubscriptions.add(subscriptions, of: session)
        guard isIdle, !endedSubscriptions.isEmpty else { return }
        slices.add { [self] in
            endedSubscriptions.removeSlice(limit: 64)
            return endedSubscriptions.isEmpty
        }
    }
}
