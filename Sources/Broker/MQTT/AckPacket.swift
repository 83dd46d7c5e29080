// SPDX-License-Identifier: Apache-2.0
// PUBACK, PUBREC, PUBREL and PUBCOMP: bytes to struct.

/// PUBACK, PUBREC, PUBREL or PUBCOMP (5.0 sections 3.4 to 3.7).
@usableFromInline
package struct AckPacket: Sendable, Equatable {
    /// The packet identifier of the exchange, not 0.
    @usableFromInline package let packetIdentifier: UInt16
    /// The result; success where the packet leaves it out, as all packets before 5.0 do.
    @usableFromInline package let reasonCode: ReasonCode

    /// Decodes a body.
    @inlinable
    package init(
        decoding body: RawSpan,
        type: PacketType,
        version: ProtocolVersion
    ) throws(PacketError) {
        guard body.byteCount >= 2 else { throw .malformed(version, "acknowledgment truncated") }
        packetIdentifier = UnsafeLoad.twoBytes(body, at: 0)
        guard packetIdentifier != 0 else { throw .protocolError(version, "packet identifier 0") }
        reasonCode =
            body.byteCount == 2 ? .success : try decodeReason(ofAck: body, type, version)
    }
}

/// Decodes what follows the packet identifier, which is longer than two bytes.
@usableFromInline
func decodeReason(
    ofAck body: RawSpan,
    _ type: PacketType,
    _ version: ProtocolVersion
) throws(PacketError) -> ReasonCode {
    guard version == .v5 else { throw .close("acknowledgment body is not two bytes", .malformed) }
    var reader = PacketReader(body, range: 2..<body.byteCount)
    guard let code = reader.readByte() else { throw .malformed(version, "reason code missing") }
    if reader.remaining > 0 {
        guard let scope = PropertyScope(rawValue: type.rawValue),
            var properties = PropertyBlock(reading: &reader, scope: scope)
        else { throw .malformed(version, "property length") }
        if let failure = properties.skip() { throw failure.error }
    }
    guard isDefined(code, for: type) else {
        throw .protocolError(version, "reason code not defined for this packet")
    }
    guard reader.remaining == 0 else { throw .malformed(version, "bytes after the properties") }
    return ReasonCode(rawValue: code)
}

/// Whether a reason code belongs to an acknowledgment [MQTT-3.4.2-1] [MQTT-3.6.2-1].
/// [MQTT-3.5.2-1] [MQTT-3.7.2-1]
private func isDefined(_ code: UInt8, for type: PacketType) -> Bool {
    switch (type, code) {
    case (_, 0x00): true
    case (.pubrel, 0x92), (.pubcomp, 0x92): true
    case (.pubrel, _), (.pubcomp, _): false
    case (_, 0x10), (_, 0x80), (_, 0x83), (_, 0x87), (_, 0x90), (_, 0x91), (_, 0x97), (_, 0x99):
        true
    default: false
    }
}
