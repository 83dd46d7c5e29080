// SPDX-License-Identifier: Apache-2.0
// How many deliveries and topics refer to each message that persistence plugins know.

import Inflight

/// Counts references to messages by their numbers.
///
/// Open addressing with linear probing: an entry lies at its number's place or behind it, without a gap
/// between. Numbers in a row, which come and go together, share a line of the processor's cache:
///
/// ```
/// place: | block, by a hash of the rest of the number | two lowest bits of the counter |
/// ```
/// Counts may be negative for a while: another reactor may tell first that it has put a message of its own in the
/// place of a retained one. Number 0 is no message.
///
/// The members lie behind a pointer: they are touched several times for every message.
struct UnsafeReferenceTable: ~Copyable {
    private struct Entry {
        var number: MessageNumber = 0
        var count: Int32 = 0
        var isAnnounced = false
        var isRetained = false
    }

    private struct Fields {
        var entries: UnsafeMutablePointer<Entry>
        var capacity: Int
        var count = 0
    }

    /// Room for so many is kept; a power of two.
    private static let capacityMin = 4096
    private static let blockBits: UInt64 = 2

    private let fields: UnsafeMutablePointer<Fields>

    init() {
        fields = .allocate(capacity: 1)
        fields.initialize(to: Self.emptyFields(Self.capacityMin))
    }

    deinit {
        fields.pointee.entries.deallocate()
        fields.deallocate()
    }

    private static func emptyFields(_ capacity: Int) -> Fields {
        assert(capacity & (capacity - 1) == 0, "a power of two")
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        entries.initialize(repeating: Entry(), count: capacity)
        return Fields(entries: entries, capacity: capacity)
    }

    /// How many messages are referred to.
    var count: Int { fields.pointee.count }

    /// What has become of a message.
    enum Outcome {
        /// The first reference to a message that plugins do not know yet.
        case first
        /// One of several.
        case further
        /// It was let go before it was referred to: nobody needs to know of it.
        case superseded
    }

    /// Somebody refers to a message.
    @inline(__always)
    func add(_ number: MessageNumber, isRetained: Bool = false) -> Outcome {
        let place = place(of: number)
        let entry = fields.pointee.entries + place
        entry.pointee.count += 1
        if entry.pointee.count == 0 {
            remove(at: place)
            return .superseded
        }
        if isRetained { entry.pointee.isRetained = true }
        if entry.pointee.isAnnounced { return .further }
        entry.pointee.isAnnounced = true
        return .first
    }

    /// Somebody who will be told of later refers to a message, which plugins need not know yet.
    func hold(_ number: MessageNumber) {
        let place = place(of: number)
        let entry = fields.pointee.entries + place
        entry.pointee.count += 1
        if entry.pointee.count == 0 { remove(at: place) }
    }

    /// Somebody refers to it no more; whether it was the last one, of a message that plugins know.
    @inline(__always)
    func release(_ number: MessageNumber, isRetained: Bool = false) -> Bool {
        guard number != 0 else { return false }
        let place = place(of: number)
        let entry = fields.pointee.entries + place
        entry.pointee.count -= 1
        if isRetained { entry.pointee.isRetained = false }
        guard entry.pointee.count == 0 else { return false }
        let isKnown = entry.pointee.isAnnounced
        remove(at: place)
        return isKnown
    }

    /// Whether plugins know that a message is retained.
    func isRetained(_ number: MessageNumber) -> Bool {
        let mask = fields.pointee.capacity - 1
        var place = start(number)
        while fields.pointee.entries[place].number != 0 {
            if fields.pointee.entries[place].number == number {
                return fields.pointee.entries[place].isRetained
            }
            place = (place + 1) & mask
        }
        return false
    }

    /// The low eight bits of a number say which reactor it is of, the others count; spelled out, since it is asked
    /// for several times for each message.
    @inline(__always)
    private func start(_ number: MessageNumber) -> Int {
        let counter = number >> 8
        let reactor = (number & 0xFF) &* 0xC2B2_AE3D_27D4_EB4F
        let block = (counter >> Self.blockBits &+ reactor) &* 0x9E37_79B9_7F4A_7C15
        let place = (block >> 24) << Self.blockBits | counter & (1 << Self.blockBits - 1)
        return Int(truncatingIfNeeded: place) & (fields.pointee.capacity - 1)
    }

    /// The place of a number's entry, made if there is none; the table may have moved.
    @inline(__always)
    private func place(of number: MessageNumber) -> Int {
        assert(number != 0, "a message has a number")
        if 2 * fields.pointee.count >= fields.pointee.capacity { grow() }
        let entries = fields.pointee.entries
        let mask = fields.pointee.capacity - 1
        var place = start(number)
        while entries[place].number != 0 {
            if entries[place].number == number { return place }
            place = (place + 1) & mask
        }
        entries[place].number = number
        fields.pointee.count += 1
        return place
    }

    /// Takes an entry out, and moves those behind it that would not be found any more.
    private func remove(at gone: Int) {
        let entries = fields.pointee.entries
        let mask = fields.pointee.capacity - 1
        assert(gone >= 0 && gone <= mask, "a place of the table")
        var gap = gone
        var place = (gap + 1) & mask
        while entries[place].number != 0 {
            let wanted = start(entries[place].number)
            if (place - wanted) & mask >= (place - gap) & mask {
                entries[gap] = entries[place]
                gap = place
            }
            place = (place + 1) & mask
        }
        entries[gap] = Entry()
        fields.pointee.count -= 1
        let capacity = fields.pointee.capacity
        if capacity > Self.capacityMin, 16 * fields.pointee.count < capacity {
            resize(to: capacity / 4)
        }
    }

    @inline(never)
    private func grow() { resize(to: 2 * fields.pointee.capacity) }

    private func resize(to capacity: Int) {
        let old = fields.pointee
        var fresh = Self.emptyFields(max(Self.capacityMin, capacity))
        fresh.count = old.count
        fields.pointee = fresh
        for index in 0..<old.capacity where old.entries[index].number != 0 {
            var place = start(old.entries[index].number)
            while fresh.entries[place].number != 0 { place = (place + 1) & (fresh.capacity - 1) }
            fresh.entries[place] = old.entries[index]
        }
        old.entries.deallocate()
    }
}
