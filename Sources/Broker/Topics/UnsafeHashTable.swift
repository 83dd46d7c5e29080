// SPDX-License-Identifier: Apache-2.0
// From hashes to 32-bit indices: the look-up of children and of groups.

import Glibc

/// A hash table of indices; what they stand for is kept elsewhere.
///
///     [ - | hash, index | - | hash, index ]       open addressing, linear probing
///
/// A slot keeps 32 bits of the hash, so that probing seldom touches what is not wanted.
///
/// Invariants: `mask` + 1 slots, a power of two; a slot is vacant or has an index that is not `none`;
/// at least one slot in four is vacant.
@safe
struct UnsafeHashTable: ~Copyable {
    /// No index.
    static var none: UInt32 { 0 }

    private struct Slot: BitwiseCopyable {
        var hash: UInt32
        var index: UInt32
    }

    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int
    /// How many indices there are.
    private(set) var count = 0

    /// An empty table.
    init() {
        mask = 15
        unsafe slots = Self.vacantSlots(16)
    }

    deinit { unsafe free(slots) }

    /// The bytes of the table.
    var storageBytes: Int { (mask + 1) * MemoryLayout<Slot>.stride }

    /// The index under this hash that `isWanted`, or `none`.
    @inline(__always)  // The inner loop of every match.
    func find(_ hash: UInt32, where isWanted: (UInt32) -> Bool) -> UInt32 {
        var place = Int(hash) & mask
        while true {
            let slot = unsafe slots[place]
            if slot.index == Self.none { return Self.none }
            if slot.hash == hash && isWanted(slot.index) { return slot.index }
            place = (place + 1) & mask
        }
    }

    /// Enters an index that is not there yet.
    mutating func insert(_ hash: UInt32, _ index: UInt32) {
        assert(index != Self.none)
        if (count + 1) * 4 > (mask + 1) * 3 { grow() }
        unsafe Self.insert(Slot(hash: hash, index: index), slots, mask)
        count += 1
    }

    private static func insert(_ slot: Slot, _ slots: UnsafeMutablePointer<Slot>, _ mask: Int) {
        var place = Int(slot.hash) & mask
        while unsafe slots[place].index != none {
            UnsafeStepCount.note()
            place = (place + 1) & mask
        }
        unsafe slots[place] = slot
    }

    /// Removes an index and closes the gap by moving later ones of its run back.
    mutating func remove(_ hash: UInt32, _ index: UInt32) {
        var gap = Int(hash) & mask
        while unsafe slots[gap].index != index {
            precondition(unsafe slots[gap].index != Self.none, "an index is not where it should be")
            gap = (gap + 1) & mask
        }
        var place = (gap + 1) & mask
        while unsafe slots[place].index != Self.none {
            UnsafeStepCount.note()
            let home = unsafe Int(slots[place].hash) & mask
            if (place - home) & mask >= (place - gap) & mask {
                unsafe slots[gap] = slots[place]
                gap = place
            }
            place = (place + 1) & mask
        }
        unsafe slots[gap] = Slot(hash: 0, index: Self.none)
        count -= 1
    }

    private mutating func grow() {
        let oldCount = mask + 1
        let larger = unsafe Self.vacantSlots(oldCount * 2)
        for place in 0..<oldCount {
            let slot = unsafe slots[place]
            if slot.index != Self.none { unsafe Self.insert(slot, larger, oldCount * 2 - 1) }
        }
        unsafe free(slots)
        unsafe slots = larger
        mask = oldCount * 2 - 1
    }

    private static func vacantSlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
        guard let block = unsafe calloc(count, MemoryLayout<Slot>.stride) else {
            preconditionFailure("out of memory for the topic tree")
        }
        return unsafe block.bindMemory(to: Slot.self, capacity: count)
    }
}
