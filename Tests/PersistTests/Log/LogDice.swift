// SPDX-License-Identifier: Apache-2.0
// Chance that can be repeated.

/// Random numbers by a seed (SplitMix64).
struct LogDice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Any number.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

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
