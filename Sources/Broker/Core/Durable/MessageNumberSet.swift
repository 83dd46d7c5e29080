// SPDX-License-Identifier: Apache-2.0
// Very many message numbers.

import Inflight

/// A set of message numbers that grows without long pauses, and is small where they are dense.
///
/// A reactor counts its numbers up, so 64 of them share a word; words are in several tables, of which one is
/// copied when it grows.
struct MessageNumberSet {
    private static let tableCount = 64

    /// By the counter without its last six bits, and the reactor.
    private var tables = [[UInt64: UInt64]](repeating: [:], count: tableCount)

    /// Whether a number is in it.
    func contains(_ number: MessageNumber) -> Bool {
        let (table, word, bit) = Self.place(number)
        return (tables[table][word] ?? 0) & bit != 0
    }

    /// Takes a number in.
    mutating func insert(_ number: MessageNumber) {
        let (table, word, bit) = Self.place(number)
        tables[table][word, default: 0] |= bit
    }

    private static func place(
        _ number: MessageNumber
    ) -> (table: Int, word: UInt64, bit: UInt64) {
        let counter = MessageNumbers.counter(of: number)
        let word = (counter >> 6) << 8 | UInt64(MessageNumbers.reactor(of: number))
        let mixed = (word &* 0x9E37_79B9_7F4A_7C15) >> 32
        return (Int(mixed) % tableCount, word, 1 << (counter & 63))
    }
}
