// SPDX-License-Identifier: Apache-2.0
// A property of a message in JSON.

import Encoding
import JSON
import MQTT

/// A property of a message, as `mosquitto_properties_to_json` describes one.
struct JSONProperty {
    private let identifier: StaticString
    private var name: [UInt8]?
    private var text: [UInt8]?
    private var number: UInt8?

    /// Nil for a property that a message in the file does not have.
    init?(_ property: Property, of list: RawSpan) {
        func bytes(_ range: Range<Int>) -> [UInt8] {
            list.extracting(range).withUnsafeBytes { Array($0) }
        }
        switch (property.identifier, property.value) {
        case (.payloadFormatIndicator, .byte(let value)):
            identifier = "payload-format-indicator"
            number = value
        case (.contentType, .string(let range)):
            identifier = "content-type"
            text = bytes(range)
        case (.responseTopic, .string(let range)):
            identifier = "response-topic"
            text = bytes(range)
        case (.correlationData, .binary(let range)):
            identifier = "correlation-data"
            text = Array(Hexadecimal.encode(bytes(range), letters: .uppercase))
        case (.userProperty, .stringPair(let first, let second)):
            identifier = "user-property"
            name = bytes(first)
            text = bytes(second)
        default: return nil
        }
    }

    /// Writes it as an object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("identifier")
        writer.string(identifier)
        if let name {
            writer.key("name")
            writer.string(bytes: name)
        }
        if let text {
            writer.key("value")
            writer.string(bytes: text)
        }
        if let number {
            writer.key("value")
            writer.integer(Int(number))
        }
        writer.endObject()
    }
}
