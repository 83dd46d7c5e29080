// SPDX-License-Identifier: Apache-2.0
// Properties as the database has them: JSON.

import Encoding
import JSON
import PluginSDK

/// Properties as a JSON array of objects, in the form of the original's `mosquitto_properties_to_json`.
enum PropertyText {
    /// The names that are written, by what they name.
    private static let names: [(Property.Identifier, String)] = [
        (.payloadFormatIndicator, "payload-format-indicator"),
        (.messageExpiryInterval, "message-expiry-interval"), (.contentType, "content-type"),
        (.responseTopic, "response-topic"), (.correlationData, "correlation-data"),
        (.subscriptionIdentifier, "subscription-identifier"), (.userProperty, "user-property"),
    ]

    /// The text; nil for no properties.
    static func encode(_ properties: [Property]) -> [UInt8]? {
        guard !properties.isEmpty else { return nil }
        var objects: [JSONValue] = []
        for property in properties {
            let known = names.first { $0.0 == property.identifier }
            guard let name = known?.1 else { continue }
            var members = [JSONValue.Member("identifier", .string(name))]
            switch property.value {
            case .byte(let value): members.append(.init("value", .number(Double(value))))
            case .twoByteInteger(let value): members.append(.init("value", .number(Double(value))))
            case .fourByteInteger(let value), .variableByteInteger(let value):
                members.append(.init("value", .number(Double(value))))
            case .string(let value): members.append(.init("value", .string(value)))
            case .binary(let value):
                let digits = Hexadecimal.encode(value, letters: .uppercase)
                members.append(.init("value", .string(String(decoding: digits, as: UTF8.self))))
            case .stringPair(let name, let value):
                members.append(.init("name", .string(name)))
                members.append(.init("value", .string(value)))
            }
            objects.append(.object(members))
        }
        return objects.isEmpty ? nil : Array(JSONValue.array(objects).compactText.utf8)
    }

    /// What a text says, and how many of its entries mean nothing.
    static func decode(_ text: [UInt8]) -> (properties: [Property], skipped: Int) {
        guard let elements = JSONValue(parsing: text)?.elements else { return ([], 1) }
        let properties = elements.compactMap(property)
        return (properties, elements.count - properties.count)
    }

    private static func property(_ object: JSONValue) -> Property? {
        guard let name = object["identifier"]?.text, let value = object["value"],
            let identifier = names.first(where: { $0.1 == name })?.0
        else { return nil }
        switch identifier {
        case .payloadFormatIndicator:
            return value.integer.flatMap { UInt8(exactly: $0) }.map {
                Property(identifier, .byte($0))
            }
        case .messageExpiryInterval:
            return word(value).map { Property(identifier, .fourByteInteger($0)) }
        case .subscriptionIdentifier:
            return word(value).map { Property(identifier, .variableByteInteger($0)) }
        case .correlationData:
            let data = value.text.flatMap { Hexadecimal.decode(Array($0.utf8)) }
            return data.map { Property(identifier, .binary($0)) }
        case .userProperty:
            guard let name = object["name"]?.text, let text = value.text else { return nil }
            return .user(name, text)
        default: return value.text.map { Property(identifier, .string($0)) }
        }
    }

    private static func word(_ value: JSONValue) -> UInt32? {
        value.integer.flatMap { UInt32(exactly: $0) }
    }
}
