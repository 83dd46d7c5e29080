// SPDX-License-Identifier: Apache-2.0
// The tree of retained messages: setting, removing, and keeping open walks valid meanwhile.

import Glibc

/// Where a walk goes on, one for each open cursor.
struct RetainedPosition: BitwiseCopyable {
    /// The node to look at next; 0 when the walk is over or the entry is free.
    var node: UInt32
    /// How many levels the node's topic has; in a free entry 1 + index of the next free one, or 0.
    var depth: UInt32
}

/// Retained values by topic, with siblings in the order in which they were first seen.
///
/// All methods are called under the lock of `RetainedStore`, the mutating ones under its write lock.
/// A position is written by the owner of its cursor under the read lock, and by writers under the
/// write lock when the node it names is removed; so a position never names a removed node.
///
/// While walks are open, nodes that have lost their values wither: they stay where they are until they
/// are many, or no walk is left. So removing a value costs the same however many walks there are.
@safe
struct UnsafeRetainedTree: ~Copyable {
    private(set) var tree = UnsafeLevelTree<UnsafeRetainedNode>()
    private(set) var count = 0
    /// How many changes there have been, since the broker was first started where that is known.
    var version: UInt64 = 0
    private var epoch: UInt64 = 0
    private var positions: UnsafeMutablePointer<RetainedPosition>?
    private var positionCount = 0
    private var firstFreePosition: UInt32 = 0
    private var openCursors = 0
    /// The nodes that wither, each once; some may have a value again.
    private var withering: [UInt32] = []
    /// So few are left alone, however few walks there are.
    private static let witheringMin = 16

    init() {}

    deinit {
        for index in 0..<UInt32(tree.used) {
            _ = unsafe Self.reference(tree[index].value)?.takeRetainedValue()
        }
        unsafe free(positions)
    }

    private static func reference(_ value: UInt) -> Unmanaged<AnyObject>? {
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: value) else { return nil }
        return unsafe Unmanaged<AnyObject>.fromOpaque(pointer)
    }

    /// The bytes of the tree itself.
    var storageBytes: Int { tree.storageBytes }

    // MARK: One topic

    /// The value of a topic.
    func value(topic: RawSpan) -> AnyObject? {
        guard let node = find(topic) else { return nil }
        return value(of: node)
    }

    /// The value of a node in use.
    func value(of node: UInt32) -> AnyObject? {
        unsafe Self.reference(tree[node].value)?.takeUnretainedValue()
    }

    /// Puts a value in the place of the one before, which is returned.
    mutating func set(topic: RawSpan, value: AnyObject) -> AnyObject? {
        let node = findOrAddNode(for: topic)
        let previous = unsafe Self.reference(tree[node].value)?.takeRetainedValue()
        tree[node].value = unsafe UInt(bitPattern: Unmanaged.passRetained(value).toOpaque())
        if previous == nil { count += 1 }
        version += 1
        return previous
    }

    /// Removes the value of a topic and the nodes that only it needed.
    mutating func remove(topic: RawSpan) -> AnyObject? {
        guard let node = find(topic) else { return nil }
        return remove(node)
    }

    /// Removes the value of a node in use and the nodes that only it needed.
    mutating func remove(_ start: UInt32) -> AnyObject? {
        guard let previous = unsafe Self.reference(tree[start].value)?.takeRetainedValue() else {
            return nil
        }
        assert(count > 0, "a value is counted")
        tree[start].value = 0
        count -= 1
        version += 1
        if openCursors == 0 {
            prune(start)
        } else {
            wither(start)
        }
        return previous
    }

    /// Removes a node without value and its parents, as far as nothing needs them.
    ///
    /// `leave` is called before each is removed.
    private mutating func prune(
        _ start: UInt32,
        _ leave: (borrowing Self, UInt32) -> Void = { _, _ in }
    ) {
        var node = start
        while node != 0 && tree[node].value == 0 && tree[node].firstChild == 0
            && !tree[node].isWithering
        {
            UnsafeStepCount.note()
            let parent = tree[node].parent
            leave(self, node)
            unlink(node, from: parent)
            tree.remove(node)
            node = parent
        }
    }

    private mutating func wither(_ node: UInt32) {
        if !tree[node].isWithering {
            tree[node].isWithering = true
            withering.append(node)
        }
        if withering.count > max(Self.witheringMin, positionCount) { removeWithered() }
    }

    /// Removes the nodes that have withered; walks that would go on there are sent on.
    ///
    /// About as many steps as there are such nodes and positions.
    private mutating func removeWithered() {
        var halts = RetainedHalts()
        if openCursors > 0 {
            for entry in 0..<UInt32(positionCount) { halts.add(entry, at: position(entry)) }
        }
        let nodes = withering
        withering = []
        for node in nodes {
            tree[node].isWithering = false
            prune(node) { tree, node in halts.leave(node) { tree.following($0) } }
        }
        halts.forEachMoved { setPosition($0, $1) }
    }

    private func find(_ topic: RawSpan) -> UInt32? {
        unsafe UnsafeLevels.withLevels(of: topic) { keys in
            var node: UInt32 = 0
            for index in 0..<keys.count {
                let key = unsafe keys[index]
                node = unsafe tree.child(of: node, key)
                if node == 0 { return nil }
            }
            return node
        }
    }

    private mutating func findOrAddNode(for topic: RawSpan) -> UInt32 {
        unsafe UnsafeLevels.withLevels(of: topic) { keys in
            var node: UInt32 = 0
            for index in 0..<keys.count {
                let key = unsafe keys[index]
                let next = unsafe tree.child(of: node, key)
                node = unsafe next != 0 ? next : addChild(of: node, key)
            }
            return node
        }
    }

    private mutating func addChild(of parent: UInt32, _ key: UnsafeLevelKey) -> UInt32 {
        let child = unsafe tree.add(under: parent, key)
        tree[child].epoch = epoch
        let first = tree[parent].firstChild
        if first == 0 {
            tree[parent].firstChild = child
            tree[child].previousSibling = child
        } else {
            let last = tree[first].previousSibling
            tree[last].nextSibling = child
            tree[child].previousSibling = last
            tree[first].previousSibling = child
        }
        return child
    }

    private mutating func unlink(_ node: UInt32, from parent: UInt32) {
        let next = tree[node].nextSibling
        let previous = tree[node].previousSibling
        let first = tree[parent].firstChild
        if first == node {
            tree[parent].firstChild = next
        } else {
            tree[previous].nextSibling = next
        }
        if next != 0 {
            tree[next].previousSibling = previous
        } else if first != node {
            tree[first].previousSibling = previous
        }
    }

    // MARK: Positions

    /// The epoch of a walk that begins now: what is added later is not found by it.
    mutating func beginWalk() -> UInt64 {
        defer { epoch += 1 }
        return epoch
    }

    /// Takes an entry for the position of a walk.
    mutating func openPosition(_ start: RetainedPosition) -> UInt32 {
        let entry: UInt32
        if firstFreePosition != 0 {
            entry = firstFreePosition - 1
            firstFreePosition = position(entry).depth
        } else {
            entry = UInt32(positionCount)
            growPositions()
        }
        openCursors += 1
        setPosition(entry, start)
        return entry
    }

    /// Ends a walk.
    mutating func closePosition(_ entry: UInt32) {
        assert(openCursors > 0, "a walk ends once")
        setPosition(entry, RetainedPosition(node: 0, depth: firstFreePosition))
        firstFreePosition = entry + 1
        openCursors -= 1
        if openCursors == 0, !withering.isEmpty { removeWithered() }
    }

    /// Where a walk goes on.
    func position(_ entry: UInt32) -> RetainedPosition {
        guard entry < positionCount, let positions = unsafe positions else {
            preconditionFailure("a cursor without a position")
        }
        return unsafe positions[Int(entry)]
    }

    /// Moves a walk; by the owner of its cursor.
    func setPosition(_ entry: UInt32, _ position: RetainedPosition) {
        guard entry < positionCount, let positions = unsafe positions else {
            preconditionFailure("a cursor without a position")
        }
        unsafe positions[Int(entry)] = position
    }

    private mutating func growPositions() {
        positionCount += 1
        let room = positionCount * MemoryLayout<RetainedPosition>.stride
        guard let larger = unsafe realloc(positions, room) else {
            preconditionFailure("out of memory for a cursor")
        }
        unsafe positions = larger.bindMemory(to: RetainedPosition.self, capacity: positionCount)
    }

    /// The node after this one and all below it; node 0 at the end of the tree.
    func following(_ position: RetainedPosition) -> RetainedPosition {
        var node = position.node
        var depth = position.depth
        while node != 0 {
            let next = tree[node].nextSibling
            if next != 0 { return RetainedPosition(node: next, depth: depth) }
            node = tree[node].parent
            depth -= 1
        }
        return RetainedPosition(node: 0, depth: 0)
    }
}
