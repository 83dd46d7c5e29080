// SPDX-License-Identifier: Apache-2.0
// Topic levels as the trees store and compare them, and the cutting of topics into levels.

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

    fileprivate var copy: UnsafeMutableRawPointer? {
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
        if unsafe count > Self.shortMax { unsafe free(copy) }
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

/// Cuts topics and filters into levels.
///
/// Invariant: keys exist only inside `withLevels`, while the bytes they point to are borrowed.
@safe
enum UnsafeLevels {
    /// With so many levels the keys take 1 KiB and stay on the stack.
    private static let onStackMax = 32

    /// Cuts a topic at its slashes and calls `body` with the levels; none for an empty topic.
    @inline(__always)  // Lets the body of each caller become one function with the cutting.
    static func withLevels<Result>(
        of topic: RawSpan,
        _ body: (UnsafeBufferPointer<UnsafeLevelKey>) -> Result
    ) -> Result {
        unsafe topic.withUnsafeBytes { bytes in
            let count = unsafe count(bytes)
            if count <= onStackMax {
                return unsafe withUnsafeTemporaryAllocation(
                    of: UnsafeLevelKey.self,
                    capacity: onStackMax
                ) { keys in
                    unsafe cut(bytes, into: keys)
                    return unsafe body(UnsafeBufferPointer(rebasing: keys[..<count]))
                }
            }
            return unsafe withUnsafeTemporaryAllocation(
                of: UnsafeLevelKey.self,
                capacity: count
            ) { keys in
                unsafe cut(bytes, into: keys)
                return unsafe body(UnsafeBufferPointer(keys))
            }
        }
    }

    private static func count(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return 0 }
        var slashes = 0
        for index in 0..<bytes.count {
            // Adds without a branch, which the compiler turns into vector code.
            slashes &+= unsafe base.load(fromByteOffset: index, as: UInt8.self) == 0x2F ? 1 : 0
        }
        return slashes + 1
    }

    /// Fills in as many keys as `count` says there are.
    private static func cut(
        _ bytes: UnsafeRawBufferPointer,
        into keys: UnsafeMutableBufferPointer<UnsafeLevelKey>
    ) {
        guard let base = bytes.baseAddress, bytes.count > 0, let first = keys.baseAddress else {
            return
        }
        let hasher = UnsafeTopicHash.process
        var key = unsafe first
        var start = 0
        for index in 0..<bytes.count
        where unsafe base.load(fromByteOffset: index, as: UInt8.self) == 0x2F {
            unsafe key.initialize(
                to: UnsafeLevelKey(base + start, count: index - start, hasher: hasher)
            )
            unsafe key += 1
            start = index + 1
        }
        unsafe key.initialize(
            to: UnsafeLevelKey(base + start, count: bytes.count - start, hasher: hasher)
        )
    }
}
