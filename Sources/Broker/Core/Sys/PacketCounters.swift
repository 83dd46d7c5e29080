// SPDX-License-Identifier: Apache-2.0
// One counter for each kind of packet.

package import MQTT

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
