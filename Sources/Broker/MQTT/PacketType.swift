// SPDX-License-Identifier: Apache-2.0
// The types of control packets.

/// The type of a control packet: the high four bits of its first byte (5.0 section 2.1.2).
@usableFromInline
package enum PacketType: UInt8, Sendable, Hashable, CaseIterable {
    /// Connection request, client to broker.
    case connect = 1
    /// Connect acknowledgment, broker to client.
    case connack = 2
    /// Publish message, both ways.
    case publish = 3
    /// Publish acknowledgment (QoS 1), both ways.
    case puback = 4
    /// Publish received (QoS 2, part 1), both ways.
    case pubrec = 5
    /// Publish release (QoS 2, part 2), both ways.
    case pubrel = 6
    /// Publish complete (QoS 2, part 3), both ways.
    case pubcomp = 7
    /// Subscribe request, client to broker.
    case subscribe = 8
    /// Subscribe acknowledgment, broker to client.
    case suback = 9
    /// Unsubscribe request, client to broker.
    case unsubscribe = 10
    /// Unsubscribe acknowledgment, broker to client.
    case unsuback = 11
    /// Ping request, client to broker.
    case pingreq = 12
    /// Ping response, broker to client.
    case pingresp = 13
    /// Disconnect notification, both ways in 5.0.
    case disconnect = 14
    /// Authentication exchange, 5.0 only, both ways.
    case auth = 15
}
