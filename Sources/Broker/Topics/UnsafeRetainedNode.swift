// SPDX-License-Identifier: Apache-2.0
// A node of the tree of retained messages.

/// A node of the retained tree, 48 bytes.
///
///     firstChild -> child <-> child <-> child     previous of the first child is the last one
///
/// Invariant: `value` is 0 or a reference counted object this node holds one reference to.
@safe
struct UnsafeRetainedNode: UnsafeLevelNode {
    var parent: UInt32
    var firstChild: UInt32 = 0
    var nextSibling: UInt32 = 0
    var previousSibling: UInt32 = 0
    var text: UnsafeLevelText
    var value: UInt = 0
    /// `epoch` above the bit `isWithering`.
    private var bits: UInt64 = 0

    /// The epoch in which the node was made; walks that began earlier pass it by.
    var epoch: UInt64 {
        get { bits >> 1 }
        set { bits = newValue << 1 | bits & 1 }
    }

    /// Whether it has lost its value and is to be looked at when withered nodes are removed.
    var isWithering: Bool {
        get { bits & 1 != 0 }
        set { bits = bits & ~1 | (newValue ? 1 : 0) }
    }

    init(parent: UInt32, text: UnsafeLevelText) {
        assert(MemoryLayout<Self>.stride == 48, "what a retained topic costs")
        self.parent = parent
        unsafe self.text = text
    }
}
