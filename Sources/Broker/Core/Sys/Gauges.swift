// SPDX-License-Identifier: Apache-2.0
// Figures that go up and down.

import Synchronization

/// What a worker has at the moment it was asked; written by the worker, read by anyone.
package final class Gauges: Sendable {
    private let outputPackets = Atomic<Int>(0)
    private let outputBytes = Atomic<Int>(0)

    package init() {}

    /// Control packets that wait for their sockets.
    package var packetsWaiting: Int { outputPackets.load(ordering: .relaxed) }

    /// Bytes of those packets.
    package var bytesWaiting: Int { outputBytes.load(ordering: .relaxed) }

    func set(packetsWaiting: Int, bytesWaiting: Int) {
        outputPackets.store(packetsWaiting, ordering: .relaxed)
        outputBytes.store(bytesWaiting, ordering: .relaxed)
    }
}

/// How many messages are stored, for delivery or as retained, and the bytes of their payloads.
///
/// Spread over several cache lines by the address of the message, so that reactors seldom meet.
enum StoredMessages {
    private static let shards: [Shard] = (0..<16).map { _ in Shard() }

    private final class Shard: Sendable {
        let count = Atomic<Int>(0)
        let bytes = Atomic<Int>(0)
        // Keeps the next shard off this one's cache line.
        let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    }

    /// A message object came into being (`sign` 1) or ends (-1).
    static func note(_ object: AnyObject, sign: Int, payloadCount: Int) {
        let address = UInt(bitPattern: ObjectIdentifier(object))
        let shard = shards[Int((address >> 6) & 15)]
        shard.count.add(sign, ordering: .relaxed)
        shard.bytes.add(sign * payloadCount, ordering: .relaxed)
    }

    /// Messages stored.
    static var count: Int { shards.reduce(0) { $0 + $1.count.load(ordering: .relaxed) } }

    /// Bytes of their payloads.
    static var byteCount: Int { shards.reduce(0) { $0 + $1.bytes.load(ordering: .relaxed) } }
}
