// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE: the head at once, the filters one by one.

package import TopicRules

/// SUBSCRIBE (5.0 section 3.8).
///
/// An error in one filter leaves the filters before it subscribed, so the filters are read one by
/// one: call `next(in:)` with the same body until it returns nil or throws.
package struct SubscribePacket: Sendable, Equatable {
    /// One filter of the packet.
    package struct Entry: Sendable, Equatable {
        /// Where the filter is in the body, as sent, with any `$share/<name>/`.
        package let filter: Range<Int>
        /// Ordinary or shared.
        package let form: SharedFilter.Form
        /// The options.
        package let options: SubscriptionOptions
    }

    /// The packet identifier, not 0.
    package let packetIdentifier: UInt16
    /// The subscription identifier, 1 to 268,435,455.
    package let subscriptionIdentifier: UInt32?
    /// The encoded properties without their length; empty before 5.0.
    package let properties: Range<Int>
    private let version: ProtocolVersion
    private var offset: Int

    /// Decodes all before the first filter, and refuses a packet without filters.
    ///
    /// A 3.1 packet may have none [MQTT-3.8.3-2].
    /// [MQTT311-3.8.3-3]
    package init(decoding body: RawSpan, version: ProtocolVersion) throws(PacketError) {
        var reader = PacketReader(body)
        packetIdentifier = try readPacketIdentifier(&reader, version)
        self.version = version
        var identifier: UInt32?
        if version == .v5 {
            guard var block = PropertyBlock(reading: &reader, scope: .subscribe) else {
                throw .malformed(.v5, "property length")
            }
            while let property = block.next() {
                if case .variableByteInteger(let value) = property.value { identifier = value }
            }
            if let failure = block.failure { throw subscribeError(failure) }
            properties = block.range
        } else {
            properties = reader.offset..<reader.offset
        }
        subscriptionIdentifier = identifier
        offset = reader.offset
        guard reader.remaining > 0 || version == .v31 else {
            throw .malformed(version, "SUBSCRIBE without filters")
        }
    }

    /// The next filter, nil after the last.
    package mutating func next(in body: RawSpan) throws(PacketError) -> Entry? {
        guard offset < body.byteCount else { return nil }
        var reader = PacketReader(body, range: offset..<body.byteCount)
        let filter = try readFilter(&reader, body, version)
        guard let byte = reader.readByte() else {
            throw .malformed(version, "subscription options missing")
        }
        offset = reader.offset
        let options = SubscriptionOptions(rawValue: byte)
        let form = SharedFilter.parse(Span(_bytes: body), filter)
        if version != .v5 {
            // [MQTT311-3.8.3-4]
            guard byte <= 2 else { throw .close("requested QoS above 2") }
        } else {
            if form != .ordinary && options.isNoLocal {
                // [MQTT-3.8.3-4]
                throw .protocolError(.v5, "no-local on a shared subscription")
            }
            // [MQTT-3.8.3-5]
            guard options.qos < 3, options.retainHandling < 3, byte & 0xC0 == 0 else {
                throw .malformed(.v5, "invalid subscription options")
            }
        }
        guard form != .invalid else {
            throw .protocolError(version, "invalid shared subscription")
        }
        return Entry(filter: filter, form: form, options: options)
    }

    /// All filters at once, copied.
    package func filters(
        in body: RawSpan
    ) throws(PacketError) -> [(filter: [UInt8], options: SubscriptionOptions)] {
        var rest = self
        var result: [(filter: [UInt8], options: SubscriptionOptions)] = []
        while let entry = try rest.next(in: body) {
            result.append((UnsafeLoad.array(body, entry.filter), entry.options))
        }
        return result
    }
}

/// Reads the packet identifier of SUBSCRIBE or UNSUBSCRIBE, in which 0 counts as malformed.
/// [MQTT311-2.3.1-1]
func readPacketIdentifier(
    _ reader: inout PacketReader,
    _ version: ProtocolVersion
) throws(PacketError) -> UInt16 {
    guard let identifier = reader.readTwoByteInteger(), identifier != 0 else {
        throw .malformed(version, "packet identifier missing or 0")
    }
    return identifier
}

/// Reads a topic filter and checks it [MQTT-4.7.1-1].
/// [MQTT-3.8.3-1] [MQTT-3.10.3-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT311-3.8.3-1] [MQTT311-3.8.3-2]
/// [MQTT311-3.10.3-1] [MQTT311-4.7.3-1] [MQTT311-4.7.3-2]
func readFilter(
    _ reader: inout PacketReader,
    _ body: RawSpan,
    _ version: ProtocolVersion
) throws(PacketError) -> Range<Int> {
    guard let filter = reader.readBinary(), isValidTopicFilter(body, filter) else {
        throw .malformed(version, "invalid topic filter")
    }
    return filter
}

/// The answer to bad properties here: 0x81, but for duplicates 0x82.
func subscribeError(_ failure: PropertyFailure) -> PacketError {
    switch failure {
    case .malformed(let detail), .notAllowed(let detail): .malformed(.v5, detail)
    case .duplicate(let detail): .protocolError(.v5, detail)
    }
}
