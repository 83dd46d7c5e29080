// SPDX-License-Identifier: Apache-2.0
// How many messages are stored, and the bytes of their payloads.

import Synchronization

/// How many messages are stored, for delivery or as retained, the bytes of their payloads, and the
/// bytes they take in memory.
///
/// Spread over several cache lines by the address of the message, so that reactors seldom meet. Each
/// shard is two words of one line: `count << 40 + bytes`, and the bytes of long topics and properties. So
/// a message costs one addition; what is short beside the payload is taken to be as long as usual.
enum StoredMessages {
    private static let shardCount = 16
    /// Words between two shards: a cache line.
    private static let stride = 8

    /// Never freed; lives as long as the process.
    nonisolated(unsafe) private static let shards: UnsafeMutablePointer<Atomic<Int>> = {
        let words = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: shardCount * stride)
        for index in 0..<(shardCount * stride) { (words + index).initialize(to: Atomic(0)) }
        return words
    }()

    /// A message with its bytes at `place` came into being (`sign` 1) or ends (-1).
    @inline(__always)
    static func note(
        _ place: UnsafeMutableRawPointer,
        sign: Int,
        payloadCount: Int,
        besideCount: Int
    ) {
        assert(sign == 1 || sign == -1)
        assert(payloadCount >= 0 && besideCount >= 0)
        let address = UInt(bitPattern: place)
        let shard = Int(truncatingIfNeeded: (address >> 6) & UInt(shardCount - 1))
        let words = shards + shard * stride
        words.pointee.add(sign * ((1 << 40) + payloadCount), ordering: .relaxed)
        if besideCount > longBesideMin {
            (words + 1).pointee.add(sign * besideCount, ordering: .relaxed)
        }
    }

    private static var words: [Int] {
        (0..<shardCount).map { shards[$0 * stride].load(ordering: .relaxed) }
    }

    /// Messages stored.
    static var count: Int { words.reduce(0) { $0 + ($1 >> 40) } }

    /// Topics and properties that together have more bytes are counted as they are.
    private static let longBesideMin = 64
    /// What a message takes beside its payload where that is not counted: its header, the allocator's
    /// own, and a usual topic.
    private static let usualByteCount = 112

    /// Bytes they take in memory.
    static var blockByteCount: Int {
        (0..<shardCount).reduce(0) { sum, index in
            let word = shards[index * stride].load(ordering: .relaxed)
            let long = shards[index * stride + 1].load(ordering: .relaxed)
            return sum + (word >> 40) * usualByteCount + (word & ((1 << 40) - 1)) + long
        }
    }

    /// Bytes of their payloads.
    static var byteCount: Int { words.reduce(0) { $0 + ($1 & ((1 << 40) - 1)) } }
}
