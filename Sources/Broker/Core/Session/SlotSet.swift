// SPDX-License-Identifier: Apache-2.0
// Some of a worker's sessions.

/// A set of session slots: one bit for each.
struct SlotSet {
    private var words: [UInt64] = []

    /// Whether a slot is in the set.
    func contains(_ slot: UInt32) -> Bool {
        let (word, bit) = Self.place(slot)
        return word < words.count && words[word] & bit != 0
    }

    /// Adds a slot; returns whether it was not in the set.
    mutating func insert(_ slot: UInt32) -> Bool {
        let (word, bit) = Self.place(slot)
        if word >= words.count {
            words += Array(repeating: 0, count: max(word + 1, 2 * words.count) - words.count)
        }
        defer { words[word] |= bit }
        return words[word] & bit == 0
    }

    /// Empties the set.
    mutating func removeAll() {
        if !words.isEmpty { words = [] }
    }

    private static func place(_ slot: UInt32) -> (word: Int, bit: UInt64) {
        (Int(slot / 64), 1 << UInt64(slot % 64))
    }
}
