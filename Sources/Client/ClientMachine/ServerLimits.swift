// SPDX-License-Identifier: Apache-2.0
// What a server has said in CONNACK about what it takes and gives.

import MQTT

/// What a server takes (5.0 section 3.2.2.3); before 5.0 servers say nothing, and all is open.
package struct ServerLimits: Sendable, Equatable {
    /// QoS 1 and 2 messages that may be under way, 1 to 65535.
    package var receiveMaximum = 65_535
    /// The highest QoS of a message, 0 to 2.
    package var maximumQoS: UInt8 = 2
    /// Whether messages may be retained.
    package var isRetainAvailable = true
    /// The most bytes of a packet.
    package var maximumPacketSize = packetLengthMax
    /// The highest topic alias, 0 for none.
    package var topicAliasMaximum: UInt16 = 0
    /// Whether filters may have wildcards.
    package var isWildcardAvailable = true
    /// Whether subscriptions may have identifiers.
    package var isSubscriptionIdentifierAvailable = true
    /// Whether subscriptions may be shared.
    package var isSharedAvailable = true
    /// The keep alive in force, in seconds, 0 for none.
    package var keepAlive: UInt16 = 0
    /// Seconds for which the session outlives the connection.
    package var sessionExpiryInterval: UInt32 = 0
    /// The client identifier in force: the client's, or the one the server chose.
    package var clientIdentifier = ""

    /// What holds before CONNACK has come.
    init(_ connect: ConnectPacket) {
        keepAlive = connect.keepAlive
        sessionExpiryInterval = connect.sessionExpiryInterval
        clientIdentifier = connect.clientIdentifier
    }

    /// Takes in what CONNACK says.
    /// [MQTT-3.1.2-21] [MQTT-3.2.2-21] [MQTT-3.2.2-12]
    mutating func adopt(_ connack: ConnackPacket) {
        receiveMaximum = Int(connack.receiveMaximum ?? 65_535)
        maximumQoS = connack.maximumQoS
        isRetainAvailable = connack.isRetainAvailable
        if let size = connack.maximumPacketSize {
            maximumPacketSize = min(Int(size), packetLengthMax)
        }
        topicAliasMaximum = connack.topicAliasMaximum
        keepAlive = connack.serverKeepAlive ?? keepAlive
        sessionExpiryInterval = connack.sessionExpiryInterval ?? sessionExpiryInterval
        clientIdentifier = connack.assignedClientIdentifier ?? clientIdentifier
        let bytes = connack.otherProperties
        var properties = PropertyIterator(bytes.rawBytes)
        while let property = properties.next() {
            guard case .byte(let value) = property.value else { continue }
            switch property.identifier {
            case .wildcardSubscriptionAvailable: isWildcardAvailable = value == 1
            case .subscriptionIdentifierAvailable: isSubscriptionIdentifierAvailable = value == 1
            case .sharedSubscriptionAvailable: isSharedAvailable = value == 1
            default: break
            }
        }
    }
}
