// SPDX-License-Identifier: Apache-2.0
// A topic level in somebody's memory, made ready for look-ups.

import Glibc

/// One level of a topic or filter in somebody's memory, made ready for look-ups.
///
/// Invariant: `start` points to `count` readable bytes for as long as the key is used.
@unsafe
struct UnsafeLevelKey: BitwiseCopyable {
    let start: UnsafeRawPointer
    /// As in `UnsafeLevelText`; 0 for a long text.
    let word0: UInt64
    let word1: UInt64
    let hash: UInt64

    var count: Int { unsafe Int(truncatingIfNeeded: word1 >> 32) }
    var isPlus: Bool { unsafe word1 == 1 << 32 && word0 == 0x2B }
    var isHash: Bool { unsafe word1 == 1 << 32 && word0 == 0x23 }

    /// Packs and hashes `count` bytes at `start`.
    init(_ start: UnsafeRawPointer, count: Int, hasher: UnsafeTopicHash) {
        assert(count >= 0 && count <= UInt32.max, "a level has a length of 32 bits")
        unsafe self.start = start
        let length = UInt64(truncatingIfNeeded: count) << 32
        if unsafe count > UnsafeLevelText.shortMax {
            unsafe word0 = 0
            unsafe word1 = length | UInt64(start.loadUnaligned(as: UInt32.self))
            unsafe hash = hasher.hash(start, count: count)
            return
        }
        var low: UInt64 = 0
        var high: UInt64 = 0
        if count >= 8 {
            unsafe low = start.loadUnaligned(as: UInt64.self)
            if count > 8 {
                let last = unsafe start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
                high = UInt64(last >> UInt32((12 - count) * 8))
            }
        } else if count >= 4 {
            let first = unsafe start.loadUnaligned(as: UInt32.self)
            let last = unsafe start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            low = UInt64(first) | (UInt64(last) >> UInt64((8 - count) * 8)) << 32
        } else {
            var index = count
            while index > 0 {
                index -= 1
                unsafe low = low << 8 | UInt64(start.load(fromByteOffset: index, as: UInt8.self))
            }
        }
        unsafe word0 = low
        unsafe word1 = length | high
        unsafe hash = hasher.hash(word0: low, word1: length | high)
    }

    /// Whether a node's text is this one.
    @inline(__always)  // Compared once per level; the short case is two word comparisons.
    func equals(_ text: UnsafeLevelText) -> Bool {
        guard unsafe word1 == text.word1 else { return false }
        if unsafe count <= UnsafeLevelText.shortMax { return unsafe word0 == text.word0 }
        guard let copy = unsafe text.copy else { return false }
        return unsafe memcmp(start, copy, count) == 0
    }
}
