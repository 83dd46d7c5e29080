// SPDX-License-Identifier: Apache-2.0
// The protocol versions, and who receives a packet.

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

/// Which side of a connection reads a packet; decides what the packet may be.
@usableFromInline
package enum PacketReceiver: Sendable {
    /// A broker reads what a client sent.
    case broker
    /// A client, such as a bridge, reads what a broker sent.
    case client
}
