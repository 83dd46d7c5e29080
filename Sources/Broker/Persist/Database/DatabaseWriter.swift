// SPDX-License-Identifier: Apache-2.0
// Writes a file of version 6, record by record.

import Glibc
package import Inflight
import MQTT

/// Writes a `mosquitto.db` that takes the place of an old one once it is whole and on disk.
///
/// Readers want the configuration first, and messages before what refers to them. The broker writes
/// configuration, messages, each session with its deliveries, subscriptions, retained messages.
/// Memory: one buffer; large payloads go to the file from where they are. A writer that goes away
/// without `finish` leaves nothing behind.
///
/// Every function throws `DatabaseWriteError`: `represent` for a record that the format cannot hold,
/// of which nothing was written; any other for good.
package struct DatabaseWriter: ~Copyable {
    private var output: DatabaseOutput

    /// Creates the temporary file beside `path`.
    ///
    /// `sink` writes in the stead of write(2): it may look at what is written.
    package init(
        path: String,
        bufferByteCount: Int = 256 * 1024,
        sink: @escaping DatabaseSink = { Glibc.write($0, $1.baseAddress, $1.count) }
    ) throws(DatabaseWriteError) {
        output = try DatabaseOutput(path: path, bufferByteCount: bufferByteCount, sink: sink)
        output.append(DatabaseFormat.magic)
        output.appendZeros(4)
        output.append(bigEndian: DatabaseFormat.version)
    }

    /// Bytes of the file so far.
    package var byteCount: UInt64 { output.byteCount }

    /// Puts the file in its place.
    package consuming func finish() throws(DatabaseWriteError) { try output.finish() }

    /// Writes how the file is written; to be the first record.
    package mutating func write(
        _ configuration: DatabaseConfiguration
    ) throws(DatabaseWriteError) {
        appendHead(.configuration)
        output.append(native: configuration.lastNumber)
        output.append(configuration.isCleanShutdown ? 1 : 0)
        output.append(DatabaseFormat.numberByteCount)
        output.appendZeros(6)
        try output.flushIfFull()
    }

    /// Writes a message; `properties` are those that go to every subscriber, without the length in
    /// front.
    package mutating func write(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    ) throws(DatabaseWriteError) {
        assert(message.qos <= 2, "QoS is 0 to 2")
        let source = try Self.length(message.sourceIdentifier, "a source identifier")
        let user = try Self.length(message.sourceUserName ?? "", "a source user name")
        let topicCount = try Self.length(topic.byteCount, "a topic")
        let limit = DatabaseFormat.payloadByteCountMax
        guard payload.byteCount <= limit, properties.byteCount <= limit else {
            throw Self.tooLong("a payload")
        }
        let texts = Int(source) + Int(user) + Int(topicCount)
        let list = Self.listByteCount(properties.byteCount)
        appendHead(.message, texts + payload.byteCount + list)
        output.append(native: message.number)
        output.append(native: UInt64(bitPattern: message.expiryTime))
        output.append(bigEndian: UInt32(payload.byteCount))
        output.append(bigEndian: message.sourcePacketIdentifier)
        output.append(bigEndian: source)
        output.append(bigEndian: user)
        output.append(bigEndian: topicCount)
        output.append(bigEndian: message.sourcePort)
        output.append(message.qos)
        output.append(message.isRetained ? 1 : 0)
        output.append(message.sourceIdentifier)
        output.append(message.sourceUserName ?? "")
        try output.append(topic)
        try output.append(payload)
        if !properties.isEmpty {
            appendVariable(properties.byteCount)
            try output.append(properties)
        }
        try output.flushIfFull()
    }

    /// Writes a session without what it holds.
    package mutating func write(_ client: DatabaseClient) throws(DatabaseWriteError) {
        let identifier = try Self.length(client.clientIdentifier, "a client identifier")
        let user = try Self.length(client.userName ?? "", "a user name")
        appendHead(.client, Int(identifier) + Int(user))
        output.append(native: UInt64(bitPattern: client.expiryTime))
        output.append(bigEndian: client.expiryInterval)
        output.append(bigEndian: client.lastIdentifier)
        output.append(bigEndian: identifier)
        output.append(bigEndian: client.listenerPort)
        output.append(bigEndian: user)
        output.appendZeros(4)
        output.append(client.clientIdentifier)
        output.append(client.userName ?? "")
        try output.flushIfFull()
    }

    /// Writes a message on its way; those of a session are kept in the order they are written in.
    package mutating func write(_ delivery: DatabaseDelivery) throws(DatabaseWriteError) {
        assert(delivery.qos <= 2, "QoS is 0 to 2")
        assert(!delivery.clientIdentifier.isEmpty, "a delivery has a client")
        let identifier = try Self.length(delivery.clientIdentifier, "a client identifier")
        let number = Int(delivery.subscriptionIdentifier)
        guard number <= DatabaseFormat.payloadByteCountMax else {
            throw Self.tooLong("a subscription identifier")
        }
        let property = number == 0 ? 0 : 1 + VariableByteInteger.length(number)
        appendHead(.delivery, Int(identifier) + Self.listByteCount(property))
        output.append(native: delivery.message)
        output.append(bigEndian: delivery.identifier)
        output.append(bigEndian: identifier)
        output.append(delivery.qos)
        output.append(delivery.state.rawValue)
        output.append((delivery.isRetained ? 0x10 : 0) | (delivery.isDuplicate ? 1 : 0))
        output.append(delivery.direction.rawValue)
        output.append(delivery.clientIdentifier)
        if number != 0 {
            appendVariable(property)
            output.append(PropertyIdentifier.subscriptionIdentifier.rawValue)
            appendVariable(number)
        }
        try output.flushIfFull()
    }

    /// Writes a subscription.
    package mutating func write(
        _ subscription: DatabaseSubscription
    ) throws(DatabaseWriteError) {
        let identifier = try Self.length(subscription.clientIdentifier, "a client identifier")
        let filter = try Self.length(subscription.filter.count, "a topic filter")
        appendHead(.subscription, Int(identifier) + Int(filter))
        output.append(bigEndian: subscription.identifier)
        output.append(bigEndian: identifier)
        output.append(bigEndian: filter)
        output.append(subscription.options & 0x03)
        output.append(subscription.options & 0xFC)
        output.appendZeros(2)
        output.append(subscription.clientIdentifier)
        output.append(subscription.filter)
        try output.flushIfFull()
    }

    /// Writes that the message with a number is retained.
    package mutating func write(retained number: MessageNumber) throws(DatabaseWriteError) {
        appendHead(.retained)
        output.append(native: number)
        try output.flushIfFull()
    }

    // MARK: Lengths

    private mutating func appendHead(_ kind: DatabaseChunkKind, _ variableByteCount: Int = 0) {
        let fixed = kind.fixedByteCount(version: DatabaseFormat.version)
        output.append(bigEndian: kind.rawValue)
        // Three texts, a payload and properties are less than 2^32 bytes.
        output.append(bigEndian: UInt32(fixed + variableByteCount))
    }

    /// Appends a Variable Byte Integer (5.0 section 1.5.5).
    private mutating func appendVariable(_ number: Int) {
        assert(number >= 0 && number <= DatabaseFormat.payloadByteCountMax, "four bytes hold it")
        VariableByteInteger.encode(number) { output.append($0) }
    }

    /// Bytes of a list of properties with its length; none for an empty one.
    private static func listByteCount(_ count: Int) -> Int {
        count == 0 ? 0 : VariableByteInteger.length(count) + count
    }

    private static func length(
        _ text: String,
        _ what: String
    ) throws(DatabaseWriteError) -> UInt16 {
        try length(text.utf8.count, what)
    }

    private static func length(
        _ count: Int,
        _ what: String
    ) throws(DatabaseWriteError) -> UInt16 {
        guard let length = UInt16(exactly: count) else { throw tooLong(what) }
        return length
    }

    private static func tooLong(_ what: String) -> DatabaseWriteError {
        DatabaseWriteError(operation: .represent, subject: what, code: EMSGSIZE)
    }
}
