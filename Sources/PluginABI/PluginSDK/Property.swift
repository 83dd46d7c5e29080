// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 properties as Swift values.

/// One MQTT 5.0 property.
///
/// Properties are an array in the order of the packet; a user property may occur more than once.
public struct Property: Sendable, Hashable {
    /// The property identifiers of MQTT 5.0 section 2.2.2.2.
    public enum Identifier: Int32, Sendable, CaseIterable {
        case payloadFormatIndicator = 1
        case messageExpiryInterval = 2
        case contentType = 3
        case responseTopic = 8
        case correlationData = 9
        case subscriptionIdentifier = 11
        case sessionExpiryInterval = 17
        case assignedClientIdentifier = 18
        case serverKeepAlive = 19
        case authenticationMethod = 21
        case authenticationData = 22
        case requestProblemInformation = 23
        case willDelayInterval = 24
        case requestResponseInformation = 25
        case responseInformation = 26
        case serverReference = 28
        case reasonString = 31
        case receiveMaximum = 33
        case topicAliasMaximum = 34
        case topicAlias = 35
        case maximumQoS = 36
        case retainAvailable = 37
        case userProperty = 38
        case maximumPacketSize = 39
        case wildcardSubscriptionAvailable = 40
        case subscriptionIdentifierAvailable = 41
        case sharedSubscriptionAvailable = 42
    }

    /// A property's value, by its type on the wire.
    public enum Value: Sendable, Hashable {
        case byte(UInt8)
        case twoByteInteger(UInt16)
        case fourByteInteger(UInt32)
        case variableByteInteger(UInt32)
        case binary([UInt8])
        case string(String)
        case stringPair(name: String, value: String)
    }

    /// Which property.
    public let identifier: Identifier
    /// Its value.
    public let value: Value

    /// Creates a property; the broker refuses a value that is not of the identifier's type.
    public init(_ identifier: Identifier, _ value: Value) {
        self.identifier = identifier
        self.value = value
    }

    /// A user property.
    public static func user(_ name: String, _ value: String) -> Property {
        Property(.userProperty, .stringPair(name: name, value: value))
    }

    /// The MIME type of the payload.
    public static func contentType(_ type: String) -> Property {
        Property(.contentType, .string(type))
    }

    /// The topic for a response.
    public static func responseTopic(_ topic: String) -> Property {
        Property(.responseTopic, .string(topic))
    }

    /// Recognises the request a response belongs to.
    public static func correlationData(_ data: [UInt8]) -> Property {
        Property(.correlationData, .binary(data))
    }

    /// The lifetime of the message in seconds.
    public static func messageExpiryInterval(_ seconds: UInt32) -> Property {
        Property(.messageExpiryInterval, .fourByteInteger(seconds))
    }
}

extension [Property] {
    /// The value of the first property with this identifier.
    public subscript(identifier: Property.Identifier) -> Property.Value? {
        first { $0.identifier == identifier }?.value
    }

    /// The text of the first property with this identifier, if it has one.
    public func text(_ identifier: Property.Identifier) -> String? {
        guard case .string(let text)? = self[identifier] else { return nil }
        return text
    }

    /// The value of the first user property with this name.
    public func user(_ name: String) -> String? {
        for property in self {
            if case .stringPair(name, let value) = property.value { return value }
        }
        return nil
    }
}

extension Property.Identifier {
    /// The type a value must have (MQTT 5.0 table 2-4).
    enum WireType {
        case byte
        case twoByteInteger
        case fourByteInteger
        case variableByteInteger
        case binary
        case string
        case stringPair
    }

    var wireType: WireType {
        switch self {
        case .payloadFormatIndicator, .requestProblemInformation, .requestResponseInformation,
            .maximumQoS, .retainAvailable, .wildcardSubscriptionAvailable,
            .subscriptionIdentifierAvailable, .sharedSubscriptionAvailable:
            .byte
        case .serverKeepAlive, .receiveMaximum, .topicAliasMaximum, .topicAlias:
            .twoByteInteger
        case .messageExpiryInterval, .sessionExpiryInterval, .willDelayInterval, .maximumPacketSize:
            .fourByteInteger
        case .subscriptionIdentifier:
            .variableByteInteger
        case .correlationData, .authenticationData:
            .binary
        case .contentType, .responseTopic, .assignedClientIdentifier, .authenticationMethod,
            .responseInformation, .serverReference, .reasonString:
            .string
        case .userProperty:
            .stringPair
        }
    }
}
