// SPDX-License-Identifier: Apache-2.0
// Walks encoded properties without allocating.

/// The value of a property; texts and bytes are ranges of the span that was read.
package enum PropertyValue: Sendable, Equatable {
    /// One byte.
    case byte(UInt8)
    /// Two Byte Integer.
    case twoByteInteger(UInt16)
    /// Four Byte Integer.
    case fourByteInteger(UInt32)
    /// Variable Byte Integer.
    case variableByteInteger(UInt32)
    /// Binary Data.
    case binary(Range<Int>)
    /// UTF-8 Encoded String, validated.
    case string(Range<Int>)
    /// UTF-8 String Pair, both validated: name and value.
    case stringPair(Range<Int>, Range<Int>)
}

/// One property of an encoded list.
package struct Property: Sendable, Equatable {
    /// Which property.
    package let identifier: PropertyIdentifier
    /// Its value.
    package let value: PropertyValue
    /// Where identifier and value are, for passing the property on as it is.
    package let encoded: Range<Int>
}

/// Walks encoded properties in their order.
///
/// Only the encoding is checked: known identifier, shortest integers, lengths, UTF-8. Whether the
/// properties fit their packet is for `PropertyBlock`.
package struct PropertyIterator: ~Escapable {
    private var reader: PacketReader
    /// Whether the walk ended before the end of the bytes, at something that is no property.
    package private(set) var isMalformed = false

    /// Walks properties that fill a span, without the length in front.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) { reader = PacketReader(bytes) }

    /// Walks properties in a range of a span; the ranges of the values count from the span's start.
    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, range: Range<Int>) {
        reader = PacketReader(bytes, range: range)
    }

    /// The next property; nil at the end or at a malformed property.
    @_lifetime(self: copy self)
    package mutating func next() -> Property? {
        let start = reader.offset
        guard !isMalformed, let code = reader.readByte() else { return nil }
        guard let identifier = PropertyIdentifier(rawValue: code),
            let value = readValue(identifier.valueType)
        else {
            isMalformed = true
            return nil
        }
        return Property(identifier: identifier, value: value, encoded: start..<reader.offset)
    }

    // [MQTT-1.5.7-1]
    @_lifetime(self: copy self)
    private mutating func readValue(_ type: PropertyValueType) -> PropertyValue? {
        switch type {
        case .byte: return reader.readByte().map(PropertyValue.byte)
        case .twoByteInteger: return reader.readTwoByteInteger().map(PropertyValue.twoByteInteger)
        case .fourByteInteger:
            return reader.readFourByteInteger().map(PropertyValue.fourByteInteger)
        case .variableByteInteger:
            return reader.readVariableByteInteger().map(PropertyValue.variableByteInteger)
        case .binary: return reader.readBinary().map(PropertyValue.binary)
        case .string: return reader.readString().map(PropertyValue.string)
        case .stringPair:
            guard let name = reader.readString(), let value = reader.readString() else {
                return nil
            }
            return .stringPair(name, value)
        }
    }
}

/// Why the properties of a packet are refused.
package enum PropertyFailure: Sendable {
    /// Unknown identifier, bad encoding, cut off.
    case malformed(StaticString)
    /// Known, but not in this packet or not with this value.
    case notAllowed(StaticString)
    /// Twice what may be there once.
    case duplicate(StaticString)

    /// The usual answer: 0x81 for what cannot be parsed, 0x82 for the rest.
    package var error: PacketError {
        switch self {
        case .malformed(let detail):
            PacketError(reason: .malformedPacket, detail: detail, fault: .malformed)
        case .notAllowed(let detail), .duplicate(let detail):
            PacketError(reason: .protocolError, detail: detail)
        }
    }
}
