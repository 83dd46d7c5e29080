// SPDX-License-Identifier: Apache-2.0
// Numbers that follow from a seed.

/// Numbers that follow from a seed: a test that fails tells its seed as its argument.
struct SeededGenerator: RandomNumberGenerator {
    /// Some seeds that stay, and one that is new each time.
    static let seeds: [UInt64] = [1, 2, 3, UInt64.random(in: 4 ... .max)]

    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// The next number of a 64-bit xorshift sequence, its bits mixed once more.
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x9E37_79B9_7F4A_7C15
    }

    /// A number from 0 to `limit`.
    mutating func number(upTo limit: Int) -> Int { Int.random(in: 0...limit, using: &self) }

    /// Whether something that happens once in `count` times happens.
    mutating func once(in count: Int) -> Bool { number(upTo: count - 1) == 0 }

    /// Bytes that have nothing in common.
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 32) }
    }
}
