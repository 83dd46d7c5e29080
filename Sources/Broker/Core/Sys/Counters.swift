// SPDX-License-Identifier: Apache-2.0
// What a reactor has counted.

import Synchronization

/// A counter that one thread increases and any thread reads.
///
/// A plain load and store, both relaxed: there is one writer, so no read-modify-write is needed.
package struct Counter: ~Copyable, Sendable {
    private let value = Atomic<UInt64>(0)

    package init() {}

    /// The value so far.
    package var current: UInt64 { value.load(ordering: .relaxed) }

    /// Adds; only on the owner's thread.
    @inline(__always)
    package func add(_ amount: Int) {
        value.store(
            value.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: amount),
            ordering: .relaxed
        )
    }
}

/// The counters of one reactor; summed over all reactors they make the `$SYS` figures.
package final class Counters: Sendable {
    /// Packets read.
    package let received = PacketCounters()
    /// Packets queued for writing.
    package let sent = PacketCounters()
    /// MQTT bytes read.
    package let bytesReceived = Counter()
    /// MQTT bytes queued for writing.
    package let bytesSent = Counter()
    /// Payload bytes of PUBLISH packets read.
    package let publishBytesReceived = Counter()
    /// Payload bytes of PUBLISH packets queued for writing.
    package let publishBytesSent = Counter()
    /// Messages and packets lost to full queues.
    package let dropped = Counter()
    /// Sockets accepted.
    package let socketsAccepted = Counter()
    /// Sessions that ended because their expiry interval had passed.
    package let clientsExpired = Counter()
    /// Changes that `autosave_on_changes` counts and no packet counter does: messages queued for
    /// absent clients, retained messages, clients that come in without a clean start.
    let changes = Counter()

    package init() {}
}
