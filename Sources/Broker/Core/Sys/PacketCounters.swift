// SPDX-License-Identifier: Apache-2.0
// One counter for each kind of packet.

package import MQTT

/// One counter per packet type.
package struct PacketCounters: ~Copyable, Sendable {
    /// CONNECT.
    package let connect = Counter()
    /// CONNACK.
    package let connack = Counter()
    /// PUBLISH by QoS.
    private let publishAtMostOnce = Counter()
    private let publishAtLeastOnce = Counter()
    private let publishExactlyOnce = Counter()
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

    /// PUBLISH of every QoS.
    package var publishes: UInt64 { publishes(qos: 0) &+ publishes(qos: 1) &+ publishes(qos: 2) }

    /// PUBLISH of a QoS.
    package func publishes(qos: UInt8) -> UInt64 {
        switch qos {
        case 0: publishAtMostOnce.current
        case 1: publishAtLeastOnce.current
        default: publishExactlyOnce.current
        }
    }

    /// Counts PUBLISH packets of a QoS, the forbidden one with 2; only on the owner's thread.
    @inline(__always)
    func addPublishes(qos: UInt8, _ amount: Int = 1) {
        switch qos {
        case 0: publishAtMostOnce.add(amount)
        case 1: publishAtLeastOnce.add(amount)
        default: publishExactlyOnce.add(amount)
        }
    }

    /// Counts packets of a type, but for PUBLISH; only on the owner's thread.
    func add(_ type: PacketType, _ amount: Int = 1) {
        switch type {
        case .connect: connect.add(amount)
        case .connack: connack.add(amount)
        case .publish: preconditionFailure("PUBLISH is counted by QoS")
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
        case .publish: publishes
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
