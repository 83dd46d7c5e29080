// SPDX-License-Identifier: Apache-2.0
// How many deliveries and topics refer to each message that persistence plugins know.

import Inflight

/// Counts references to messages by their numbers.
///
/// Open addressing with linear probing: an entry lies at its number's place or behind it, without a gap
/// between. Counts may be negative for a while: another reactor may tell first that it has put a message of
/// its own in the place of a retained one. Number 0 is no message.
struct ReferenceTable {
    private struct Entry {
        var number: MessageNumber = 0
        var count: Int32 = 0
        var isAnnounced = false
        var isRetained = false
    }

    private static let capacityMin = 64

    private var entries = [Entry](repeating: Entry(), count: ReferenceTable.capacityMin)
    /// How many messages are referred to.
    private(set) var count = 0

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
    mutating func add(_ number: MessageNumber, isRetained: Bool = false) -> Outcome {
        let place = place(of: number)
        entries[place].count += 1
        if entries[place].count == 0 {
            remove(at: place)
            return .superseded
        }
        if isRetained { entries[place].isRetained = true }
        if entries[place].isAnnounced { return .further }
        entries[place].isAnnounced = true
        return .first
    }

    /// Somebody refers to it no more; whether it was the last one, of a message that plugins know.
    mutating func release(_ number: MessageNumber, isRetained: Bool = false) -> Bool {
        guard number != 0 else { return false }
        let place = place(of: number)
        entries[place].count -= 1
        if isRetained { entries[place].isRetained = false }
        guard entries[place].count == 0 else { return false }
        let isKnown = entries[place].isAnnounced
        remove(at: place)
        return isKnown
    }

    /// Whether plugins know that a message is retained.
    func isRetained(_ number: MessageNumber) -> Bool {
        var place = start(number)
        while entries[place].number != 0 {
            if entries[place].number == number { return entries[place].isRetained }
            place = (place + 1) & (entries.count - 1)
        }
        return false
    }

    private func start(_ number: MessageNumber) -> Int {
        Int(truncatingIfNeeded: (number &* 0x9E37_79B9_7F4A_7C15) >> 20) & (entries.count - 1)
    }

    /// The entry of a number, made if there is none.
    private mutating func place(of number: MessageNumber) -> Int {
        assert(number != 0, "a message has a number")
        if 2 * count >= entries.count { resize(to: 2 * entries.count) }
        var place = start(number)
        while entries[place].number != 0 {
            if entries[place].number == number { return place }
            place = (place + 1) & (entries.count - 1)
        }
        entries[place].number = number
        count += 1
        return place
    }

    /// Takes an entry out, and moves those behind it that would not be found any more.
    private mutating func remove(at gone: Int) {
        let mask = entries.count - 1
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
        count -= 1
        if entries.count > Self.capacityMin, 16 * count < entries.count {
            resize(to: entries.count / 4)
        }
    }

    private mutating func resize(to capacity: Int) {
        let old = entries
        entries = [Entry](repeating: Entry(), count: max(Self.capacityMin, capacity))
        for entry in old where entry.number != 0 {
            var place = start(entry.number)
            while entries[place].number != 0 { place = (place + 1) & (entries.count - 1) }
            entries[place] = entry
        }
    }
}
