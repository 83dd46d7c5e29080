// SPDX-License-Identifier: Apache-2.0
// The subscriptions of one session.

import Topics

/// What a session is subscribed to, by slot.
///
///     entries   [ subscription | free | subscription | free | ... ]
///     firstFree        └──────────────────►┘
///
/// The index of all subscriptions knows the slot of each, so that nothing is ever searched here. A
/// slot is kept until its subscription ends, and is then used again.
///
/// There is no order of subscribing: within a filter the index has it, among the filters of one
/// session nothing depends on it.
///
/// Invariants: an entry with an empty text is free, and no other; the free ones are the list that
/// begins at `firstFree`, linked by their identifiers as 1 + slot; `count` entries are not free, and
/// `sharedCount` of them are shared.
struct Subscriptions {
    private var entries: [SessionSubscription] = []
    /// 1 + slot, or 0.
    private var firstFree: UInt32 = 0
    private var used: UInt32 = 0
    private var shared: UInt32 = 0

    /// An empty array keeps so much memory for new subscriptions.
    private static let kept = 16

    /// How many there are.
    var count: Int { Int(used) }

    /// How many of them are shared.
    var sharedCount: Int { Int(shared) }

    /// Whether there is none.
    var isEmpty: Bool { used == 0 }

    /// The slot that `add` will take next.
    var nextSlot: UInt32 { firstFree != 0 ? firstFree - 1 : UInt32(entries.count) }

    /// One more than the highest slot that may be in use.
    var slotEnd: UInt32 { UInt32(entries.count) }

    /// The subscription in a slot; nil when it is free.
    subscript(slot: UInt32) -> SessionSubscription? {
        guard slot < slotEnd else { return nil }
        let entry = entries[Int(slot)]
        return entry.text.isEmpty ? nil : entry
    }

    /// Adds a subscription in `nextSlot`.
    mutating func add(_ subscription: SessionSubscription) {
        assert(!subscription.text.isEmpty, "a filter has at least one character")
        if firstFree != 0 {
            let slot = Int(firstFree - 1)
            firstFree = entries[slot].identifier
            entries[slot] = subscription
        } else {
            precondition(entries.count < Int(UInt32.max) - 1, "a slot has 32 bits")
            entries.append(subscription)
        }
        used += 1
        if subscription.isShared { shared += 1 }
    }

    /// Puts a subscription in the place of the one to the same filter.
    mutating func replace(_ slot: UInt32, with subscription: SessionSubscription) {
        assert(self[slot]?.text == subscription.text, "the index names the slot of the filter")
        entries[Int(slot)] = subscription
    }

    /// Ends the subscription in a slot and returns it.
    @discardableResult
    mutating func remove(_ slot: UInt32) -> SessionSubscription {
        guard let removed = self[slot] else {
            preconditionFailure("the slot of a subscription is in use")
        }
        used -= 1
        if removed.isShared { shared -= 1 }
        if used == 0 {
            entries.removeAll(keepingCapacity: entries.capacity <= Self.kept)
            firstFree = 0
        } else {
            entries[Int(slot)] = SessionSubscription(
                text: [],
                options: SubscriptionOptions(rawValue: 0),
                identifier: firstFree
            )
            firstFree = slot + 1
        }
        return removed
    }

    /// The subscriptions in the next slots from `slot` on, which moves behind them.
    ///
    /// Looks at no more than `limit` slots; the last slice ends at `slotEnd`.
    func slice(from slot: inout UInt32, limit: UInt32) -> [SessionSubscription] {
        let end = min(slotEnd, slot + min(limit, .max - slot))
        defer { slot = max(slot, end) }
        guard slot < end else { return [] }
        return (slot..<end).compactMap { self[$0] }
    }

    /// Ends up to `limit` subscriptions, of which it looks at as many slots; for the end of a session.
    ///
    /// `slot` says where to go on and begins at 0. Nothing may be added meanwhile.
    mutating func removeSlice(
        from slot: inout UInt32,
        limit: UInt32,
        _ body: (SessionSubscription) -> Void
    ) {
        var left = limit
        while left > 0, slot < slotEnd {
            if self[slot] != nil { body(remove(slot)) }
            slot += 1
            left -= 1
        }
    }

    /// Ends up to `limit` shared subscriptions; looks at all slots if there are any.
    mutating func removeShared(limit: Int, _ body: (SessionSubscription) -> Void) {
        guard shared > 0 else { return }
        var left = limit
        var slot: UInt32 = 0
        while shared > 0, left > 0, slot < slotEnd {
            if entries[Int(slot)].isShared {
                body(remove(slot))
                left -= 1
            }
            slot += 1
        }
    }

    /// Asserts what the type's comment says.
    func checkInvariants() {
        var isFree = [Bool](repeating: false, count: entries.count)
        var next = firstFree
        while next != 0 {
            assert(!isFree[Int(next - 1)], "the free list goes in a circle")
            isFree[Int(next - 1)] = true
            next = entries[Int(next - 1)].identifier
        }
        assert(zip(entries, isFree).allSatisfy { $0.text.isEmpty == $1 })
        assert(entries.count { !$0.text.isEmpty } == count)
        assert(entries.count { $0.isShared } == sharedCount)
    }
}
