// SPDX-License-Identifier: Apache-2.0
// Finds what is kept in an array by a key of its own.

/// Indices of an array, found by the keys of its elements; nothing is ever removed.
///
/// Open addressing, half full at most; the array is somebody else's, who says what a hash is and
/// whether an element has the key. Few elements are looked at that do not: 32 bits of their hashes
/// stand here.
struct IndexTable {
    /// Bits of a hash above one more than an index, 0 for a free one; their count is a power of two.
    private var slots = [UInt64](repeating: 0, count: 1024)
    private var count: UInt32 = 0

    /// Where a key stands, or is to stand.
    @inline(__always)
    func slot(_ hash: UInt32, _ isMatch: (Int) -> Bool) -> Int {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            if UInt32(slots[slot] >> 32) == hash, isMatch(Self.index(slots[slot])) { break }
            slot = (slot + 1) & mask
        }
        return slot
    }

    /// The index in a slot; nil when it is free.
    @inline(__always)
    subscript(slot: Int) -> Int? { slots[slot] == 0 ? nil : Self.index(slots[slot]) }

    /// Puts the next index into the slot of a new key and returns it.
    @inline(__always)
    mutating func add(_ slot: Int, _ hash: UInt32) -> Int {
        precondition(count < UInt32.max / 2, "a log has fewer of anything than there are indices")
        assert(slots[slot] == 0, "the key is a new one")
        count += 1
        slots[slot] = UInt64(hash) << 32 | UInt64(count)
        let index = Self.index(slots[slot])
        if Int(count) * 2 > slots.count { grow() }
        return index
    }

    @inline(__always)
    private static func index(_ slot: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: slot)) - 1 }

    private mutating func grow() {
        let before = slots
        slots = [UInt64](repeating: 0, count: before.count * 2)
        let mask = slots.count - 1
        for one in before where one != 0 {
            var slot = Int(one >> 32) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = one
        }
    }
}
