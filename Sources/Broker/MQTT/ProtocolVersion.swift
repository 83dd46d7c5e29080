// SPDX-License-Identifier: Apache-2.0
// The protocol versions, the control packet types and who receives a packet.

/// A version of the MQTT protocol, with the number it has in CONNECT.
@usableFromInline
package enum ProtocolVersion: UInt8, Sendable, Hashable {
    /// MQTT 3.1, protocol name `MQIsdp`.
    case v31 = 3
    /// MQTT 3.1.1, protocol name `MQTT`.
    case v311 = 4
    /// MQTT 5.0, protocol name `MQTT`.
    case v5 = 5
}

/// A set of protocol versions, such as those a listener accepts.
package struct ProtocolVersionSet: OptionSet, Sendable, Hashable {
    /// One bit per version: bit `n` stands for protocol version number `n`.
    package let rawValue: UInt8

    /// Makes a set from its bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The set that holds one version.
    package init(_ version: ProtocolVersion) { rawValue = 1 << version.rawValue }

    /// 3.1, 3.1.1 and 5.0.
    package static let all: ProtocolVersionSet = [.init(.v31), .init(.v311), .init(.v5)]
}

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

/// Which side of a connection reads a packet; decides what the packet may be.
@usableFromInline
package enum PacketReceiver: Sendable {
    /// A broker reads what a client sent.
    case broker
    /// A client, such as a bridge, reads what a broker sent.
    case client
}
