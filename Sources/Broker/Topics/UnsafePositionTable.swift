// SPDX-License-Identifier: Apache-2.0
// Where in a long list of subscribers a session stands.

import Glibc

/// A hash table from sessions to their positions in a list that is kept elsewhere.
///
///     [ - | position | position | - | ... ]       32 bits each, open addressing, linear probing
///
/// The table has no keys: callers say which session stands at a position. It does not grow; whoever
/// gives the list more room makes a new table.
///
/// Invariants: `slots` is a block of `capacity` slots, owned by the one list that holds this value
/// and freed by `release`; a slot is `vacant` or a position below the room the table was made for;
/// no two slots are positions of the same session; at least one slot in three is vacant.
@safe
struct UnsafePositionTable: BitwiseCopyable {
    /// Marks a slot without a position.
    private static var vacant: UInt32 { .max }

    private let slots: UnsafeMutablePointer<UInt32>
    private let capacity: UInt32

    /// A table for a list with room for so many subscribers.
    init(room: Int) {
        let capacity = room + room / 2 + 1
        guard capacity < Self.vacant,
            let block = unsafe malloc(capacity * MemoryLayout<UInt32>.stride)
        else { preconditionFailure("out of memory for positions of subscribers") }
        unsafe slots = block.bindMemory(to: UInt32.self, capacity: capacity)
        unsafe slots.initialize(repeating: Self.vacant, count: capacity)
        self.capacity = UInt32(capacity)
    }

    /// Frees the table; the value must not be used again.
    func release() { unsafe free(slots) }

    /// The slot where the search for a session begins.
    ///
    /// Handles of sessions differ in few bits and count up, and linear probing needs them spread well:
    /// two rounds of multiplying and folding, whose result depends on all bits.
    @inline(__always)  // The beginning of every look-up.
    private func home(_ session: UInt64) -> UInt32 {
        var hash = session &+ 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        hash = (hash ^ hash >> 31) & 0xFFFF_FFFF
        return UInt32(truncatingIfNeeded: (hash &* UInt64(capacity)) >> 32)
    }

    @inline(__always)  // A step of every search.
    private func after(_ slot: UInt32) -> UInt32 { slot + 1 == capacity ? 0 : slot + 1 }

    /// Enters the position of a session that has none.
    func insert(_ session: UInt64, at position: Int) {
        assert(position < capacity, "the table was made for a shorter list")
        var slot = home(session)
        while unsafe slots[Int(slot)] != Self.vacant {
            UnsafeStepCount.note()
            slot = after(slot)
        }
        unsafe slots[Int(slot)] = UInt32(position)
    }

    /// The position of a session; `session(at:)` says who stands where.
    @inline(__always)  // Lets the closure become part of the loop.
    func position(of session: UInt64, session sessionAt: (Int) -> UInt64) -> Int? {
        var slot = home(session)
        while true {
            let position = unsafe slots[Int(slot)]
            if position == Self.vacant { return nil }
            UnsafeStepCount.note()
            if sessionAt(Int(position)) == session { return Int(position) }
            slot = after(slot)
        }
    }

    /// Changes the position of a session that has moved.
    func move(_ session: UInt64, from old: Int, to new: Int) {
        var slot = home(session)
        while unsafe slots[Int(slot)] != UInt32(old) {
            precondition(unsafe slots[Int(slot)] != Self.vacant, "a subscriber has no position")
            slot = after(slot)
        }
        unsafe slots[Int(slot)] = UInt32(new)
    }

    /// Removes a position while `sessionAt` still knows who stands there, and closes the gap.
    @inline(__always)  // Lets the closure become part of the loop.
    func remove(_ session: UInt64, at position: Int, session sessionAt: (Int) -> UInt64) {
        var gap = home(session)
        while unsafe slots[Int(gap)] != UInt32(position) {
            precondition(unsafe slots[Int(gap)] != Self.vacant, "a subscriber has no position")
            gap = after(gap)
        }
        var slot = after(gap)
        while unsafe slots[Int(slot)] != Self.vacant {
            UnsafeStepCount.note()
            let home = unsafe home(sessionAt(Int(slots[Int(slot)])))
            if distance(from: home, to: slot) >= distance(from: gap, to: slot) {
                unsafe slots[Int(gap)] = slots[Int(slot)]
                gap = slot
            }
            slot = after(slot)
        }
        unsafe slots[Int(gap)] = Self.vacant
    }

    private func distance(from: UInt32, to: UInt32) -> UInt32 {
        to >= from ? to - from : to + capacity - from
    }

    /// How many positions there are; looks at every slot.
    var count: Int {
        (0..<Int(capacity)).count { unsafe slots[$0] != Self.vacant }
    }
}
