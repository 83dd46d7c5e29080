// SPDX-License-Identifier: Apache-2.0
// Random topics and filters that follow from a seed.

import Topics

/// A small repeatable source of random numbers (xorshift).
struct RepeatableRandom: RandomNumberGenerator {
    private var state: UInt64

    /// Starts at a seed, which must not be 0.
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// A level of few different texts, short and long ones.
    mutating func level() -> String {
        let texts = ["a", "b", "", "sensor", "twelve-bytes", "thirteen-byte", "eightbyt", "$a"]
        return texts.randomElement(using: &self) ?? "a"
    }

    /// A topic name of one to four levels.
    mutating func topic() -> String {
        let text = (0..<Int.random(in: 1...4, using: &self)).map { _ in level() }
            .joined(separator: "/")
        return text.isEmpty ? "/" : text
    }

    /// A topic filter of one to four levels, often with wildcards.
    mutating func filter() -> String {
        var parts = (0..<Int.random(in: 1...4, using: &self)).map { _ in
            Int.random(in: 0..<4, using: &self) == 0 ? "+" : level()
        }
        if Int.random(in: 0..<4, using: &self) == 0 { parts[parts.count - 1] = "#" }
        let text = parts.joined(separator: "/")
        return text.isEmpty ? "/" : text
    }
}
