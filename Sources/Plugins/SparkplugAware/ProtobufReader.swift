// SPDX-License-Identifier: Apache-2.0
// The outermost fields of a message in the encoding of Protocol Buffers, without knowing its schema.

/// Bytes that are no whole message, or have a form the reader does not know.
struct MalformedProtobuf: Error, Equatable {}

/// One field of a message.
struct ProtobufField: Equatable {
    /// The field's number in the schema, 1 to 2^29 - 1.
    let number: UInt32
    /// How its value is encoded.
    let wireType: WireType
    /// Where its value is, without the length that stands before it.
    let value: Range<Int>

    /// The encodings of values; groups, which Sparkplug does not have, are not among them.
    enum WireType: UInt32 {
        case varint = 0
        case eightBytes = 1
        case lengthDelimited = 2
        case fourBytes = 5
    }
}

/// Splits a message into its outermost fields; nested messages are values like any other.
///
///     field    key: varint (number << 3 | wire type)   value
///     varint   7 bits a byte, the low ones first, bit 7 set but for the last, at most 10 bytes
///
/// Packages that read Protocol Buffers import Foundation, which plugins do without, and decode all of a payload of which
/// one number is wanted.
struct ProtobufReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var offset = 0

    private static let varintBytesMax = 10

    /// Reads `bytes`, which may have any content.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The next field; `nil` where the message ends.
    @_lifetime(self: copy self)
    mutating func next() throws(MalformedProtobuf) -> ProtobufField? {
        guard offset < bytes.count else { return nil }
        guard let key = UInt32(exactly: try readVarint()), key >> 3 > 0,
            let wireType = ProtobufField.WireType(rawValue: key & 7)
        else { throw MalformedProtobuf() }
        let value: Range<Int>
        switch wireType {
        case .varint:
            let start = offset
            _ = try readVarint()
            value = start..<offset
        case .eightBytes: value = try skip(8)
        case .fourBytes: value = try skip(4)
        case .lengthDelimited: value = try skip(readVarint())
        }
        assert(value.upperBound == offset, "a field ends where the next begins")
        return ProtobufField(number: key >> 3, wireType: wireType, value: value)
    }

    @_lifetime(self: copy self)
    private mutating func skip(_ count: UInt64) throws(MalformedProtobuf) -> Range<Int> {
        guard count <= UInt64(bytes.count - offset) else { throw MalformedProtobuf() }
        let start = offset
        offset += Int(count)
        return start..<offset
    }

    /// Reads a number; bits beyond the 64th are dropped, as other readers do.
    @_lifetime(self: copy self)
    private mutating func readVarint() throws(MalformedProtobuf) -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<Self.varintBytesMax {
            guard offset < bytes.count else { throw MalformedProtobuf() }
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << UInt64(7 * place)
            if byte & 0x80 == 0 { return value }
        }
        throw MalformedProtobuf()
    }
}
