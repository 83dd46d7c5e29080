// SPDX-License-Identifier: Apache-2.0
// The text of a topic level inside a tree node.

import Glibc

/// The text of a topic level as a tree node keeps it, 16 bytes.
///
///     short, up to 12 bytes     word0  bytes 0-7          word1  length << 32 | bytes 8-11
///     long                      word0  address of a copy  word1  length << 32 | bytes 0-3
///
/// Invariant: the copy of a long text is a `malloc` block of exactly its length, owned by the
/// one node that holds this value and freed by `UnsafeLevelText.release`.
@unsafe
struct UnsafeLevelText: BitwiseCopyable {
    /// Texts up to this length need no memory of their own.
    static let shortMax = 12

    let word0: UInt64
    let word1: UInt64

    /// The text of no length.
    static var empty: UnsafeLevelText { unsafe UnsafeLevelText(word0: 0, word1: 0) }

    var count: Int { unsafe Int(truncatingIfNeeded: word1 >> 32) }

    var copy: UnsafeMutableRawPointer? {
        unsafe UnsafeMutableRawPointer(bitPattern: UInt(word0))
    }

    private init(word0: UInt64, word1: UInt64) {
        unsafe self.word0 = word0
        unsafe self.word1 = word1
    }

    /// Keeps the text of a key, copying it when it is long.
    init(copying key: UnsafeLevelKey) {
        unsafe word1 = key.word1
        guard unsafe key.count > Self.shortMax else {
            unsafe word0 = key.word0
            return
        }
        guard let block = unsafe malloc(key.count) else {
            preconditionFailure("out of memory for a topic level")
        }
        unsafe memcpy(block, key.start, key.count)
        unsafe word0 = UInt64(UInt(bitPattern: block))
    }

    /// Frees the copy of a long text; the value must not be used again.
    func release() {
        guard unsafe count > Self.shortMax else { return }
        assert(unsafe copy != nil, "a long text has its copy")
        unsafe free(copy)
    }

    /// The bytes of the text, in an array of their own.
    var bytes: [UInt8] {
        if unsafe count > Self.shortMax {
            return unsafe Array(UnsafeRawBufferPointer(start: copy, count: count))
        }
        return unsafe (0..<count).map { index in
            let word = unsafe index < 8 ? word0 : word1
            return UInt8(truncatingIfNeeded: word >> UInt64((index & 7) * 8))
        }
    }

    /// Whether the text begins with this byte.
    func begins(with byte: UInt8) -> Bool {
        guard unsafe count > 0 else { return false }
        let word = unsafe count > Self.shortMax ? word1 : word0
        return UInt8(truncatingIfNeeded: word) == byte
    }

    /// The hash the key of this text has.
    func hash(_ hasher: UnsafeTopicHash) -> UInt64 {
        guard unsafe count > Self.shortMax, let copy = unsafe copy else {
            return unsafe hasher.hash(word0: word0, word1: word1)
        }
        return unsafe hasher.hash(copy, count: count)
    }
}
