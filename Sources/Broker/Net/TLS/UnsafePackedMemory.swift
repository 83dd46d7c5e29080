// SPDX-License-Identifier: Apache-2.0
// Memory that is mostly zeros, in a small piece of heap.

import COpenSSL
import Glibc

/// The words of a piece of memory that are not zero.
///
/// ```
/// | words | kept | a bit for each word: whether it is kept | the kept words, in order |
///     4      4                 8 * ⌈words / 64⌉                     8 * kept
/// ```
/// Whoever packs must `free`, which leaves nothing of the contents behind.
struct UnsafePackedMemory {
    private struct Head {
        var wordCount: UInt32
        var keptCount: UInt32
    }

    private let storage: UnsafeMutableRawPointer

    /// Packs `words`; nil when memory is out.
    init?(_ words: UnsafeBufferPointer<UInt64>) {
        let kept = words.reduce(into: 0) { $0 += $1 == 0 ? 0 : 1 }
        guard let storage = malloc(Self.byteCount(words.count, kept)) else { return nil }
        self.storage = storage
        storage.storeBytes(
            of: Head(wordCount: UInt32(words.count), keptCount: UInt32(kept)),
            as: Head.self
        )
        let bits = self.bits
        var target = bits + Self.bitmapCount(words.count)
        for group in 0..<Self.bitmapCount(words.count) {
            var map: UInt64 = 0
            for index in 64 * group..<min(64 * group + 64, words.count) where words[index] != 0 {
                map |= 1 << UInt64(index & 63)
                target.pointee = words[index]
                target += 1
            }
            bits[group] = map
        }
    }

    /// Words of the memory that was packed.
    var wordCount: Int { Int(head.wordCount) }

    /// Bytes of heap in use.
    var byteCount: Int { Self.byteCount(wordCount, Int(head.keptCount)) }

    /// Writes the kept words back to where they came from, which is all zeros.
    func restore(to words: UnsafeMutablePointer<UInt64>) {
        var source = bits + Self.bitmapCount(wordCount)
        for group in 0..<Self.bitmapCount(wordCount) {
            var map = bits[group]
            while map != 0 {
                words[64 * group + map.trailingZeroBitCount] = source.pointee
                source += 1
                map &= map - 1
            }
        }
    }

    /// Overwrites the contents, which are secret, and gives the memory back.
    func free() {
        OPENSSL_cleanse(storage, byteCount)
        Glibc.free(storage)
    }

    private var head: Head { storage.load(as: Head.self) }
    private var bits: UnsafeMutablePointer<UInt64> {
        (storage + MemoryLayout<Head>.size).assumingMemoryBound(to: UInt64.self)
    }

    private static func bitmapCount(_ words: Int) -> Int { (words + 63) / 64 }

    private static func byteCount(_ words: Int, _ kept: Int) -> Int {
        MemoryLayout<Head>.size + 8 * (bitmapCount(words) + kept)
    }
}
