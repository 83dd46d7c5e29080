// SPDX-License-Identifier: Apache-2.0
// The tree of topic filters: subscribing, unsubscribing, and the nodes they leave behind.

/// Every filter somebody has subscribed to.
///
/// Shared and ordinary subscriptions of a filter have one node. All methods are called under the
/// lock of `SubscriptionIndex`, the mutating ones under its write lock.
struct UnsafeFilterTree: ~Copyable {
    var tree = UnsafeLevelTree<UnsafeFilterNode>()
    private(set) var groups = UnsafeGroupTable()
    private(set) var subscriptionCount = 0
    private(set) var sharedSubscriptionCount = 0

    deinit {
        for index in 0..<UInt32(tree.used) { UnsafeSubscriberList.release(tree[index]) }
    }

    // MARK: Subscribing

    /// Adds a subscription, or replaces its options and identifier where it stands and returns what
    /// it was.
    mutating func subscribe(
        filter: RawSpan,
        shareName: RawSpan?,
        destination: Destination
    ) -> Destination? {
        let node = findOrAddNode(for: filter)
        if let shareName {
            let previous = groups.subscribe(
                node,
                &tree[node].firstGroup,
                name: shareName,
                member: destination
            )
            if previous == nil { sharedSubscriptionCount += 1 }
            return previous
        }
        if let previous = UnsafeSubscriberList.replace(&tree[node], with: destination) {
            return previous
        }
        UnsafeSubscriberList.append(&tree[node], destination)
        subscriptionCount += 1
        return nil
    }

    private mutating func findOrAddNode(for filter: RawSpan) -> UInt32 {
        unsafe UnsafeLevels.withLevels(of: filter) { keys in
            var node: UInt32 = 0
            for index in 0..<keys.count {
                let key = unsafe keys[index]
                let next = unsafe child(of: node, key)
                node = unsafe next != 0 ? next : addChild(of: node, key)
            }
            return node
        }
    }

    private func child(of node: UInt32, _ key: UnsafeLevelKey) -> UInt32 {
        if unsafe key.isPlus { return tree[node].plus }
        if unsafe key.isHash { return tree[node].multi }
        return unsafe tree.child(of: node, key)
    }

    private mutating func addChild(of node: UInt32, _ key: UnsafeLevelKey) -> UInt32 {
        if unsafe key.isPlus {
            let child = unsafe tree.addUnlisted(under: node, key)
            tree[node].plus = child
            return child
        }
        if unsafe key.isHash {
            let child = unsafe tree.addUnlisted(under: node, key)
            tree[node].multi = child
            return child
        }
        let child = unsafe tree.add(under: node, key)
        tree[node].literalCount += 1
        return child
    }

    // MARK: Unsubscribing

    /// Removes a subscription, which is returned, and the nodes that only it needed.
    mutating func unsubscribe(
        filter: RawSpan,
        shareName: RawSpan?,
        session: SessionHandle
    ) -> Destination? {
        guard let node = find(filter) else { return nil }
        let removed: Destination?
        if let shareName {
            removed = groups.unsubscribe(
                node,
                &tree[node].firstGroup,
                name: shareName,
                session: session
            )
            if removed != nil { sharedSubscriptionCount -= 1 }
        } else {
            removed = UnsafeSubscriberList.remove(&tree[node], session)
            if removed != nil { subscriptionCount -= 1 }
        }
        if removed != nil { prune(node) }
        return removed
    }

    /// The subscription of a session.
    func find(filter: RawSpan, shareName: RawSpan?, session: SessionHandle) -> Destination? {
        guard let node = find(filter) else { return nil }
        guard let shareName else { return UnsafeSubscriberList.find(tree[node], session) }
        return groups.find(node, name: shareName, session: session)
    }

    private func find(_ filter: RawSpan) -> UInt32? {
        unsafe UnsafeLevels.withLevels(of: filter) { keys in
            var node: UInt32 = 0
            for index in 0..<keys.count {
                let key = unsafe keys[index]
                node = unsafe child(of: node, key)
                if node == 0 { return nil }
            }
            return node
        }
    }

    /// Removes a node nobody needs, then its parent if that was the last reason for it.
    private mutating func prune(_ start: UInt32) {
        var node = start
        while node != 0 && tree[node].isEmpty {
            let parent = tree[node].parent
            if tree[parent].plus == node {
                tree[parent].plus = 0
                tree.removeUnlisted(node)
            } else if tree[parent].multi == node {
                tree[parent].multi = 0
                tree.removeUnlisted(node)
            } else {
                tree[parent].literalCount -= 1
                tree.remove(node)
            }
            node = parent
        }
    }

    /// Asserts what the comments of nodes, lists and groups say; walks everything.
    func checkInvariants() {
        var ordinary = 0
        var shared = 0
        for index in 0..<UInt32(tree.used) {
            UnsafeSubscriberList.checkInvariants(tree[index])
            ordinary += Int(tree[index].subscriberCount)
            shared += groups.checkInvariants(index, first: tree[index].firstGroup)
        }
        assert(ordinary == subscriptionCount && shared == sharedSubscriptionCount)
    }
}
