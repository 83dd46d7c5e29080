// SPDX-License-Identifier: Apache-2.0
// What a reactor has counted.

package import MQTT
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

/// One counter per packet type.
package struct PacketCounters: ~Copyable, Sendable {
    /// CONNECT.
    package let connect = Counter()
    /// CONNACK.
    package let connack = Counter()
    /// PUBLISH.
    package let publish = Counter()
    /// PUBACK.
    package let puback = Counter()
    /// PUBREC.
    package let pubrec = Counter()
    /// PUBREL.
    package let pubrel = Counter()
    /// PUBCOMP.
    package let pubcomp = Counter()
    /// SUBSCRIBE.
    package let subscribe = Counter()
    /// SUBACK.
    package let suback = Counter()
    /// UNSUBSCRIBE.
    package let unsubscribe = Counter()
    /// UNSUBACK.
    package let unsuback = Counter()
    /// PINGREQ.
    package let pingreq = Counter()
    /// PINGRESP.
    package let pingresp = Counter()
    /// DISCONNECT.
    package let disconnect = Counter()
    /// AUTH.
    package let auth = Counter()

    package init() {}

    /// Counts packets of a type; only on the owner's thread.
    func add(_ type: PacketType, _ amount: Int = 1) {
        switch type {
        case .connect: connect.add(amount)
        case .connack: connack.add(amount)
        case .publish: publish.add(amount)
        case .puback: puback.add(amount)
        case .pubrec: pubrec.add(amount)
        case .pubrel: pubrel.add(amount)
        case .pubcomp: pubcomp.add(amount)
        case .subscribe: subscribe.add(amount)
        case .suback: suback.add(amount)
        case .unsubscribe: unsubscribe.add(amount)
        case .unsuback: unsuback.add(amount)
        case .pingreq: pingreq.add(amount)
        case .pingresp: pingresp.add(amount)
        case .disconnect: disconnect.add(amount)
        case .auth: auth.add(amount)
        }
    }

    /// The count of a type so far.
    package func current(_ type: PacketType) -> UInt64 {
        switch type {
        case .connect: connect.current
        case .connack: connack.current
        case .publish: publish.current
        case .puback: puback.current
        case .pubrec: pubrec.current
        case .pubrel: pubrel.current
        case .pubcomp: pubcomp.current
        case .subscribe: subscribe.current
        case .suback: suback.current
        case .unsubscribe: unsubscribe.current
        case .unsuback: unsuback.current
        case .pingreq: pingreq.current
        case .pingresp: pingresp.current
        case .disconnect: disconnect.current
        case .auth: auth.current
        }
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

    package init() {}
}
