// SPDX-License-Identifier: Apache-2.0
// The index of all subscriptions: from a topic to those who want its messages.

import Synchronization

/// The two kinds of subscription, which are shown apart.
package enum SubscriptionKind: Sendable {
    /// Every subscriber gets every message.
    case ordinary
    /// Each message goes to one member of each group.
    case shared
}

/// Every subscription of every session, shared by all threads.
///
/// Behind one read-write lock that is held for the length of one match or one change. Whoever keeps
/// results reads `generation` first, or takes it from the result, and drops what it has kept when the
/// number is another one.
package final class SubscriptionIndex: Sendable {
    private let tree = UnsafeReadWriteLocked(UnsafeFilterTree())
    private let generationCounter = Atomic<UInt64>(0)

    /// An index without subscriptions.
    package init() {}

    /// A number that grows with every change of what a match could return.
    ///
    /// Any thread; takes no lock.
    package var generation: UInt64 { generationCounter.load(ordering: .acquiring) }

    /// Adds a subscription, or replaces the one the session has for this filter and share name.
    ///
    /// In constant time, however many subscribers and groups the filter has.
    ///
    /// - Parameters:
    ///   - filter: a valid topic filter, without `$share/name/`
    ///   - shareName: the name of the group for a shared subscription
    ///   - destination: the subscriber; at most one for each session, filter and share name
    ///     [MQTT-3.8.4-3]
    /// - Returns: nil when the session had no such subscription, else what it was: options and
    ///   identifier have been replaced, its place and its slot were kept.
    /// [MQTT311-3.8.4-3]
    @discardableResult
    package func subscribe(
        filter: RawSpan,
        shareName: RawSpan? = nil,
        destination: Destination
    ) -> Destination? {
        tree.withWrite { tree in
            let previous = tree.subscribe(
                filter: filter,
                shareName: shareName,
                destination: destination
            )
            if previous.map({ $0 != destination.keepingSlot(of: $0) }) ?? true {
                generationCounter.wrappingAdd(1, ordering: .releasing)
            }
            return previous
        }
    }

    /// Removes a subscription and returns it; nil when the session has none like it
    /// [MQTT-3.10.4-2].
    ///
    /// In constant time, however many subscribers and groups the filter has.
    /// [MQTT-3.10.4-1] [MQTT311-3.10.4-1] [MQTT311-3.10.4-2]
    @discardableResult
    package func unsubscribe(
        filter: RawSpan,
        shareName: RawSpan? = nil,
        session: SessionHandle
    ) -> Destination? {
        tree.withWrite { tree in
            let removed = tree.unsubscribe(
                filter: filter,
                shareName: shareName,
                session: session
            )
            if removed != nil { generationCounter.wrappingAdd(1, ordering: .releasing) }
            return removed
        }
    }

    /// Whether a session has a subscription for this filter and share name.
    package func contains(
        filter: RawSpan,
        shareName: RawSpan? = nil,
        session: SessionHandle
    ) -> Bool {
        tree.withRead {
            $0.find(filter: filter, shareName: shareName, session: session) != nil
        }
    }

    /// Replaces `result` by the destinations of a topic name.
    ///
    /// Without allocation once `result` has grown to what the topics need. The order: depth first; at
    /// each level the literal child, then `+`, then `#`; within a filter as subscribed.
    /// [MQTT-3.3.2-3] [MQTT-4.7.3-4] [MQTT311-3.3.2-3] [MQTT311-4.7.3-4]
    package func match(topic: RawSpan, into result: inout MatchResult) {
        result.removeAll(keepingCapacity: true)
        tree.withRead { tree in
            result.generation = generationCounter.load(ordering: .relaxed)
            tree.match(topic: topic, into: &result)
        }
    }

    /// How many ordinary subscriptions there are.
    package var subscriptionCount: Int { tree.withRead { $0.subscriptionCount } }

    /// How many members all shared subscriptions have together.
    package var sharedSubscriptionCount: Int { tree.withRead { $0.sharedSubscriptionCount } }

    /// How many shared groups there are; each filter and share name is one.
    package var sharedGroupCount: Int { tree.withRead { $0.groups.count } }

    /// Whether there is any subscription at all.
    package var hasSubscribers: Bool {
        tree.withRead { $0.subscriptionCount + $0.sharedSubscriptionCount > 0 }
    }

    /// The bytes of the tree itself, without blocks of several subscribers and long level names.
    package var storageBytes: Int { tree.withRead { $0.tree.storageBytes } }

    /// Asserts that everything in the index fits together; for tests, as it walks all of it.
    package func checkInvariants() { tree.withRead { $0.checkInvariants() } }

    /// Calls `body` with every level of every filter of this kind, parents before children.
    ///
    /// `depth` is 0 for the first level. `subscribers` are those of the filter that ends here: in the
    /// order of subscribing, or for groups in the order of turns. Subscribing waits meanwhile, and
    /// `body` must not use the index.
    package func forEachNode(
        in kind: SubscriptionKind,
        _ body: (_ depth: Int, _ level: [UInt8], _ subscribers: [Destination]) -> Void
    ) {
        tree.withRead { $0.forEachNode(in: kind, body) }
    }
}
