// SPDX-License-Identifier: Apache-2.0
// The walks over the retained tree by the node where they would go on.

/// Moves all walks that halt at a node together, in constant time however many they are.
///
/// The entries of one halt are a chain:
///
///     halts[node] -> first -> … -> last     links[entry] is the one after it
struct RetainedHalts {
    private struct Halt {
        var depth: UInt32
        let first: UInt32
        var last: UInt32
        var hasMoved: Bool
    }

    private var halts: [UInt32: Halt] = [:]
    private var links: [UInt32] = []
    /// Entries that have moved beyond the last node.
    private var finished: [Halt] = []

    /// Adds the next entry, whose number is the count of those before; one that is over halts nowhere.
    mutating func add(_ entry: UInt32, at place: RetainedPosition) {
        UnsafeStepCount.note()
        assert(Int(entry) == links.count, "entries come in their order")
        links.append(entry)
        guard place.node != 0 else { return }
        join(
            Halt(depth: place.depth, first: entry, last: entry, hasMoved: false),
            at: place.node
        )
    }

    /// Sends those who halt at a node to where `following` says.
    mutating func leave(_ node: UInt32, _ following: (RetainedPosition) -> RetainedPosition) {
        guard var halt = halts.removeValue(forKey: node) else { return }
        UnsafeStepCount.note()
        let next = following(RetainedPosition(node: node, depth: halt.depth))
        halt.depth = next.depth
        halt.hasMoved = true
        if next.node == 0 { finished.append(halt) } else { join(halt, at: next.node) }
    }

    private mutating func join(_ halt: Halt, at node: UInt32) {
        guard var there = halts[node] else {
            halts[node] = halt
            return
        }
        assert(there.depth == halt.depth, "a node has one depth")
        links[Int(there.last)] = halt.first
        there.last = halt.last
        there.hasMoved = there.hasMoved || halt.hasMoved
        halts[node] = there
    }

    /// Calls `body` with each entry that may have moved, and where it goes on now.
    func forEachMoved(_ body: (_ entry: UInt32, _ place: RetainedPosition) -> Void) {
        for halt in finished { visit(halt, RetainedPosition(node: 0, depth: 0), body) }
        for (node, halt) in halts where halt.hasMoved {
            visit(halt, RetainedPosition(node: node, depth: halt.depth), body)
        }
    }

    private func visit(
        _ halt: Halt,
        _ place: RetainedPosition,
        _ body: (UInt32, RetainedPosition) -> Void
    ) {
        var entry = halt.first
        while true {
            UnsafeStepCount.note()
            body(entry, place)
            if entry == halt.last { return }
            entry = links[Int(entry)]
        }
    }
}
