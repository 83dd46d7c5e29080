// SPDX-License-Identifier: Apache-2.0
// A node of the tree of topic filters.

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
    /// The first group sharing this filter, or 0.
    var firstGroup: UInt32 = 0
    /// How many sessions subscribed to this filter without sharing.
    var subscriberCount: UInt32 = 0
    var text: UnsafeLevelText
    /// The only subscriber, or where the block of several is.
    var subscriber = Destination(session: SessionHandle(rawValue: 0), options: .init(rawValue: 0))

    init(parent: UInt32, text: UnsafeLevelText) {
        assert(MemoryLayout<Self>.stride == 56, "what a subscription costs")
        self.parent = parent
        unsafe self.text = text
    }

    /// Nobody needs this node.
    var isEmpty: Bool {
        subscriberCount == 0 && literalCount == 0 && plus == 0 && multi == 0 && firstGroup == 0
    }
}
