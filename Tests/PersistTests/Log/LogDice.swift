// SPDX-License-Identifier: Apache-2.0
// Chance that can be repeated.

import TestSupport

/// Random numbers by a seed.
struct LogDice {
    private var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// Any number.
    mutating func next() -> UInt64 { generator.next() }

    /// A number below `sides`.
    mutating func roll(_ sides: Int) -> Int { Int(next() % UInt64(sides)) }

    /// True once in `sides` times.
    mutating func isOne(in sides: Int) -> Bool { roll(sides) == 0 }

    /// One of them.
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[roll(elements.count)] }

    /// A number with as many bits as chance has it.
    mutating func number() -> UInt64 { next() >> UInt64(roll(64)) }

    /// Some bytes.
    mutating func bytes(atMost count: Int) -> [UInt8] {
        (0..<roll(count + 1)).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
