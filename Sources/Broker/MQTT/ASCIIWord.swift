// SPDX-License-Identifier: Apache-2.0
// Tests on eight characters at a time.

/// Tests on eight bytes at once, for ASCII characters.
///
/// The sums are made of the low seven bits of each byte, so they stay below 0x100 in every byte and
/// nothing carries into the next byte: the results are exact, bytes above 0x7F never match.
enum ASCIIWord {
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let lowBits: UInt64 = 0x7F7F_7F7F_7F7F_7F7F

    /// Whether no byte is above 0x7F.
    @inline(__always)
    static func isASCII(_ word: UInt64) -> Bool { word & highBits == 0 }

    /// The high bit of each byte that equals the ASCII character given.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = (word & lowBits) ^ (UInt64(byte) &* 0x0101_0101_0101_0101)
        return ~((difference &+ lowBits) | word) & highBits
    }

    /// The high bit of each byte that is a control character: below 0x20, or 0x7F.
    @inline(__always)
    static func control(_ word: UInt64) -> UInt64 {
        let sum = (word & lowBits) &+ 0x6060_6060_6060_6060
        return (~(sum | word) & highBits) | equal(word, 0x7F)
    }
}
