// SPDX-License-Identifier: Apache-2.0
// One property of -D.

import MQTT

/// One property of `-D`, checked and encoded.
struct ToolProperty {
    /// The property as it stands in a packet.
    let encoded: [UInt8]

    /// What is said when words are missing.
    static let tooFew = OptionProblem.spaced(
        "Error: --property argument given but not enough arguments specified."
    )

    /// The packets by their names.
    static let scopes: [String: PropertyScope] = [
        "connect": .connect, "connack": .connack, "publish": .publish, "puback": .puback,
        "pubrec": .pubrec, "pubrel": .pubrel, "pubcomp": .pubcomp, "subscribe": .subscribe,
        "suback": .suback, "unsubscribe": .unsubscribe, "unsuback": .unsuback,
        "disconnect": .disconnect, "auth": .auth, "will": .will,
    ]

    /// Reads and checks a value.
    init(
        _ property: PropertyIdentifier,
        _ name: String,
        _ value: [UInt8],
        _ second: [UInt8]?
    ) throws(OptionProblem) {
        var writer = PropertyWriter()
        switch property.valueType {
        case .byte: writer.append(property, byte: UInt8(try Self.number(value, name, 255)))
        case .twoByteInteger:
            writer.append(property, twoByteInteger: UInt16(try Self.number(value, name, 65_535)))
        case .fourByteInteger:
            let number = try Self.number(value, name, Int(UInt32.max))
            writer.append(property, fourByteInteger: UInt32(number))
        case .variableByteInteger:
            let number = try Self.number(value, name, VariableByteInteger.max)
            writer.append(property, variableByteInteger: UInt32(number))
        case .binary:
            try Self.check(value, name)
            writer.append(property, binary: value)
        case .string:
            try Self.check(value, name, isText: true)
            writer.append(property, utf8: value)
        case .stringPair:
            try Self.check(value, name, isText: true)
            try Self.check(second ?? [], name, isText: true)
            writer.appendUserProperty(name: value, value: second ?? [])
        }
        encoded = writer.bytes
    }

    private static func number(
        _ text: [UInt8],
        _ name: String,
        _ maximum: Int
    ) throws(OptionProblem) -> Int {
        let number = CNumber.long(text)
        guard (0...maximum).contains(number) else {
            throw .spaced("Error: Property value (\(number)) out of range for property \(name).")
        }
        return number
    }

    private static func check(
        _ text: [UInt8],
        _ name: String,
        isText: Bool = false
    ) throws(OptionProblem) {
        guard text.count <= stringLengthMax else {
            throw .spaced("Error: Property value too long for property \(name).")
        }
        guard !isText || validateUTF8(text.span.bytes) else {
            throw .plain("Error adding property \(name): Malformed UTF-8")
        }
    }

    /// What is wrong with a list that is to be sent, nil if nothing.
    static func problem(_ list: [UInt8]) -> String? {
        var seen: Set<PropertyIdentifier> = []
        var walk = PropertyIterator(list.span.bytes)
        while let property = walk.next() {
            guard property.identifier == .userProperty || seen.insert(property.identifier).inserted
            else { return "Duplicate property in property list" }
            guard isPermitted(property) else {
                return "A network protocol error occurred when communicating with the broker"
            }
        }
        return walk.isMalformed ? "Malformed UTF-8" : nil
    }

    /// Whether the value is one the original's library sends; what else is wrong the broker says.
    private static func isPermitted(_ property: Property) -> Bool {
        switch (property.identifier, property.value) {
        case (.receiveMaximum, .twoByteInteger(let value)): value > 0
        case (.topicAlias, .twoByteInteger(let value)): value > 0
        case (.maximumPacketSize, .fourByteInteger(let value)): value > 0
        case (.requestProblemInformation, .byte(let value)): value <= 1
        case (.requestResponseInformation, .byte(let value)): value <= 1
        default: true
        }
    }
}

extension PropertyIdentifier {
    /// The name the tools and their output have for it (5.0 table 2-4, with dashes).
    package var name: String {
        switch self {
        case .payloadFormatIndicator: "payload-format-indicator"
        case .messageExpiryInterval: "message-expiry-interval"
        case .contentType: "content-type"
        case .responseTopic: "response-topic"
        case .correlationData: "correlation-data"
        case .subscriptionIdentifier: "subscription-identifier"
        case .sessionExpiryInterval: "session-expiry-interval"
        case .assignedClientIdentifier: "assigned-client-identifier"
        case .serverKeepAlive: "server-keep-alive"
        case .authenticationMethod: "authentication-method"
        case .authenticationData: "authentication-data"
        case .requestProblemInformation: "request-problem-information"
        case .willDelayInterval: "will-delay-interval"
        case .requestResponseInformation: "request-response-information"
        case .responseInformation: "response-information"
        case .serverReference: "server-reference"
        case .reasonString: "reason-string"
        case .receiveMaximum: "receive-maximum"
        case .topicAliasMaximum: "topic-alias-maximum"
        case .topicAlias: "topic-alias"
        case .maximumQoS: "maximum-qos"
        case .retainAvailable: "retain-available"
        case .userProperty: "user-property"
        case .maximumPacketSize: "maximum-packet-size"
        case .wildcardSubscriptionAvailable: "wildcard-subscription-available"
        case .subscriptionIdentifierAvailable: "subscription-identifier-available"
        case .sharedSubscriptionAvailable: "shared-subscription-available"
        }
    }

    /// The property of that name.
    init?(name: String) {
        guard let property = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = property
    }
}
