// SPDX-License-Identifier: Apache-2.0
// A message as JSON: %j and %J.

import JSON
import MQTT

/// A message as a JSON object.
struct MessageJSON {
    /// Whether it is written on several lines.
    let isPretty: Bool
    /// Whether the payload is JSON that becomes a part of the object.
    let embedsPayload: Bool

    /// The object, without a newline at its end.
    func text(
        of message: UnsafePrintedMessage,
        at time: ReceiptTime
    ) throws(PrintProblem) -> [UInt8] {
        let payload = message.payload.bindMemory(to: UInt8.self)
        let document =
            embedsPayload && !payload.isEmpty ? JSONDocument(parsingExactly: payload) : nil
        if embedsPayload, !payload.isEmpty, document == nil { throw .notJSON }
        var writer = JSONWriter(formatted: isPretty)
        writer.beginObject()
        writer.key("tst")
        writer.string(bytes: time.isoWithMicroseconds)
        writer.key("topic")
        writer.string(bytes: Array(message.topic))
        writer.key("qos")
        writer.integer(Int(message.qos))
        writer.key("retain")
        writer.boolean(message.isRetained)
        writer.key("payloadlen")
        writer.integer(payload.count)
        if message.qos > 0 {
            writer.key("mid")
            writer.integer(Int(message.packetIdentifier))
        }
        if !message.properties.isEmpty {
            writer.key("properties")
            Self.write(message.properties, &writer)
        }
        writer.key("payload")
        if let document {
            document.withRoot { Self.write($0, &writer) }
        } else if payload.isEmpty {
            writer.null()
        } else {
            writer.string(bytes: Array(payload.prefix { $0 != 0 }))
        }
        writer.endObject()
        return writer.bytes
    }

    /// The properties in their order, user properties together where the first one is.
    private static func write(_ bytes: UnsafeRawBufferPointer, _ writer: inout JSONWriter) {
        writer.beginObject()
        var hasUserProperties = false
        var walk = PropertyIterator(bytes.bytes)
        while let property = walk.next() {
            switch property.value {
            case .stringPair:
                guard !hasUserProperties else { continue }
                hasUserProperties = true
                writer.key("user-properties")
                writeUserProperties(bytes, &writer)
            case .string(let range), .binary(let range):
                writer.key(text: property.identifier.name)
                writer.string(bytes: Array(bytes[range].prefix { $0 != 0 }))
            default:
                writer.key(text: property.identifier.name)
                writer.integer(property.value.number ?? 0)
            }
        }
        writer.endObject()
    }

    private static func writeUserProperties(
        _ bytes: UnsafeRawBufferPointer,
        _ writer: inout JSONWriter
    ) {
        writer.beginArray()
        var walk = PropertyIterator(bytes.bytes)
        while let property = walk.next() {
            guard case .stringPair(let name, let value) = property.value else { continue }
            writer.beginObject()
            writer.key(bytes: Array(bytes[name]))
            writer.string(bytes: Array(bytes[value]))
            writer.endObject()
        }
        writer.endArray()
    }

    /// A parsed value; its depth is bounded by the parser's own limit.
    private static func write(_ node: JSONNode, _ writer: inout JSONWriter) {
        if node.isObject {
            writer.beginObject()
            for child in node.children {
                writer.key(bytes: child.nameBytes ?? [])
                write(child, &writer)
            }
            writer.endObject()
        } else if node.isArray {
            writer.beginArray()
            for child in node.children { write(child, &writer) }
            writer.endArray()
        } else if let flag = node.boolean {
            writer.boolean(flag)
        } else if let number = node.number {
            writer.number(number)
        } else if let text = node.stringBytes {
            writer.string(bytes: text)
        } else {
            writer.null()
        }
    }
}
