// SPDX-License-Identifier: Apache-2.0
// The table of properties: identifier, type, and the packets each may be in.

/// The data type of a property's value (5.0 section 2.2.2.2).
package enum PropertyValueType: Sendable {
    /// One byte.
    case byte
    /// Two Byte Integer.
    case twoByteInteger
    /// Four Byte Integer.
    case fourByteInteger
    /// Variable Byte Integer.
    case variableByteInteger
    /// Binary Data.
    case binary
    /// UTF-8 Encoded String.
    case string
    /// UTF-8 String Pair.
    case stringPair
}

/// The identifier of a property (5.0 table 2-4).
package enum PropertyIdentifier: UInt8, Sendable, CaseIterable {
    /// 0x01, byte: the payload is UTF-8 text.
    case payloadFormatIndicator = 0x01
    /// 0x02, four bytes: seconds.
    case messageExpiryInterval = 0x02
    /// 0x03, string.
    case contentType = 0x03
    /// 0x08, string: a topic name.
    case responseTopic = 0x08
    /// 0x09, binary.
    case correlationData = 0x09
    /// 0x0B, variable byte integer, 1 to 268,435,455.
    case subscriptionIdentifier = 0x0B
    /// 0x11, four bytes: seconds; 0xFFFFFFFF never expires.
    case sessionExpiryInterval = 0x11
    /// 0x12, string.
    case assignedClientIdentifier = 0x12
    /// 0x13, two bytes: seconds.
    case serverKeepAlive = 0x13
    /// 0x15, string.
    case authenticationMethod = 0x15
    /// 0x16, binary.
    case authenticationData = 0x16
    /// 0x17, byte.
    case requestProblemInformation = 0x17
    /// 0x18, four bytes: seconds.
    case willDelayInterval = 0x18
    /// 0x19, byte.
    case requestResponseInformation = 0x19
    /// 0x1A, string.
    case responseInformation = 0x1A
    /// 0x1C, string.
    case serverReference = 0x1C
    /// 0x1F, string.
    case reasonString = 0x1F
    /// 0x21, two bytes, not 0.
    case receiveMaximum = 0x21
    /// 0x22, two bytes.
    case topicAliasMaximum = 0x22
    /// 0x23, two bytes, not 0.
    case topicAlias = 0x23
    /// 0x24, byte: 0 or 1.
    case maximumQoS = 0x24
    /// 0x25, byte.
    case retainAvailable = 0x25
    /// 0x26, string pair; the only property that may be repeated at will.
    case userProperty = 0x26
    /// 0x27, four bytes, not 0.
    case maximumPacketSize = 0x27
    /// 0x28, byte.
    case wildcardSubscriptionAvailable = 0x28
    /// 0x29, byte.
    case subscriptionIdentifierAvailable = 0x29
    /// 0x2A, byte.
    case sharedSubscriptionAvailable = 0x2A

    /// The type of the value.
    package var valueType: PropertyValueType {
        switch self {
        case .payloadFormatIndicator, .requestProblemInformation, .requestResponseInformation,
            .maximumQoS, .retainAvailable, .wildcardSubscriptionAvailable,
            .subscriptionIdentifierAvailable, .sharedSubscriptionAvailable:
            .byte
        case .serverKeepAlive, .receiveMaximum, .topicAliasMaximum, .topicAlias: .twoByteInteger
        case .messageExpiryInterval, .sessionExpiryInterval, .willDelayInterval, .maximumPacketSize:
            .fourByteInteger
        case .subscriptionIdentifier: .variableByteInteger
        case .correlationData, .authenticationData: .binary
        case .contentType, .responseTopic, .assignedClientIdentifier, .authenticationMethod,
            .responseInformation, .serverReference, .reasonString:
            .string
        case .userProperty: .stringPair
        }
    }

    /// Whether the property may be in a packet of this type (5.0 table 2-4).
    package func isAllowed(in scope: PropertyScope) -> Bool {
        switch self {
        case .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic,
            .correlationData:
            scope == .publish || scope == .will
        case .subscriptionIdentifier: scope == .publish || scope == .subscribe
        case .sessionExpiryInterval:
            scope == .connect || scope == .connack || scope == .disconnect
        case .authenticationMethod, .authenticationData:
            scope == .connect || scope == .connack || scope == .auth
        case .requestProblemInformation, .requestResponseInformation: scope == .connect
        case .willDelayInterval: scope == .will
        case .serverReference: scope == .connack || scope == .disconnect
        case .reasonString:
            switch scope {
            case .connack, .puback, .pubrec, .pubrel, .pubcomp, .suback, .unsuback, .disconnect,
                .auth:
                true
            default: false
            }
        case .receiveMaximum, .topicAliasMaximum, .maximumPacketSize:
            scope == .connect || scope == .connack
        case .topicAlias: scope == .publish
        case .userProperty: true
        case .assignedClientIdentifier, .serverKeepAlive, .responseInformation, .maximumQoS,
            .retainAvailable, .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable,
            .sharedSubscriptionAvailable:
            scope == .connack
        }
    }

    /// Whether a broker passes the property on with a message, unchanged [MQTT-3.3.2-4].
    package var isForwarded: Bool {
        switch self {
        case .payloadFormatIndicator, .contentType, .responseTopic, .correlationData, .userProperty:
            true
        default: false
        }
    }
}
