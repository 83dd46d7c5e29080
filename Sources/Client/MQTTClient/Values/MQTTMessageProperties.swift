// SPDX-License-Identifier: Apache-2.0
// What MQTT 5.0 says about a message besides topic and payload.

import MQTT

/// The properties of a message (5.0 section 3.3.2.3); before 5.0 there are none.
public struct MQTTMessageProperties: Sendable, Hashable {
    /// Whether the payload is UTF-8 text; nil where that is not said.
    public var isText: Bool?
    /// Seconds after which the message is void; of one that has arrived, what is left of them.
    public var expirySeconds: UInt32?
    /// What the payload is, for instance a media type.
    public var contentType: String?
    /// The topic that an answer is wanted on.
    public var responseTopic: String?
    /// What the answer is to be told by.
    public var correlationData: [UInt8]?
    /// What applications have agreed on.
    public var userProperties: [MQTTUserProperty] = []
    /// The identifiers of the subscriptions that a message has come for; never sent.
    public var subscriptionIdentifiers: [UInt32] = []

    /// No properties.
    public init() {}

    /// The properties as packets have them, without their length.
    package var encoded: [UInt8] {
        var writer = PropertyWriter()
        if let isText { writer.append(.payloadFormatIndicator, byte: isText ? 1 : 0) }
        if let expirySeconds {
            writer.append(.messageExpiryInterval, fourByteInteger: expirySeconds)
        }
        if let contentType { writer.append(.contentType, string: contentType) }
        if let responseTopic { writer.append(.responseTopic, string: responseTopic) }
        if let correlationData { writer.append(.correlationData, binary: correlationData) }
        for property in userProperties {
            writer.appendUserProperty(name: property.name, value: property.value)
        }
        return writer.bytes
    }

    /// Reads properties that a packet was checked to have.
    package init(decoding bytes: RawSpan) {
        var walk = PropertyIterator(bytes)
        while let property = walk.next() {
            switch (property.identifier, property.value) {
            case (.payloadFormatIndicator, .byte(let value)): isText = value == 1
            case (.messageExpiryInterval, .fourByteInteger(let value)): expirySeconds = value
            case (.contentType, .string(let range)):
                contentType = UnsafeLoad.string(bytes, range)
            case (.responseTopic, .string(let range)):
                responseTopic = UnsafeLoad.string(bytes, range)
            case (.correlationData, .binary(let range)):
                correlationData = UnsafeLoad.array(bytes, range)
            case (.userProperty, .stringPair(let name, let value)):
                userProperties.append(
                    MQTTUserProperty(
                        name: UnsafeLoad.string(bytes, name),
                        value: UnsafeLoad.string(bytes, value)
                    )
                )
            case (.subscriptionIdentifier, .variableByteInteger(let value)):
                subscriptionIdentifiers.append(value)
            default: break
            }
        }
    }
}
