// SPDX-License-Identifier: Apache-2.0
// SUBACK and UNSUBACK, as a client reads them.

/// SUBACK or UNSUBACK (5.0 sections 3.9 and 3.11), as a client reads it.
package struct SubscriptionAckPacket: Sendable, Equatable {
    /// The packet identifier of the request.
    package let packetIdentifier: UInt16
    /// Where the encoded properties are in the body, without their length.
    package let properties: Range<Int>
    /// One code per filter, in order; none in UNSUBACK before 5.0.
    package let reasonCodes: [ReasonCode]

    /// Decodes a body; the type is SUBACK or UNSUBACK, which may be allowed to have no code in 5.0 as well.
    package init(
        decoding body: RawSpan,
        type: PacketType,
        version: ProtocolVersion,
        allowsNoCode: Bool = false
    ) throws(PacketError) {
        var reader = PacketReader(body)
        guard let identifier = reader.readTwoByteInteger() else {
            throw .malformed(version, "packet identifier truncated")
        }
        guard identifier != 0 else { throw .protocolError(version, "packet identifier 0") }
        packetIdentifier = identifier
        if version == .v5 {
            guard let scope = PropertyScope(rawValue: type.rawValue),
                var block = PropertyBlock(reading: &reader, scope: scope)
            else { throw .malformed(.v5, "property length") }
            if let failure = block.skip() { throw failure.error }
            properties = block.range
        } else {
            properties = reader.offset..<reader.offset
        }
        var codes: [ReasonCode] = []
        codes.reserveCapacity(reader.remaining)
        while let code = reader.readByte() { codes.append(ReasonCode(rawValue: code)) }
        guard
            codes.isEmpty == (type == .unsuback && version != .v5) || version == .v31
                || (codes.isEmpty && type == .unsuback && allowsNoCode)
        else {
            throw .malformed(version, "number of reason codes", .violation)
        }
        reasonCodes = codes
    }
}
