// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 properties as Swift values, and their translation from and to the broker's lists.

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

/// The broker's linked lists of properties.
///
///     offset 0   next node
///     offset 8   value: integer, or pointer to bytes
///     offset 16  value: length in bytes (16 bits)
///     offset 24  name of a user property: pointer to bytes
///     offset 32  name of a user property: length in bytes (16 bits)
///     offset 40  identifier (32 bits)
///
/// All brokers share this layout; not all of them export functions to read it.
package enum PropertyList {
    /// Copies a broker's list.
    package static func read(_ list: UnsafeRawPointer?) -> [Property] {
        var properties: [Property] = []
        var cursor = list
        while let node = cursor {
            cursor = node.load(as: UnsafeRawPointer?.self)
            let number = node.load(fromByteOffset: 40, as: Int32.self)
            guard let identifier = Property.Identifier(rawValue: number) else { continue }
            properties.append(Property(identifier, value(of: identifier.wireType, in: node)))
        }
        return properties
    }

    /// Builds a broker's list, which the caller owns; `nil` for no properties.
    static func make(
        _ properties: [Property],
        host: HostFunctions
    ) throws(BrokerError) -> OpaquePointer? {
        var list: OpaquePointer?
        for property in properties {
            let code = append(property, to: &list, host: host)
            guard code == ResultCode.success.rawValue else {
                host.freeProperties(&list)
                throw BrokerError(
                    ResultCode(rawValue: code),
                    "Adding the property \(property.identifier)"
                )
            }
        }
        return list
    }

    private static func append(
        _ property: Property,
        to list: inout OpaquePointer?,
        host: HostFunctions
    ) -> CInt {
        let number = property.identifier.rawValue
        switch property.value {
        case .byte(let value): return host.addByte(&list, number, value)
        case .twoByteInteger(let value): return host.addInt16(&list, number, value)
        case .fourByteInteger(let value): return host.addInt32(&list, number, value)
        case .variableByteInteger(let value): return host.addVarint(&list, number, value)
        case .binary(let value):
            guard let length = UInt16(exactly: value.count) else {
                return ResultCode.invalid.rawValue
            }
            return value.withUnsafeBytes { host.addBinary(&list, number, $0.baseAddress, length) }
        case .string(let value): return value.withCString { host.addString(&list, number, $0) }
        case .stringPair(let name, let value):
            return name.withCString { name in
                value.withCString { host.addStringPair(&list, number, name, $0) }
            }
        }
    }

    private static func value(
        of type: Property.Identifier.WireType,
        in node: UnsafeRawPointer
    ) -> Property.Value {
        switch type {
        case .byte: .byte(node.load(fromByteOffset: 8, as: UInt8.self))
        case .twoByteInteger: .twoByteInteger(node.load(fromByteOffset: 8, as: UInt16.self))
        case .fourByteInteger: .fourByteInteger(node.load(fromByteOffset: 8, as: UInt32.self))
        case .variableByteInteger:
            .variableByteInteger(node.load(fromByteOffset: 8, as: UInt32.self))
        case .binary: .binary(Array(bytes(in: node, at: 8)))
        case .string: .string(String(decoding: bytes(in: node, at: 8), as: UTF8.self))
        case .stringPair:
            .stringPair(
                name: String(decoding: bytes(in: node, at: 24), as: UTF8.self),
                value: String(decoding: bytes(in: node, at: 8), as: UTF8.self)
            )
        }
    }

    private static func bytes(
        in node: UnsafeRawPointer,
        at offset: Int
    ) -> UnsafeRawBufferPointer {
        guard let start = node.load(fromByteOffset: offset, as: UnsafeRawPointer?.self) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        let count = node.load(fromByteOffset: offset + 8, as: UInt16.self)
        return UnsafeRawBufferPointer(start: start, count: Int(count))
    }
}
