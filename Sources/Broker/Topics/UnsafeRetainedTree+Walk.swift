// SPDX-License-Identifier: Apache-2.0
// Walking the retained tree along a topic filter, a bounded piece at a time.

extension UnsafeRetainedTree {
    /// Where a walk for this filter begins; node 0 when nothing can match.
    func firstPosition(_ filter: borrowing UnsafeRetainedFilter) -> RetainedPosition {
        descend(RetainedPosition(node: 0, depth: 0), filter)
    }

    /// Goes on with a walk and calls `body` with nodes that match and have a value.
    ///
    /// Ends after `visitsMax` nodes or when `body` returns `false`.
    ///
    /// - Returns: `true` when the walk is over.
    func walk(
        _ entry: UInt32,
        _ filter: borrowing UnsafeRetainedFilter,
        epoch: UInt64,
        visitsMax: Int,
        _ body: (UInt32) -> Bool
    ) -> Bool {
        var here = position(entry)
        var visits = 0
        var goesOn = true
        while here.node != 0 && goesOn && visits < visitsMax {
            visits += 1
            UnsafeStepCount.note()
            let depth = Int(here.depth)
            let isMatch = tree[here.node].epoch <= epoch && matches(here, filter)
            if isMatch && tree[here.node].value != 0
                && (filter.isMulti ? depth >= filter.depth : depth == filter.depth)
            {
                goesOn = body(here.node)
            }
            var next = RetainedPosition(node: 0, depth: 0)
            if isMatch && (filter.isMulti || depth < filter.depth) { next = descend(here, filter) }
            here = next.node != 0 ? next : afterSubtree(here, filter)
        }
        setPosition(entry, here)
        return here.node == 0
    }

    /// Whether a node's own level is as the filter wants it; its parents are known to be.
    private func matches(
        _ here: RetainedPosition,
        _ filter: borrowing UnsafeRetainedFilter
    ) -> Bool {
        let level = Int(here.depth) - 1
        let isWildcard: Bool
        if level < filter.depth {
            let key = unsafe filter[level]
            isWildcard = unsafe key.isPlus
            if !isWildcard { return unsafe key.equals(tree[here.node].text) }
        } else {
            isWildcard = filter.isMulti
        }
        guard level == 0 && isWildcard && !filter.includesDollarTopics else { return isWildcard }
        return unsafe !tree[here.node].text.begins(with: 0x24)
    }

    /// The first child worth looking at; node 0 when there is none.
    private func descend(
        _ here: RetainedPosition,
        _ filter: borrowing UnsafeRetainedFilter
    ) -> RetainedPosition {
        let level = Int(here.depth)
        if level < filter.depth {
            let key = unsafe filter[level]
            if unsafe !key.isPlus {
                return RetainedPosition(
                    node: unsafe tree.child(of: here.node, key),
                    depth: here.depth + 1
                )
            }
        }
        return RetainedPosition(node: tree[here.node].firstChild, depth: here.depth + 1)
    }

    /// The next node that is not below this one; passes the siblings of literal levels by.
    private func afterSubtree(
        _ start: RetainedPosition,
        _ filter: borrowing UnsafeRetainedFilter
    ) -> RetainedPosition {
        var here = start
        while here.node != 0 {
            let level = Int(here.depth) - 1
            let isLiteral = unsafe level < filter.depth && !filter[level].isPlus
            if !isLiteral {
                let next = tree[here.node].nextSibling
                if next != 0 { return RetainedPosition(node: next, depth: here.depth) }
            }
            here = RetainedPosition(node: tree[here.node].parent, depth: here.depth - 1)
        }
        return RetainedPosition(node: 0, depth: 0)
    }
}
