// SPDX-License-Identifier: Apache-2.0
// PUBLISH: bytes to a struct of offsets.

/// PUBLISH (5.0 section 3.3).
///
/// Ranges are offsets into the body it was decoded from.
package struct PublishPacket: Sendable, Equatable {
    /// The quality of service, 0 to 2.
    package let qos: UInt8
    /// The DUP flag; never set with QoS 0 [MQTT-3.3.1-2].
    package let isDuplicate: Bool
    /// The RETAIN flag.
    package let isRetained: Bool
    /// The topic name; empty only with a topic alias.
    package let topic: Range<Int>
    /// The packet identifier; 0 exactly for QoS 0 [MQTT-2.2.1-2].
    package let packetIdentifier: UInt16
    /// The encoded properties without their length; empty before 5.0.
    package private(set) var properties: Range<Int>
    /// The application message.
    package private(set) var payload: Range<Int>
    /// The topic alias, not 0.
    package private(set) var topicAlias: UInt16?
    /// Seconds; 0 means no expiry, as in the original.
    package private(set) var messageExpiryInterval: UInt32?
    /// The number of bytes of the properties that are passed on to subscribers.
    package private(set) var forwardedPropertiesByteCount: Int

    /// Decodes a body; the flags are the low four bits of the packet's first byte.
    ///
    /// Maximum QoS and retain availability concern the flags alone and are better checked before.
    package init(
        decoding body: RawSpan,
        flags: UInt8,
        version: ProtocolVersion,
        receiver: PacketReceiver = .broker
    ) throws(PacketError) {
        qos = flags >> 1 & 3
        isDuplicate = flags & 8 != 0
        isRetained = flags & 1 != 0
        // [MQTT-3.3.1-4] [MQTT311-3.3.1-4]
        guard qos < 3 else { throw .malformed(version, "PUBLISH with QoS 3", .violation) }
        // [MQTT-3.3.1-2] [MQTT311-3.3.1-2]
        guard qos > 0 || !isDuplicate else { throw .malformed(version, "DUP with QoS 0") }
        var reader = PacketReader(body)
        // [MQTT-3.3.2-1] [MQTT311-3.3.2-1]
        guard let topic = reader.readBinary() else { throw .malformed(version, "topic truncated") }
        self.topic = topic
        // [MQTT-3.3.2-2] [MQTT-4.7.3-2] [MQTT311-3.3.2-2] [MQTT311-4.7.3-2] [MQTT311-4.7.1-1]
        guard isTopicText(body, topic) else { throw Self.wrongTopic(body, topic, version) }
        if qos > 0 {
            guard let identifier = reader.readTwoByteInteger() else {
                throw .malformed(version, "packet identifier truncated")
            }
            // [MQTT311-2.3.1-1]
            guard identifier != 0 else { throw .protocolError(version, "packet identifier 0") }
            packetIdentifier = identifier
        } else {
            // [MQTT311-2.3.1-5]
            packetIdentifier = 0
        }
        forwardedPropertiesByteCount = 0
        // Most messages have no property: one byte 0.
        let hasProperties = version == .v5 && !reader.skipZero()
        properties = reader.offset..<reader.offset
        payload = reader.offset..<reader.end
        if hasProperties { try readProperties(&reader, receiver) }
        guard !topic.isEmpty || topicAlias != nil else {
            throw .malformed(version, "empty topic without alias", .violation)
        }
    }

    /// What is wrong with a topic that names nothing.
    @inline(never)
    private static func wrongTopic(
        _ body: RawSpan,
        _ topic: Range<Int>,
        _ version: ProtocolVersion
    ) -> PacketError {
        .malformed(version, "invalid topic name", validateUTF8(body, topic) ? .malformed : .text)
    }

    private mutating func readProperties(
        _ reader: inout PacketReader,
        _ receiver: PacketReceiver
    ) throws(PacketError) {
        guard var block = PropertyBlock(reading: &reader, scope: .publish) else {
            throw .malformed(.v5, "property length")
        }
        properties = block.range
        payload = reader.offset..<reader.end
        var hasSubscriptionIdentifier = false
        while let property = block.next() {
            switch (property.identifier, property.value) {
            case (.topicAlias, .twoByteInteger(let value)): topicAlias = value
            case (.messageExpiryInterval, .fourByteInteger(let value)):
                messageExpiryInterval = value
            case (.subscriptionIdentifier, _): hasSubscriptionIdentifier = true
            default: forwardedPropertiesByteCount &+= property.encoded.count
            }
        }
        if let failure = block.failure { throw failure.error }
        if hasSubscriptionIdentifier && receiver == .broker {
            // [MQTT-3.3.4-6]
            throw .protocolError(.v5, "subscription identifier from a client")
        }
    }
}

extension PublishPacket {
    /// The parts of the properties that are passed on to subscribers, in their order.
    ///
    /// These are payload format, content type, response topic, correlation data and user properties.
    /// Those beside each other are joined, so that copying takes few steps, usually one.
    /// [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
    @_lifetime(copy body)
    package func forwardedRuns(in body: RawSpan) -> ForwardedRuns {
        ForwardedRuns(in: body, properties: properties, byteCount: forwardedPropertiesByteCount)
    }

    /// Appends the properties that are passed on to subscribers, without a length.
    package func appendForwardedProperties(from body: RawSpan, to bytes: inout [UInt8]) {
        var runs = forwardedRuns(in: body)
        while let run = runs.next() { UnsafeLoad.append(body, run, to: &bytes) }
    }
}
