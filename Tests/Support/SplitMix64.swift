// SPDX-License-Identifier: Apache-2.0
// Random numbers that come again with the same seed.

/// The generator SplitMix64: the same numbers for the same seed everywhere.
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    /// Any seed will do.
    package init(seed: UInt64) { state = seed }

    /// The next number.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// A number from 0 to `bound - 1`; 0 if there is none.
    package mutating func next(below bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
}
