// SPDX-License-Identifier: Apache-2.0
// Bodies of chunks of versions 5 and 6: bytes to plain structs.

import Inflight
import MQTT

/// Where the variable parts of a message are in the body of its chunk.
struct DatabaseMessageParts {
    var message: DatabaseMessage
    var topic: Range<Int>
    /// Without the length in front.
    var properties: Range<Int>
    var payload: Range<Int>
}

/// Reads the bodies of chunks.
///
/// A body has exactly the bytes of its chunk. Nil where a topic, filter or client identifier cannot be
/// one: the chunk is to be passed over. A name that cannot be one is as good as none. See `DatabaseFormat` for the order of bytes.
struct DatabaseDecoder {
    typealias Failure = DatabaseReadError.Reason

    let version: UInt32
    var clientIdentifiers = DatabaseTextCache()
    var userNames = DatabaseTextCache()
    var sourceIdentifiers = DatabaseTextCache()

    init(version: UInt32) {
        self.version = version
    }

    /// ```
    /// | last number: 8 | clean shutdown: 1 | bytes of a number: 1 | 6 |
    /// ```
    func configuration(_ body: RawSpan) throws(Failure) -> DatabaseConfiguration {
        guard body.byteCount == 16 else { throw .wrongLength }
        let size = UnsafeLoad.byte(body, at: 9)
        guard size == DatabaseFormat.numberByteCount else { throw .incompatibleNumberSize(size) }
        return DatabaseConfiguration(
            lastNumber: UnsafeLoad.word(body, at: 0),
            isCleanShutdown: UnsafeLoad.byte(body, at: 8) != 0
        )
    }

    /// ```
    /// | number: 8 | expiry time: 8 | payload length: 4 | packet identifier: 2
    /// | source length: 2 | user name length: 2 | topic length: 2 | port: 2 | QoS: 1 | RETAIN: 1
    /// | source | user name | topic | payload | properties |
    /// ```
    mutating func message(_ body: RawSpan) throws(Failure) -> DatabaseMessageParts? {
        guard body.byteCount >= 32 else { throw .wrongLength }
        let payloadCount = Int(UnsafeLoad.fourBytes(body, at: 16))
        guard payloadCount <= DatabaseFormat.payloadByteCountMax else { throw .tooLong }
        let source = 32..<(32 + length(body, at: 22))
        let user = source.upperBound..<(source.upperBound + length(body, at: 24))
        let topic = user.upperBound..<(user.upperBound + length(body, at: 26))
        let payload = topic.upperBound..<(topic.upperBound + payloadCount)
        guard payload.upperBound <= body.byteCount else { throw .wrongLength }
        let properties = try propertyList(body, payload.upperBound..<body.byteCount)
        guard isValidTopicName(body.extracting(topic)) else { return nil }
        let message = DatabaseMessage(
            number: UnsafeLoad.word(body, at: 0),
            expiryTime: Int64(bitPattern: UnsafeLoad.word(body, at: 8)),
            sourceIdentifier: sourceIdentifiers.name(body, source) ?? "",
            sourceUserName: userNames.name(body, user),
            sourcePort: UnsafeLoad.twoBytes(body, at: 28),
            sourcePacketIdentifier: UnsafeLoad.twoBytes(body, at: 20),
            qos: try qos(UnsafeLoad.byte(body, at: 30)),
            isRetained: UnsafeLoad.byte(body, at: 31) != 0
        )
        return DatabaseMessageParts(
            message: message,
            topic: topic,
            properties: properties,
            payload: payload
        )
    }

    /// ```
    /// | number: 8 | packet identifier: 2 | client identifier length: 2 | QoS: 1 | state: 1
    /// | RETAIN, DUP: 4 bits each | direction: 1 | client identifier | properties |
    /// ```
    mutating func delivery(_ body: RawSpan) throws(Failure) -> DatabaseDelivery? {
        guard body.byteCount >= 16 else { throw .wrongLength }
        let client = 16..<(16 + length(body, at: 10))
        guard client.upperBound <= body.byteCount else { throw .wrongLength }
        let list = try propertyList(body, client.upperBound..<body.byteCount)
        let flags = UnsafeLoad.byte(body, at: 14)
        return try delivery(
            client: clientIdentifiers.text(body, client),
            message: UnsafeLoad.word(body, at: 0),
            identifier: UnsafeLoad.twoBytes(body, at: 8),
            qos: UnsafeLoad.byte(body, at: 12),
            state: UnsafeLoad.byte(body, at: 13),
            flags: (flags & 0xF0 != 0, flags & 0x0F != 0),
            direction: UnsafeLoad.byte(body, at: 15),
            subscriptionIdentifier: subscriptionIdentifier(body, list)
        )
    }

    /// Puts together what all versions have of a delivery.
    func delivery(
        client: String?,
        message: MessageNumber,
        identifier: UInt16,
        qos: UInt8,
        state: UInt8,
        flags: (isRetained: Bool, isDuplicate: Bool),
        direction: UInt8,
        subscriptionIdentifier: UInt32 = 0
    ) throws(Failure) -> DatabaseDelivery? {
        guard let state = DatabaseDelivery.State(rawValue: state) else {
            throw .invalidValue("state")
        }
        guard let direction = DatabaseDelivery.Direction(rawValue: direction) else {
            throw .invalidValue("direction")
        }
        let qos = try self.qos(qos)
        guard let client, !client.isEmpty else { return nil }
        return DatabaseDelivery(
            clientIdentifier: client,
            message: message,
            identifier: identifier,
            qos: qos,
            isRetained: flags.isRetained,
            isDuplicate: flags.isDuplicate,
            direction: direction,
            state: state,
            subscriptionIdentifier: subscriptionIdentifier
        )
    }

    /// ```
    /// | number: 8 |
    /// ```
    func retained(_ body: RawSpan) throws(Failure) -> MessageNumber {
        guard body.byteCount == 8 else { throw .wrongLength }
        return UnsafeLoad.word(body, at: 0)
    }

    /// ```
    /// | identifier: 4 | client identifier length: 2 | filter length: 2 | QoS: 1 | options: 1 | 2
    /// | client identifier | filter |
    /// ```
    mutating func subscription(_ body: RawSpan) throws(Failure) -> DatabaseSubscription? {
        guard body.byteCount >= 12 else { throw .wrongLength }
        let client = 12..<(12 + length(body, at: 4))
        let filter = client.upperBound..<(client.upperBound + length(body, at: 6))
        guard filter.upperBound == body.byteCount else { throw .wrongLength }
        let identifier = UnsafeLoad.fourBytes(body, at: 0)
        guard identifier <= VariableByteInteger.max else {
            throw .invalidValue("subscription identifier")
        }
        let options = UnsafeLoad.byte(body, at: 9)
        // Two bits are reserved, and of the ways to handle retained messages there are three.
        guard options & 0xC0 == 0, options & 0x30 != 0x30 else { throw .invalidValue("options") }
        let qos = try qos(UnsafeLoad.byte(body, at: 8))
        return subscription(body, client, filter, options & 0xFC | qos, identifier)
    }

    /// Puts together what all versions have of a subscription.
    mutating func subscription(
        _ body: RawSpan,
        _ client: Range<Int>,
        _ filter: Range<Int>,
        _ options: UInt8,
        _ identifier: UInt32
    ) -> DatabaseSubscription? {
        guard let text = clientIdentifiers.text(body, client), !text.isEmpty,
            isValidTopicFilter(body.extracting(filter))
        else { return nil }
        let subscription = DatabaseSubscription(
            clientIdentifier: text,
            filter: UnsafeLoad.array(body, filter),
            options: options,
            identifier: identifier
        )
        return subscription.image == nil ? nil : subscription
    }

    /// Version 5 ends after the length of the client identifier and has no user name.
    /// ```
    /// | expiry time: 8 | expiry interval: 4 | last packet identifier: 2 | client identifier length: 2
    /// | port: 2 | user name length: 2 | 4 | client identifier | user name |
    /// ```
    mutating func client(_ body: RawSpan) throws(Failure) -> DatabaseClient? {
        let fixed = DatabaseChunkKind.client.fixedByteCount(version: version)
        guard body.byteCount >= fixed else { throw .wrongLength }
        let hasName = version >= 6
        let client = fixed..<(fixed + length(body, at: 14))
        let user = client.upperBound..<(client.upperBound + (hasName ? length(body, at: 18) : 0))
        guard user.upperBound == body.byteCount else { throw .wrongLength }
        guard let text = clientIdentifiers.text(body, client) else { return nil }
        return DatabaseClient(
            clientIdentifier: text,
            userName: userNames.name(body, user),
            expiryTime: Int64(bitPattern: UnsafeLoad.word(body, at: 0)),
            expiryInterval: UnsafeLoad.fourBytes(body, at: 8),
            lastIdentifier: UnsafeLoad.twoBytes(body, at: 12),
            listenerPort: hasName ? UnsafeLoad.twoBytes(body, at: 16) : 0
        )
    }

    func qos(_ byte: UInt8) throws(Failure) -> UInt8 {
        guard byte <= 2 else { throw .invalidValue("QoS") }
        return byte
    }

    private func length(_ body: RawSpan, at offset: Int) -> Int {
        Int(UnsafeLoad.twoBytes(body, at: offset))
    }
}
