// SPDX-License-Identifier: Apache-2.0
// Finding the filters that match a topic, in the order in which the broker delivers.

/// A topic being matched: its levels and what must hold for all of them.
///
/// Invariant: made, used and dropped inside `UnsafeLevels.withLevels`.
@unsafe
private struct UnsafeMatchContext {
    let levels: UnsafeBufferPointer<UnsafeLevelKey>
    /// The topic begins with `$`, so wildcards do not match its first level [MQTT-4.7.2-1].
    /// [MQTT311-4.7.2-1]
    let isDollarTopic: Bool
}

extension UnsafeFilterTree {
    /// Most levels a topic has: 200 slashes and one.
    static var levelsMax: Int { 201 }

    /// Appends to `result` whoever subscribed to a filter that matches the topic.
    ///
    /// Depth first; at each level the literal child, then `+`, then `#`, so that a deeper `#` comes
    /// before the node itself. A topic of more than 201 levels matches nothing.
    func match(topic: RawSpan, into result: inout MatchResult) {
        unsafe UnsafeLevels.withLevels(of: topic) { levels in
            guard let first = unsafe levels.first, levels.count <= Self.levelsMax else { return }
            let isDollarTopic =
                unsafe first.count > 0 && first.start.load(as: UInt8.self) == 0x24
            let context = unsafe UnsafeMatchContext(levels: levels, isDollarTopic: isDollarTopic)
            unsafe visit(0, level: 0, context, &result)
        }
    }

    /// Searches below a node for the levels from `level` on; as deep as there are levels.
    private func visit(
        _ node: UInt32,
        level: Int,
        _ context: UnsafeMatchContext,
        _ result: inout MatchResult
    ) {
        let mayBeWildcard = unsafe level > 0 || !context.isDollarTopic
        let multi = tree[node].multi
        if unsafe level < context.levels.count {
            let plus = tree[node].plus
            if tree[node].literalCount > 0 {
                let literal = unsafe tree.child(of: node, context.levels[level])
                if literal != 0 { unsafe enter(literal, level: level + 1, context, &result) }
            }
            if plus != 0 && mayBeWildcard {
                unsafe enter(plus, level: level + 1, context, &result)
            }
        }
        if multi != 0 && mayBeWildcard { deliver(multi, &result) }
    }

    @inline(__always)  // One half of a recursion; a frame less for each level.
    private func enter(
        _ node: UInt32,
        level: Int,
        _ context: UnsafeMatchContext,
        _ result: inout MatchResult
    ) {
        unsafe visit(node, level: level, context, &result)
        if unsafe level == context.levels.count { deliver(node, &result) }
    }

    @inline(__always)  // Twice per matching filter at most.
    private func deliver(_ node: UInt32, _ result: inout MatchResult) {
        UnsafeSubscriberList.appendAll(tree[node], to: &result.destinations)
        groups.forEachGroup(tree[node].firstGroup) { result.sharedGroups.append($0) }
    }
}
