// SPDX-License-Identifier: Apache-2.0
// The retained messages of the broker, by topic, shared by all threads.

/// A walk over the retained values that match a filter.
///
/// Belongs to one thread. The store keeps its place valid while others change the tree; a cursor that
/// goes away is closed.
package final class RetainedCursor {
    fileprivate let filter: UnsafeRetainedFilter
    fileprivate let store: RetainedStore
    /// When the walk began; nil for an exact filter.
    fileprivate var epoch: UInt64?
    /// Where it goes on, from its first piece to its last.
    fileprivate var entry: UInt32?

    /// The walk has seen everything.
    package fileprivate(set) var isFinished = false

    fileprivate init(_ store: RetainedStore, _ filter: consuming UnsafeRetainedFilter) {
        self.store = store
        self.filter = filter
    }

    deinit { store.close(self) }
}

/// At most one value for each topic name, behind one read-write lock.
///
/// The lock is held for one topic or for one bounded piece of a walk, never longer. Values are
/// returned, not freed, under the lock.
package final class RetainedStore: Sendable {
    /// How many nodes a piece of a walk may look at for each value it may return.
    private static let visitsPerValue = 16

    private let tree = UnsafeReadWriteLocked(UnsafeRetainedTree())

    /// An empty store.
    package init() {}

    /// How many topics have a value.
    package var count: Int { tree.withRead { $0.count } }

    /// The bytes of the tree itself, without the values and long level names.
    package var storageBytes: Int { tree.withRead { $0.storageBytes } }

    /// Goes on counting changes from here.
    package func setVersion(_ version: UInt64) { tree.withWrite { $0.version = version } }

    // MARK: One topic

    /// Keeps a value for a topic and returns the one it replaces [MQTT-3.3.1-5].
    ///
    /// The value must be immutable, as every thread may get it.
    /// [MQTT311-3.3.1-5] [MQTT311-3.3.1-7]
    @discardableResult
    package func set(topic: RawSpan, value: AnyObject) -> AnyObject? {
        var version: UInt64 = 0
        return set(topic: topic, value: value, version: &version)
    }

    /// The same; `version` becomes the number of the change.
    package func set(topic: RawSpan, value: AnyObject, version: inout UInt64) -> AnyObject? {
        let (previous, made) = tree.withWrite { tree in
            (tree.set(topic: topic, value: value), tree.version)
        }
        version = made
        return previous
    }

    /// Removes the value of a topic and returns it [MQTT-3.3.1-6].
    @discardableResult
    package func remove(topic: RawSpan) -> AnyObject? {
        var version: UInt64 = 0
        return remove(topic: topic, version: &version)
    }

    /// The same; `version` becomes the number of the last change.
    package func remove(topic: RawSpan, version: inout UInt64) -> AnyObject? {
        let (previous, made) = tree.withWrite { tree in (tree.remove(topic: topic), tree.version) }
        version = made
        return previous
    }

    /// The value of a topic.
    package func value(topic: RawSpan) -> AnyObject? {
        tree.withRead { $0.value(topic: topic) }
    }

    // MARK: Walks

    /// Begins a walk over the values whose topics match a filter; an exact filter is a look-up.
    package func cursor(filter: RawSpan) -> RetainedCursor {
        open(UnsafeRetainedFilter(filter))
    }

    /// Begins a walk over all values, those of `$` topics as well.
    package func cursorOverAll() -> RetainedCursor {
        open(UnsafeRetainedFilter())
    }

    private func open(_ filter: consuming UnsafeRetainedFilter) -> RetainedCursor {
        let cursor = RetainedCursor(self, filter)
        guard cursor.filter.hasWildcard else { return cursor }
        let mayMatch = tree.withRead { $0.firstPosition(cursor.filter).node != 0 }
        guard mayMatch else {
            cursor.isFinished = true
            return cursor
        }
        cursor.epoch = tree.withWrite { $0.beginWalk() }
        return cursor
    }

    /// Where a walk goes on; nil for an exact filter.
    ///
    /// The tree keeps track of a walk only from its first piece on: what waits for its turn costs
    /// those who remove values nothing.
    private func place(of cursor: RetainedCursor) -> (entry: UInt32, epoch: UInt64)? {
        guard let epoch = cursor.epoch else { return nil }
        if let entry = cursor.entry { return (entry, epoch) }
        let entry = tree.withWrite { $0.openPosition($0.firstPosition(cursor.filter)) }
        cursor.entry = entry
        return (entry, epoch)
    }

    /// Appends up to `limit` further values to an array.
    ///
    /// Depth first, parents before children, siblings in the order in which their levels were first
    /// seen. A topic whose value was not touched since the walk began is found exactly once; one that
    /// was added since then is not found, one that was replaced is found at most once.
    ///
    /// - Returns: `true` when the walk is over; `false` may come with fewer than `limit` values, as a
    ///   piece of the walk also ends after looking at 16 nodes per value.
    package func next(
        _ cursor: RetainedCursor,
        limit: Int,
        into result: inout [AnyObject]
    ) -> Bool {
        var version: UInt64 = 0
        return next(cursor, limit: limit, into: &result, version: &version)
    }

    /// The same; `version` becomes the number of the last change when the values were looked at.
    package func next(
        _ cursor: RetainedCursor,
        limit: Int,
        into result: inout [AnyObject],
        version: inout UInt64
    ) -> Bool {
        if cursor.isFinished { return true }
        guard let place = place(of: cursor) else {
            cursor.filter.withBytes { topic in
                if let value = value(topic: topic) { result.append(value) }
            }
            cursor.isFinished = true
            return true
        }
        let end = result.count + max(1, limit)
        let isFinished = tree.withRead { tree in
            version = tree.version
            return tree.walk(
                place.entry,
                cursor.filter,
                epoch: place.epoch,
                visitsMax: max(1, limit) * Self.visitsPerValue
            ) { node in
                if let value = tree.value(of: node) { result.append(value) }
                return result.count < end
            }
        }
        if isFinished { close(cursor) }
        return isFinished
    }

    /// Removes the values among the next ones for which `isUnwanted` holds.
    ///
    /// Looks at no more than 16 times `limit` nodes and removes no more than `limit` values; `version`
    /// is the number of the last change. The write
    /// lock is held meanwhile, and `isUnwanted` must neither block nor use the store.
    package func removeAll(
        _ cursor: RetainedCursor,
        limit: Int,
        where isUnwanted: (AnyObject) -> Bool
    ) -> (removed: [AnyObject], version: UInt64, isFinished: Bool) {
        if cursor.isFinished { return ([], 0, true) }
        guard let place = place(of: cursor) else {
            cursor.isFinished = true
            let (removed, version) = cursor.filter.withBytes { removeOne($0, where: isUnwanted) }
            return (removed, version, true)
        }
        let most = max(1, limit)
        var removed: [AnyObject] = []
        var version: UInt64 = 0
        let isFinished = tree.withWrite { tree in
            var unwanted: [UInt32] = []
            let isFinished = tree.walk(
                place.entry,
                cursor.filter,
                epoch: place.epoch,
                visitsMax: most * Self.visitsPerValue
            ) { node in
                if let value = tree.value(of: node), isUnwanted(value) { unwanted.append(node) }
                return unwanted.count < most
            }
            for node in unwanted {
                if let value = tree.remove(node) { removed.append(value) }
            }
            version = tree.version
            return isFinished
        }
        if isFinished { close(cursor) }
        return (removed, version, isFinished)
    }

    private func removeOne(
        _ topic: RawSpan,
        where isUnwanted: (AnyObject) -> Bool
    ) -> ([AnyObject], version: UInt64) {
        tree.withWrite { tree in
            guard let value = tree.value(topic: topic), isUnwanted(value) else { return ([], 0) }
            let removed = tree.remove(topic: topic).map { [$0] } ?? []
            return (removed, tree.version)
        }
    }

    /// Ends a walk before it is over; nothing further is found.
    package func close(_ cursor: RetainedCursor) {
        cursor.isFinished = true
        guard let entry = cursor.entry else { return }
        cursor.entry = nil
        tree.withWrite { $0.closePosition(entry) }
    }
}
