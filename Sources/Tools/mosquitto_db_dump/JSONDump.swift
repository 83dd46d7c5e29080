// SPDX-License-Identifier: Apache-2.0
// Everything in a file as one JSON object.

import Encoding
import Inflight
import JSON
import MQTT
import Persist

/// Prints everything as one JSON object (`--json`), an array for each kind of record.
///
/// The file has them mixed: it is read once for each array, and the rest is passed over.
struct JSONDump: DatabaseReceiver {
    /// One array of the object.
    enum Part: CaseIterable {
        case messages
        case clients
        case deliveries
        case retained
        case subscriptions

        var key: StaticString {
            switch self {
            case .messages: "base-messages"
            case .clients: "clients"
            case .deliveries: "client-messages"
            case .retained: "retained-messages"
            case .subscriptions: "subscriptions"
            }
        }
    }

    private var writer = JSONWriter(formatted: true)
    private var output = DumpOutput()
    private var part = Part.messages

    init() { writer.beginObject() }

    /// What is read from now on goes into this array.
    mutating func begin(_ part: Part) {
        self.part = part
        writer.key(part.key)
        writer.beginArray()
    }

    /// The array is whole.
    mutating func endPart() { writer.endArray() }

    /// The object is whole.
    mutating func end() {
        writer.endObject()
        drain()
        output.put("\n")
        output.flush()
    }

    private mutating func drain() {
        output.put(writer.bytes)
        writer.bytes.removeAll(keepingCapacity: true)
    }

    /// Writes one record of an array, if it is that array's turn.
    private mutating func element(_ part: Part, _ body: (inout JSONWriter) -> Void) {
        guard part == self.part else { return }
        writer.beginObject()
        body(&writer)
        writer.endObject()
        drain()
    }

    // MARK: Records

    mutating func receive(_ configuration: DatabaseConfiguration) {}

    mutating func receive(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    ) {
        guard part == .messages else { return }
        let topic = topic.withUnsafeBytes { Array($0) }
        let payload = payload.withUnsafeBytes { Base64.encode($0) }
        let list = Self.properties(properties)
        element(.messages) { writer in
            writer.member("storeid", message.number)
            writer.member("expiry-time", message.expiryTime)
            writer.member("source-mid", message.sourcePacketIdentifier)
            writer.member("source-port", message.sourcePort)
            writer.member("qos", message.qos)
            writer.member("retain", message.isRetained ? 1 : 0)
            writer.key("topic")
            writer.string(bytes: topic)
            if !message.sourceIdentifier.isEmpty {
                writer.member("clientid", message.sourceIdentifier)
            }
            if let name = message.sourceUserName { writer.member("username", name) }
            writer.member("payload", payload)
            guard !list.isEmpty else { return }
            writer.key("properties")
            writer.beginArray()
            for property in list { property.write(to: &writer) }
            writer.endArray()
        }
    }

    mutating func receive(_ client: DatabaseClient) {
        element(.clients) { writer in
            writer.member("clientid", client.clientIdentifier)
            if let name = client.userName { writer.member("username", name) }
            writer.member("session-expiry-time", client.expiryTime)
            writer.member("session-expiry-interval", client.expiryInterval)
            writer.member("last-mid", client.lastIdentifier)
            writer.member("listener-port", client.listenerPort)
        }
    }

    mutating func receive(_ delivery: DatabaseDelivery) {
        element(.deliveries) { writer in
            writer.member("clientid", delivery.clientIdentifier)
            writer.member("storeid", delivery.message)
            writer.member("mid", delivery.identifier)
            writer.member("qos", delivery.qos)
            writer.member("state", delivery.state.rawValue)
            // As the file has them: RETAIN in the upper four bits, DUP in the lower.
            writer.member(
                "retain-dup",
                (delivery.isRetained ? 0x10 : 0) + (delivery.isDuplicate ? 0x01 : 0)
            )
            writer.member("direction", delivery.direction.rawValue)
            writer.member("subscription-identifier", delivery.subscriptionIdentifier)
        }
    }

    mutating func receive(retained number: MessageNumber) {
        element(.retained) { $0.member("storeid", number) }
    }

    mutating func receive(_ subscription: DatabaseSubscription) {
        element(.subscriptions) { writer in
            writer.member("clientid", subscription.clientIdentifier)
            writer.key("topic")
            writer.string(bytes: subscription.filter)
            writer.member("qos", subscription.options & 0x03)
            writer.member("options", subscription.options & 0xFC)
            writer.member("identifier", subscription.identifier)
        }
    }

    /// Said when the file was counted before this.
    mutating func receive(_ notice: DatabaseNotice) {}

    // MARK: Properties

    private static func properties(_ list: RawSpan) -> [JSONProperty] {
        var properties: [JSONProperty] = []
        var iterator = PropertyIterator(list)
        while let property = iterator.next() {
            if let found = JSONProperty(property, of: list) { properties.append(found) }
        }
        return properties
    }
}

extension JSONWriter {
    /// Writes a member with a number: all of them are whole, and as exact as they are in the file.
    mutating func member(_ key: StaticString, _ value: some BinaryInteger) {
        self.key(key)
        raw(bytes: Array(String(value).utf8))
    }

    /// Writes a member with a text.
    mutating func member(_ key: StaticString, _ value: String) {
        self.key(key)
        string(text: value)
    }
}
