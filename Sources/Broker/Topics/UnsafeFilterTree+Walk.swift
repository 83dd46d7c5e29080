// SPDX-License-Identifier: Apache-2.0
// Walking all filters, for showing the tree to a person.

extension UnsafeFilterTree {
    /// Calls `body` with every node that has a subscription of this kind in or below it.
    ///
    /// Parents come before children. Takes memory and time for the whole tree.
    func forEachNode(
        in kind: SubscriptionKind,
        _ body: (_ depth: Int, _ level: [UInt8], _ subscribers: [Destination]) -> Void
    ) {
        let isNeeded = nodesNeeded(for: kind)
        var firstChild = [UInt32](repeating: 0, count: tree.used)
        var nextSibling = [UInt32](repeating: 0, count: tree.used)
        for index in (1..<max(1, tree.used)).reversed() where isNeeded[index] {
            let parent = Int(tree[UInt32(index)].parent)
            nextSibling[index] = firstChild[parent]
            firstChild[parent] = UInt32(index)
        }
        var depth = 0
        var node = firstChild[0]
        while node != 0 {
            body(depth, unsafe tree[node].text.bytes, subscribers(of: node, kind))
            if firstChild[Int(node)] != 0 {
                node = firstChild[Int(node)]
                depth += 1
                continue
            }
            while node != 0 && nextSibling[Int(node)] == 0 {
                node = tree[node].parent
                depth -= 1
            }
            node = nextSibling[Int(node)]
        }
    }

    /// Marks the nodes on the way from the root to a subscription.
    private func nodesNeeded(for kind: SubscriptionKind) -> [Bool] {
        var isNeeded = [Bool](repeating: false, count: tree.used)
        for index in 1..<UInt32(max(1, tree.used)) {
            let node = tree[index]
            let holds = kind == .ordinary ? node.subscriberCount > 0 : node.firstGroup != 0
            guard holds else { continue }
            var step = index
            while step != 0 && !isNeeded[Int(step)] {
                isNeeded[Int(step)] = true
                step = tree[step].parent
            }
        }
        return isNeeded
    }

    private func subscribers(of node: UInt32, _ kind: SubscriptionKind) -> [Destination] {
        var result: [Destination] = []
        switch kind {
        case .ordinary: UnsafeSubscriberList.appendAll(tree[node], to: &result)
        case .shared: groups.forEachGroup(tree[node].firstGroup) { result += $0.membersInTurn }
        }
        return result
    }
}
