// SPDX-License-Identifier: Apache-2.0
// Each record of a file with its fields, as lines.

import Encoding
import Inflight
import MQTT
import Persist

/// Prints each record with its fields: a label, and a line for each field behind a tab.
struct TextDump: DatabaseReceiver {
    /// A payload is printed if it is shorter and is text.
    private static let payloadByteCountMax = 256

    var output = DumpOutput()

    mutating func begin(version: UInt32) {
        output.put("Mosquitto DB dump\nCRC: 0\nDB version: \(version)\n")
        if let warning = DumpNotices.noteVersion(version) { output.put("\(warning)\n") }
    }

    mutating func willReceive(_ chunk: DatabaseChunk) {
        guard let kind = chunk.kind else { return }
        output.put("\(kind.label):\n\tLength: \(chunk.byteCount)\n")
    }

    private mutating func put(_ name: StaticString, _ value: some CustomStringConvertible) {
        output.put("\t\(name): \(value)\n")
    }

    private mutating func put(_ name: StaticString, _ isSet: Bool) { put(name, isSet ? 1 : 0) }

    private mutating func put(_ name: StaticString, _ bytes: RawSpan) {
        output.put("\t\(name): ")
        output.put(bytes)
        output.put("\n")
    }

    // MARK: Records

    mutating func receive(_ configuration: DatabaseConfiguration) {
        put("Shutdown", configuration.isCleanShutdown)
        // The reader takes no other size.
        put("DB ID size", MemoryLayout<MessageNumber>.size)
        put("Last DB ID", configuration.lastNumber)
    }

    mutating func receive(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    ) {
        put("Store ID", message.number)
        put("Source Port", message.sourcePort)
        put("Source MID", message.sourcePacketIdentifier)
        put("Topic", topic)
        put("QoS", message.qos)
        put("Retain", message.isRetained)
        put("Payload Length", payload.byteCount)
        put("Expiry Time", message.expiryTime)
        if payload.byteCount < Self.payloadByteCountMax, isText(payload) {
            put("Payload", payload)
        }
        guard !properties.isEmpty else { return }
        output.put("\tProperties:\n")
        var iterator = PropertyIterator(properties)
        while let property = iterator.next() { put(property, of: properties) }
    }

    mutating func receive(_ client: DatabaseClient) {
        put("Client ID", client.clientIdentifier)
        if let userName = client.userName { put("Username", userName) }
        if client.listenerPort > 0 { put("Listener port", client.listenerPort) }
        put("Last MID", client.lastIdentifier)
        put("Session expiry time", client.expiryTime)
        put("Session expiry interval", client.expiryInterval)
    }

    mutating func receive(_ delivery: DatabaseDelivery) {
        put("Client ID", delivery.clientIdentifier)
        put("Store ID", delivery.message)
        put("MID", delivery.identifier)
        put("QoS", delivery.qos)
        put("Retain", delivery.isRetained)
        put("Direction", delivery.direction.rawValue)
        put("State", delivery.state.rawValue)
        put("Dup", delivery.isDuplicate)
        if delivery.subscriptionIdentifier > 0 {
            put("Subscription identifier", delivery.subscriptionIdentifier)
        }
    }

    mutating func receive(_ subscription: DatabaseSubscription) {
        put("Client ID", subscription.clientIdentifier)
        put("Topic", subscription.filter.span.bytes)
        put("QoS", subscription.options & 0x03)
        put("Subscription ID", subscription.identifier)
        let options = String(subscription.options & 0xFC, radix: 16, uppercase: true)
        put("Options", "0x\(options.count < 2 ? "0" : "")\(options)")
    }

    mutating func receive(retained number: MessageNumber) { put("Store ID", number) }

    mutating func receive(_ notice: DatabaseNotice) {
        // What is said of a record comes behind what is printed of it.
        output.flush()
        DumpNotices.say(notice)
    }

    // MARK: Properties

    private mutating func put(_ property: Property, of list: RawSpan) {
        switch (property.identifier, property.value) {
        case (.payloadFormatIndicator, .byte(let value)):
            output.put("\t\tPayload format indicator: \(value)\n")
        case (.contentType, .string(let range)):
            output.put("\t\tContent type: ")
            putLine(list, range)
        case (.responseTopic, .string(let range)):
            output.put("\t\tResponse topic: ")
            putLine(list, range)
        case (.correlationData, .binary(let range)):
            output.put("\t\tCorrelation data: ")
            let data = list.extracting(range).withUnsafeBytes { Array($0) }
            output.put(Hexadecimal.encode(data, letters: .uppercase))
            output.put("\n")
        case (.userProperty, .stringPair(let name, let value)):
            output.put("\t\tUser property: ")
            output.put(list.extracting(name))
            output.put(" , ")
            putLine(list, value)
        default: break
        }
    }

    private mutating func putLine(_ list: RawSpan, _ range: Range<Int>) {
        output.put(list.extracting(range))
        output.put("\n")
    }

    /// Whether bytes are text that may be shown: UTF-8 without control characters.
    private func isText(_ bytes: RawSpan) -> Bool {
        let text = bytes.withUnsafeBytes { String(validating: $0, as: UTF8.self) }
        return text?.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            ?? false
    }
}
