// SPDX-License-Identifier: Apache-2.0
// Acknowledgements without properties, read and written in place.

package import MQTT

/// PUBACK, PUBREC, PUBREL and PUBCOMP in their short forms: `first byte, 2, identifier`, or
/// `first byte, 3, identifier, reason code`.
///
/// Nearly all acknowledgements have these forms. `appendAck` writes those with properties.
package enum ShortAck {
    /// Bytes of one; the reason of a success is left out.
    /// [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3]
    @inlinable @inline(__always)
    package static func byteCount(_ reason: ReasonCode) -> Int { reason == .success ? 4 : 5 }

    /// The first byte: the packet type, and the flags PUBREL has.
    @inlinable @inline(__always)
    package static func firstByte(_ type: PacketType) -> UInt8 {
        type.rawValue << 4 | (type == .pubrel ? 2 : 0)
    }

    /// The identifier of the packet at an offset; nil when it is another one or has another form.
    @inline(__always)
    static func identifier(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int,
        _ firstByte: UInt8
    ) -> UInt16? {
        guard bytes[offset] == firstByte, bytes[offset + 1] == 2 else { return nil }
        let identifier = identifier(bytes, at: offset)
        return identifier == 0 ? nil : identifier
    }

    /// The identifier of the packet at an offset, which must be one of four bytes.
    @inlinable @inline(__always)
    package static func identifier(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt16 {
        assert(bytes[offset + 1] == 2, "an identifier is all there is")
        return UInt16(bytes[offset + 2]) << 8 | UInt16(bytes[offset + 3])
    }

    /// Writes a packet of `byteCount(reason)` bytes.
    @inlinable @inline(__always)
    package static func write(
        _ firstByte: UInt8,
        _ identifier: UInt16,
        _ reason: ReasonCode = .success,
        to place: UnsafeMutableRawPointer
    ) {
        assert(identifier != 0, "0 identifies no packet")
        let isShort = reason == .success
        place.storeBytes(of: firstByte, as: UInt8.self)
        place.storeBytes(of: isShort ? 2 : 3, toByteOffset: 1, as: UInt8.self)
        place.storeBytes(of: identifier.bigEndian, toByteOffset: 2, as: UInt16.self)
        if !isShort { place.storeBytes(of: reason.rawValue, toByteOffset: 4, as: UInt8.self) }
    }
}
