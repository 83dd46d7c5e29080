// SPDX-License-Identifier: Apache-2.0
// Chance that can be repeated.

import TestSupport

/// Random numbers by a seed.
package struct LogDice {
    private var generator: SplitMix64

    /// Any seed will do.
    package init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// Any number.
    package mutating func next() -> UInt64 { generator.next() }

    /// A number below `sides`.
    package mutating func roll(_ sides: Int) -> Int { Int(next() % UInt64(sides)) }

    /// True once in `sides` times.
    package mutating func isOne(in sides: Int) -> Bool { roll(sides) == 0 }

    /// One of them.
    package mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[roll(elements.count)]
    }

    /// A number with as many bits as chance has it.
    package mutating func number() -> UInt64 { next() >> UInt64(roll(64)) }

    /// Some bytes.
    package mutating func bytes(atMost count: Int) -> [UInt8] {
        (0..<roll(count + 1)).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
