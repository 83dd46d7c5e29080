// SPDX-License-Identifier: Apache-2.0
// The tree of topic filters: subscribing, unsubscribing, and the nodes they leave behind.

/// A node of the filter tree, 56 bytes.
///
/// Invariant: `UnsafeSubscriberList` alone reads and writes `subscriberCount` and `subscriber`.
@safe
struct UnsafeFilterNode: UnsafeLevelNode {
    var parent: UInt32
    /// The child `+`, or 0.
    var plus: UInt32 = 0
    /// The child `#`, or 0.
    var multi: UInt32 = 0
    /// How many children the edge table has for this node.
    var literalCount: UInt32 = 0
    /// The first group sharing this filter, as 1 + index, or 0.
    var firstGroup: UInt32 = 0
    /// How many sessions subscribed to this filter without sharing.
    var subscriberCount: UInt32 = 0
    var text: UnsafeLevelText
    /// The only subscriber, or where the block of several is.
    var subscriber = Destination(session: SessionHandle(rawValue: 0), options: .init(rawValue: 0))

    init(parent: UInt32, text: UnsafeLevelText) {
        self.parent = parent
        unsafe self.text = text
    }

    /// Nobody needs this node.
    var isEmpty: Bool {
        subscriberCount == 0 && literalCount == 0 && plus == 0 && multi == 0 && firstGroup == 0
    }
}

/// One group of a shared subscription, in the list of its node.
struct FilterGroup {
    /// The next group of the same filter, as 1 + index, or 0; while free, the next free entry.
    var next: UInt32
    /// What publishers see of the group; `nil` while the entry is free.
    var group: SharedGroup?
}

/// Every filter somebody has subscribed to.
///
/// Shared and ordinary subscriptions of a filter have one node. All methods are called under the
/// lock of `SubscriptionIndex`, the mutating ones under its write lock.
struct UnsafeFilterTree: ~Copyable {
    var tree = UnsafeLevelTree<UnsafeFilterNode>()
    private var groups: [FilterGroup] = []
    private var firstFreeGroup: UInt32 = 0
    private(set) var subscriptionCount = 0
    private(set) var sharedSubscriptionCount = 0

    deinit {
        for index in 0..<UInt32(tree.used) { UnsafeSubscriberList.release(tree[index]) }
    }

    // MARK: Subscribing

    /// Adds a subscription, or replaces its options and identifier where it stands.
    mutating func subscribe(
        filter: RawSpan,
        shareName: RawSpan?,
        destination: Destination
    ) -> SubscribeResult {
        let node = findOrAddNode(for: filter)
        if let shareName {
            return subscribe(node, shareName: shareName.copiedBytes, destination: destination)
        }
        if let previous = UnsafeSubscriberList.replace(&tree[node], with: destination) {
            return .replaced(previous: previous)
        }
        UnsafeSubscriberList.append(&tree[node], destination)
        subscriptionCount += 1
        return .new
    }

    private mutating func subscribe(
        _ node: UInt32,
        shareName: [UInt8],
        destination: Destination
    ) -> SubscribeResult {
        guard let entry = group(of: node, named: shareName),
            let group = groups[entry].group
        else {
            addGroup(SharedGroup(shareName: shareName, members: [destination]), to: node)
            sharedSubscriptionCount += 1
            return .new
        }
        var members = group.membersInTurn
        if let index = members.firstIndex(where: { $0.session == destination.session }) {
            let previous = members[index]
            members[index] = destination
            groups[entry].group = SharedGroup(shareName: shareName, members: members)
            return .replaced(previous: previous)
        }
        members.append(destination)
        groups[entry].group = SharedGroup(shareName: shareName, members: members)
        sharedSubscriptionCount += 1
        return .new
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

    /// Removes a subscription and the nodes that only it needed; `false` when there is none.
    mutating func unsubscribe(
        filter: RawSpan,
        shareName: RawSpan?,
        session: SessionHandle
    ) -> Bool {
        guard let node = find(filter) else { return false }
        if let shareName {
            guard leave(node, shareName: shareName.copiedBytes, session: session) else {
                return false
            }
            sharedSubscriptionCount -= 1
        } else {
            guard UnsafeSubscriberList.remove(&tree[node], session) else { return false }
            subscriptionCount -= 1
        }
        prune(node)
        return true
    }

    /// Whether a session has a subscription.
    func contains(filter: RawSpan, shareName: RawSpan?, session: SessionHandle) -> Bool {
        guard let node = find(filter) else { return false }
        guard let shareName else { return UnsafeSubscriberList.contains(tree[node], session) }
        guard let entry = group(of: node, named: shareName.copiedBytes) else { return false }
        return groups[entry].group?.membersInTurn.contains { $0.session == session } ?? false
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

    private mutating func leave(
        _ node: UInt32,
        shareName: [UInt8],
        session: SessionHandle
    ) -> Bool {
        guard let entry = group(of: node, named: shareName),
            var members = groups[entry].group?.membersInTurn,
            let index = members.firstIndex(where: { $0.session == session })
        else { return false }
        members.remove(at: index)
        if members.isEmpty {
            removeGroup(entry, from: node)
        } else {
            groups[entry].group = SharedGroup(shareName: shareName, members: members)
        }
        return true
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

    // MARK: Groups

    /// Calls `body` with each group of a node, the oldest first.
    @inline(__always)  // Nearly always there is none, which is then one comparison.
    func forEachGroup(of node: UInt32, _ body: (SharedGroup) -> Void) {
        var entry = tree[node].firstGroup
        while entry != 0 {
            let record = groups[Int(entry - 1)]
            if let group = record.group { body(group) }
            entry = record.next
        }
    }

    private func group(of node: UInt32, named shareName: [UInt8]) -> Int? {
        var entry = tree[node].firstGroup
        while entry != 0 {
            let index = Int(entry - 1)
            if groups[index].group?.shareName == shareName { return index }
            entry = groups[index].next
        }
        return nil
    }

    private mutating func addGroup(_ group: SharedGroup, to node: UInt32) {
        let index: Int
        if firstFreeGroup != 0 {
            index = Int(firstFreeGroup - 1)
            firstFreeGroup = groups[index].next
            groups[index] = FilterGroup(next: 0, group: group)
        } else {
            index = groups.count
            groups.append(FilterGroup(next: 0, group: group))
        }
        guard tree[node].firstGroup != 0 else {
            tree[node].firstGroup = UInt32(index + 1)
            return
        }
        var last = Int(tree[node].firstGroup - 1)
        while groups[last].next != 0 { last = Int(groups[last].next - 1) }
        groups[last].next = UInt32(index + 1)
    }

    private mutating func removeGroup(_ index: Int, from node: UInt32) {
        let next = groups[index].next
        if tree[node].firstGroup == UInt32(index + 1) {
            tree[node].firstGroup = next
        } else {
            var before = Int(tree[node].firstGroup - 1)
            while groups[before].next != UInt32(index + 1) { before = Int(groups[before].next - 1) }
            groups[before].next = next
        }
        groups[index] = FilterGroup(next: firstFreeGroup, group: nil)
        firstFreeGroup = UInt32(index + 1)
    }
}

extension RawSpan {
    /// The bytes in an array of their own.
    var copiedBytes: [UInt8] {
        let view = Span<UInt8>(_bytes: self)
        return view.indices.map { view[$0] }
    }
}
