// SPDX-License-Identifier: Apache-2.0
// The fixed header: finding the packets in a stream, and the rules that need no body.

/// The fixed header of a control packet (5.0 section 2.1.1).
@usableFromInline
package struct FixedHeader: Sendable, Equatable {
    /// Packet type and flags.
    @usableFromInline package var firstByte: UInt8
    /// The number of bytes before the body: 2 to 5, or 1 for the reserved type 0.
    @usableFromInline package var headerLength: Int
    /// The number of bytes of the body.
    @usableFromInline package var remainingLength: Int

    /// Makes a header.
    @inlinable
    package init(firstByte: UInt8, headerLength: Int, remainingLength: Int) {
        self.firstByte = firstByte
        self.headerLength = headerLength
        self.remainingLength = remainingLength
    }

    /// The packet type; nil for the reserved type 0.
    @inlinable package var type: PacketType? { PacketType(rawValue: firstByte >> 4) }
    /// The low four bits of the first byte.
    @inlinable package var flags: UInt8 { firstByte & 0x0F }
    /// The number of bytes of the whole packet.
    @inlinable package var packetLength: Int { headerLength &+ remainingLength }
}

/// What the front of a stream holds.
@usableFromInline
package enum FramingResult: Sendable, Equatable {
    /// The fixed header is not complete yet.
    case needsMore
    /// The fixed header is complete; the body may not be.
    case header(FixedHeader)
    /// The remaining length takes more than four bytes: close without a packet.
    case malformed
}

/// Finds the fixed header at the front of a stream.
///
/// A remaining length in more bytes than needed is accepted, up to four. The reserved type 0 is
/// reported from its first byte on, with an empty body, so that it can be refused at once.
@inlinable
package func parseFixedHeader(_ bytes: RawSpan) -> FramingResult {
    let available = bytes.byteCount
    guard available >= 1 else { return .needsMore }
    let first = UnsafeLoad.byte(bytes, at: 0)
    if first < 0x10 {
        return .header(FixedHeader(firstByte: first, headerLength: 1, remainingLength: 0))
    }
    let (length, size) = VariableByteInteger.decode(bytes, at: 1)
    guard size > 0 else {
        return available > VariableByteInteger.lengthMax ? .malformed : .needsMore
    }
    return .header(
        FixedHeader(firstByte: first, headerLength: 1 &+ size, remainingLength: length)
    )
}

/// The most bytes of a packet: a fixed header of five bytes, and what its length can say.
package let packetLengthMax = 5 + VariableByteInteger.max

/// The largest body of CONNECT; a longer one closes the connection before it is read.
package let connectLengthMax = 100_000

/// Refuses what can be refused before the body of a packet is read, after a successful CONNECT.
///
/// The order is that of the original: length limits of the type (silent close), then the maximum
/// packet size, then flags and direction. A CONNECT is refused here, as the second of its
/// connection; look for it before when it needs special treatment.
///
/// - Parameters:
///   - maximumPacketSize: the most bytes a whole packet may have, 0 for no limit.
///   - receiver: the side that reads the packet.
@inlinable
package func checkFixedHeader(
    _ header: FixedHeader,
    version: ProtocolVersion,
    maximumPacketSize: Int = 0,
    receiver: PacketReceiver = .broker
) throws(PacketError) {
    let isTooLarge = maximumPacketSize > 0 && header.packetLength > maximumPacketSize
    // The frequent packets: PUBLISH has no rule of its own, short acknowledgments keep all rules.
    if !isTooLarge {
        if header.firstByte >> 4 == 3 { return }
        if header.remainingLength == 2 {
            switch header.firstByte {
            case 0x40, 0x50, 0x62, 0x70: return
            default: break
            }
        }
    }
    try checkRareFixedHeader(header, version: version, isTooLarge: isTooLarge, receiver: receiver)
}

/// The rules of `checkFixedHeader` for packets other than PUBLISH.
@usableFromInline
package func checkRareFixedHeader(
    _ header: FixedHeader,
    version: ProtocolVersion,
    isTooLarge: Bool,
    receiver: PacketReceiver
) throws(PacketError) {
    guard let type = header.type else { throw .protocolError(version, "packet type 0") }
    if type == .connect { throw .close("second CONNECT") }
    guard hasPermittedLength(type, header.remainingLength, version) else {
        throw .close("packet length not permitted for its type", .malformed)
    }
    if isTooLarge {
        throw PacketError(
            reason: version == .v5 ? .packetTooLarge : nil,
            detail: "packet exceeds the maximum packet size"
        )
    }
    try checkFlags(type, header.flags, version)
    if version != .v5 && type == .auth { throw .close("AUTH before MQTT 5.0") }
    switch (type, receiver) {
    case (.connack, .broker), (.suback, .broker), (.unsuback, .broker), (.pingresp, .broker):
        throw .protocolError(version, "packet type that only a server sends")
    case (.subscribe, .client), (.unsubscribe, .client), (.pingreq, .client):
        throw .protocolError(version, "packet type that only a client sends")
    case (.disconnect, .client) where version != .v5:
        throw .close("DISCONNECT from a server before MQTT 5.0")
    default: break
    }
}

/// Whether a body of this length is read at all.
private func hasPermittedLength(
    _ type: PacketType,
    _ length: Int,
    _ version: ProtocolVersion
) -> Bool {
    switch type {
    case .pingreq, .pingresp: length == 0
    case .puback, .pubrec, .pubrel, .pubcomp: version == .v5 ? length <= 10_000 : length == 2
    case .disconnect: version == .v5 ? length <= 10_000 : length == 0
    case .unsuback: version == .v5 || length == 2
    case .subscribe, .unsubscribe: version != .v5 || length <= 100_000
    case .auth: length <= 100_000
    default: true
    }
}

/// Checks the reserved flag bits [MQTT-2.1.3-1].
/// [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1] [MQTT311-2.2.2-1]
/// [MQTT311-2.2.2-2] [MQTT311-3.6.1-1] [MQTT311-3.8.1-1] [MQTT311-3.10.1-1] [MQTT311-3.14.1-1]
private func checkFlags(
    _ type: PacketType,
    _ flags: UInt8,
    _ version: ProtocolVersion
) throws(PacketError) {
    switch type {
    case .connect, .publish: return
    case .connack, .auth:
        if flags != 0 { throw .protocolError(version, "reserved flags set") }
    case .pubrel:
        // 3.1 clients repeat PUBREL with DUP set.
        if flags != 2 && version != .v31 { throw .malformed(version, "PUBREL flags not 2") }
    case .subscribe, .unsubscribe:
        if flags != 2 { throw .malformed(version, "flags not 2") }
    default:
        if flags != 0 { throw .malformed(version, "reserved flags set") }
    }
}
