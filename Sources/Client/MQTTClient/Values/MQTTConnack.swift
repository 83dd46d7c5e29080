// SPDX-License-Identifier: Apache-2.0
// What a server says when it accepts a client.

import ClientMachine
package import MQTT

/// What the server has said with CONNACK (5.0 section 3.2), and what holds for the connection.
public struct MQTTConnack: Sendable {
    /// Whether the server has gone on with a session of the past.
    public let isSessionPresent: Bool
    /// The client identifier in force, the server's choice if it chose one.
    public let clientIdentifier: String
    /// The keep alive in force, in seconds, 0 for none.
    public let keepAliveSeconds: UInt16
    /// Seconds for which the session outlives the connection.
    public let sessionExpirySeconds: UInt32
    /// The highest QoS of a message that the server takes.
    public let maximumQoS: MQTTQoS
    /// Whether the server retains messages.
    public let isRetainAvailable: Bool
    /// The most bytes of a packet that the server takes.
    public let maximumPacketSize: Int
    /// QoS 1 and 2 messages that may be under way to the server.
    public let receiveMaximum: Int
    /// The highest topic alias that the server takes, 0 for none.
    public let topicAliasMaximum: UInt16
    /// Whether topic filters may have wildcards.
    public let isWildcardAvailable: Bool
    /// Whether subscriptions may be shared.
    public let isSharedAvailable: Bool
    /// Whether subscriptions may have identifiers.
    public let isSubscriptionIdentifierAvailable: Bool
    /// The basis for response topics, if the client has asked for it.
    public private(set) var responseInformation: String?
    /// What the server has to say to people.
    public private(set) var reasonString: String?
    /// The server's user properties.
    public private(set) var userProperties: [MQTTUserProperty] = []
    /// The packet itself.
    package let packet: ConnackPacket

    init(_ packet: ConnackPacket, _ limits: ServerLimits) {
        self.packet = packet
        isSessionPresent = packet.isSessionPresent
        clientIdentifier = limits.clientIdentifier
        keepAliveSeconds = limits.keepAlive
        sessionExpirySeconds = limits.sessionExpiryInterval
        maximumQoS = MQTTQoS(rawValue: limits.maximumQoS) ?? .exactlyOnce
        isRetainAvailable = limits.isRetainAvailable
        maximumPacketSize = limits.maximumPacketSize
        receiveMaximum = limits.receiveMaximum
        topicAliasMaximum = limits.topicAliasMaximum
        isWildcardAvailable = limits.isWildcardAvailable
        isSharedAvailable = limits.isSharedAvailable
        isSubscriptionIdentifierAvailable = limits.isSubscriptionIdentifierAvailable
        let bytes = UnsafeLoad.span(of: packet.otherProperties)
        var walk = PropertyIterator(bytes)
        while let property = walk.next() {
            switch (property.identifier, property.value) {
            case (.responseInformation, .string(let range)):
                responseInformation = UnsafeLoad.string(bytes, range)
            case (.reasonString, .string(let range)):
                reasonString = UnsafeLoad.string(bytes, range)
            case (.userProperty, .stringPair(let name, let value)):
                userProperties.append(
                    MQTTUserProperty(
                        name: UnsafeLoad.string(bytes, name),
                        value: UnsafeLoad.string(bytes, value)
                    )
                )
            default: break
            }
        }
    }
}
