// SPDX-License-Identifier: Apache-2.0
// The hash of topics and levels: multiply and fold, eight bytes at a time.

/// Loads eight bytes at a time from memory of known length and mixes them with a secret seed.
///
/// Invariant: no load reaches outside the `count` bytes at `start`.
@safe
struct UnsafeTopicHash: Sendable {
    /// The seed of this process.
    static let process = UnsafeTopicHash()

    private let seed: UInt64
    private let secret: UInt64

    private init() {
        seed = UInt64.random(in: .min ... .max)
        // Odd, so that a multiplication by it loses nothing.
        secret = UInt64.random(in: .min ... .max) | 1
    }

    /// Multiplies to 128 bits and folds the halves together.
    @inline(__always)  // Two instructions; a call would cost more than they do.
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// The hash of a text packed in two words, as `UnsafeLevelKey` packs short levels.
    @inline(__always)  // Once for each level of each topic that is matched.
    func hash(word0: UInt64, word1: UInt64) -> UInt64 {
        Self.fold(word0 ^ seed, word1 ^ secret)
    }

    /// Combines the hash of a level with the node it is looked up under.
    @inline(__always)  // Once for each edge that is looked up.
    func edge(parent: UInt32, level: UInt64) -> UInt32 {
        let mixed = (level ^ (UInt64(parent) &+ 1) &* 0x9E37_79B9_7F4A_7C15) &* secret
        return UInt32(truncatingIfNeeded: mixed >> 32)
    }

    /// The hash of all bytes of a span.
    func hash(_ bytes: RawSpan) -> UInt64 {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return Self.fold(seed, secret) }
            return unsafe hash(start, count: buffer.count)
        }
    }

    /// The hash of `count` bytes at `start`.
    @unsafe
    func hash(_ start: UnsafeRawPointer, count: Int) -> UInt64 {
        var state = seed
        var offset = 0
        while count - offset > 16 {
            let low = unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let high = unsafe start.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
            state = Self.fold(low ^ secret, high ^ state)
            offset += 16
        }
        let tail = unsafe Self.tail(start + offset, count: count - offset)
        return Self.fold(
            tail.low ^ secret,
            tail.high ^ state ^ UInt64(count) &* 0xD6E8_FEB8_6659_FD93
        )
    }

    /// The last 0 to 16 bytes as two words, by loads that may overlap but stay inside.
    @unsafe
    private static func tail(
        _ start: UnsafeRawPointer,
        count: Int
    ) -> (low: UInt64, high: UInt64) {
        assert((0...16).contains(count), "the loop before has taken the rest")
        if count >= 8 {
            return unsafe (
                start.loadUnaligned(as: UInt64.self),
                start.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
            )
        }
        if count >= 4 {
            return unsafe (
                UInt64(start.loadUnaligned(as: UInt32.self)),
                UInt64(start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
            )
        }
        guard count > 0 else { return (0, 0) }
        let first = unsafe UInt64(start.load(as: UInt8.self))
        let middle = unsafe UInt64(start.load(fromByteOffset: count / 2, as: UInt8.self))
        let last = unsafe UInt64(start.load(fromByteOffset: count - 1, as: UInt8.self))
        return (first | middle << 8 | last << 16, 0)
    }
}
