// SPDX-License-Identifier: Apache-2.0
// The memory both trees are made of: nodes in one block, edges in one hash table.

import Glibc

/// What a node of any level tree has.
protocol UnsafeLevelNode: BitwiseCopyable {
    /// The node above; the next free node while this one is not in use.
    var parent: UInt32 { get set }

    /// The level this node stands for.
    var text: UnsafeLevelText { get set }

    /// A node that has its place and its text and nothing else.
    init(parent: UInt32, text: UnsafeLevelText)
}

/// Nodes of a tree of topic levels and the look-up of a child by its text.
///
///     nodes   [root | node | free | node | ... ]        32-bit indices, 0 is the root
///     edges   hash of parent and text -> child
///
/// A node has no table of its own: one hash table, keyed by parent and text, serves the whole tree.
///
/// Invariants: an index in use is below `used` and not in the free list; an edge names a node in
/// use; callers pass indices of nodes in use only.
@safe
struct UnsafeLevelTree<Node: UnsafeLevelNode>: ~Copyable {
    /// No node; no node is a child with index 0, as that is the root.
    static var none: UInt32 { 0 }

    let hasher = UnsafeTopicHash.process
    private var nodes: UnsafeMutablePointer<Node>
    private var capacity: Int
    private(set) var used = 1
    private var firstFree: UInt32 = 0
    private var edges = UnsafeHashTable()

    /// A tree that is only a root.
    init() {
        capacity = 16
        unsafe nodes = Self.reallocate(nil, to: capacity)
        unsafe nodes.initialize(to: Node(parent: 0, text: .empty))
    }

    deinit {
        for index in 0..<used { unsafe nodes[index].text.release() }
        unsafe free(nodes)
    }

    /// The node at an index in use.
    subscript(index: UInt32) -> Node {
        @inline(__always)  // Reads one field in place instead of copying a node.
        _read { yield unsafe nodes[Int(index)] }
        @inline(__always)  // Changes one field in place.
        _modify { yield unsafe &nodes[Int(index)] }
    }

    /// The bytes of nodes and edges together.
    var storageBytes: Int {
        capacity * MemoryLayout<Node>.stride + edges.storageBytes
    }

    /// The child of a node with this text, or `none`.
    @inline(__always)  // The inner loop of every match.
    func child(of parent: UInt32, _ key: UnsafeLevelKey) -> UInt32 {
        let hash = unsafe hasher.edge(parent: parent, level: key.hash)
        return edges.find(hash) { child in
            let node = unsafe nodes + Int(child)
            return unsafe node.pointee.parent == parent && key.equals(node.pointee.text)
        }
    }

    /// Adds a node that `child(of:_:)` will not find, for links kept elsewhere.
    mutating func addUnlisted(under parent: UInt32, _ key: UnsafeLevelKey) -> UInt32 {
        let index: UInt32
        if firstFree != 0 {
            index = firstFree
            firstFree = unsafe nodes[Int(index)].parent
        } else {
            if used == capacity { growNodes() }
            index = UInt32(used)
            used += 1
        }
        unsafe (nodes + Int(index)).initialize(
            to: Node(parent: parent, text: UnsafeLevelText(copying: key))
        )
        return index
    }

    /// Adds a child whose text no other child of the node has.
    mutating func add(under parent: UInt32, _ key: UnsafeLevelKey) -> UInt32 {
        let index = unsafe addUnlisted(under: parent, key)
        edges.insert(unsafe hasher.edge(parent: parent, level: key.hash), index)
        return index
    }

    /// Takes back a node that `addUnlisted` made; it must have no children.
    mutating func removeUnlisted(_ index: UInt32) {
        unsafe nodes[Int(index)].text.release()
        unsafe nodes[Int(index)] = Node(parent: firstFree, text: .empty)
        firstFree = index
    }

    /// Takes back a node that `add` made; it must have no children.
    mutating func remove(_ index: UInt32) {
        let node = unsafe nodes[Int(index)]
        edges.remove(unsafe hasher.edge(parent: node.parent, level: node.text.hash(hasher)), index)
        removeUnlisted(index)
    }

    // MARK: Nodes

    private mutating func growNodes() {
        capacity += capacity / 2
        precondition(capacity <= Int(UInt32.max), "too many topic levels")
        unsafe nodes = Self.reallocate(nodes, to: capacity)
    }

    /// Grows the block in place where it can; large blocks move by remapping, without a copy.
    private static func reallocate(
        _ block: UnsafeMutablePointer<Node>?,
        to count: Int
    ) -> UnsafeMutablePointer<Node> {
        guard let larger = unsafe realloc(block, count * MemoryLayout<Node>.stride) else {
            preconditionFailure("out of memory for the topic tree")
        }
        return unsafe larger.bindMemory(to: Node.self, capacity: count)
    }
}
