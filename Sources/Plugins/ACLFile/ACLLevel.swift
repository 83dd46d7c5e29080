// SPDX-License-Identifier: Apache-2.0
// A topic level, ready to be looked for in the index.

import PluginSDK
import TopicRules

/// A level of a topic, or what stands for any or a certain one, ready to be looked for.
struct ACLLevel {
    /// Lengths that no level has: wildcards and placeholders are edges like all others.
    private static let special: UInt16 = .max

    private(set) var start = 0
    private(set) var end = 0
    private(set) var length: UInt16 = 0
    private(set) var words: (UInt64, UInt64) = (0, 0)
    /// A hash of the bytes.
    private(set) var digest: UInt64 = 0

    /// No level at all.
    init() {}

    /// The level that begins at `start`; it ends at the next separator.
    init(of topic: Span<UInt8>, from start: Int, seed: UInt64) {
        self.init(of: topic, from: start, seed: seed, endsAtSeparator: true)
    }

    /// All of a user name.
    init(name: Span<UInt8>, seed: UInt64) {
        self.init(of: name, from: 0, seed: seed, endsAtSeparator: false)
    }

    /// Something that no text stands for.
    init(special number: UInt64, seed: UInt64) {
        length = Self.special
        words.0 = number
        digest = Self.mix(seed ^ number, 0x9E37_79B9_7F4A_7C15)
    }

    private init(of bytes: Span<UInt8>, from start: Int, seed: UInt64, endsAtSeparator: Bool) {
        self.start = start
        var place = start
        var state = seed
        var word: UInt64 = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte == .slash, endsAtSeparator { break }
            // Every eight bytes a word is complete; the first two are kept.
            word = word << 8 | UInt64(byte)
            place += 1
            guard (place - start) & 7 == 0 else { continue }
            state = Self.mix(state ^ word, 0xD6E8_FEB8_6659_FD93)
            keep(word, ofByte: place - start - 8)
            word = 0
        }
        end = place
        length = UInt16(clamping: min(place - start, Int(Self.special) - 1))
        if (place - start) & 7 != 0 { keep(word, ofByte: (place - start) & ~7) }
        digest = Self.mix(state ^ word, 0x9E37_79B9_7F4A_7C15 ^ UInt64(place - start))
    }

    private mutating func keep(_ word: UInt64, ofByte place: Int) {
        if place == 0 { words.0 = word }
        if place == 8 { words.1 = word }
    }

    /// Whether all of it is in `words`.
    var isShort: Bool { end - start <= 16 }

    /// The hash of a path that goes on with this level.
    func path(after parent: UInt64) -> UInt64 { Self.mix(parent ^ digest, 0xD6E8_FEB8_6659_FD93) }

    /// Both halves of the product, so that every bit depends on every other.
    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
