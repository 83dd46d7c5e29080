// SPDX-License-Identifier: Apache-2.0
// UNSUBSCRIBE: bytes to filters.

package import TopicRules

/// UNSUBSCRIBE (5.0 section 3.10); read like `SubscribePacket`.
package struct UnsubscribePacket: Sendable, Equatable {
    /// One filter of the packet.
    package struct Entry: Sendable, Equatable {
        /// Where the filter is in the body, as sent, with any `$share/<name>/`.
        package let filter: Range<Int>
        /// Ordinary or shared.
        package let form: SharedFilter.Form
    }

    /// The packet identifier, not 0.
    package let packetIdentifier: UInt16
    /// The encoded properties without their length; empty before 5.0.
    package let properties: Range<Int>
    private let version: ProtocolVersion
    private var offset: Int

    /// Decodes all before the first filter, and refuses a packet without filters.
    ///
    /// A 3.1 packet may have none [MQTT-3.10.3-2].
    /// [MQTT311-3.10.3-2]
    package init(decoding body: RawSpan, version: ProtocolVersion) throws(PacketError) {
        var reader = PacketReader(body)
        packetIdentifier = try readPacketIdentifier(&reader, version)
        self.version = version
        if version == .v5 {
            guard var block = PropertyBlock(reading: &reader, scope: .unsubscribe) else {
                throw .malformed(.v5, "property length")
            }
            if let failure = block.skip() { throw subscribeError(failure) }
            properties = block.range
        } else {
            properties = reader.offset..<reader.offset
        }
        offset = reader.offset
        guard reader.remaining > 0 || version == .v31 else {
            throw .malformed(version, "UNSUBSCRIBE without filters")
        }
    }

    /// The next filter, nil after the last.
    package mutating func next(in body: RawSpan) throws(PacketError) -> Entry? {
        guard offset < body.byteCount else { return nil }
        var reader = PacketReader(body, range: offset..<body.byteCount)
        let filter = try readFilter(&reader, body, version)
        offset = reader.offset
        let form = SharedFilter.parse(Span(_bytes: body), filter)
        guard form != .invalid else {
            throw .protocolError(version, "invalid shared subscription")
        }
        return Entry(filter: filter, form: form)
    }

    /// All filters at once, copied.
    package func filters(in body: RawSpan) throws(PacketError) -> [[UInt8]] {
        var rest = self
        var result: [[UInt8]] = []
        while let entry = try rest.next(in: body) {
            result.append(UnsafeLoad.array(body, entry.filter))
        }
        return result
    }
}
