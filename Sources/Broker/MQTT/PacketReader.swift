// SPDX-License-Identifier: Apache-2.0
// Reads the MQTT data types one after the other from the body of a packet.

/// Reads MQTT data types off the front of a packet body.
///
/// Every `read…` function returns nil when the bytes do not suffice, and then has consumed nothing
/// but what its own comment says. Ranges are offsets into the whole span.
@usableFromInline
package struct PacketReader: ~Escapable {
    /// The whole body; ranges count from its start.
    @usableFromInline let bytes: RawSpan
    /// Where the next read starts.
    @usableFromInline package internal(set) var offset: Int
    /// Where reading ends; at most the length of the body.
    @usableFromInline package let end: Int

    /// Reads a body from its start.
    @inlinable @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        self.bytes = bytes
        offset = 0
        end = bytes.byteCount
    }

    /// Reads a part of a body, which must lie within it.
    @inlinable @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount, "range in body")
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The number of bytes not yet read.
    @inlinable package var remaining: Int { end &- offset }

    /// Reads one byte.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    package mutating func readByte() -> UInt8? {
        guard remaining >= 1 else { return nil }
        let value = UnsafeLoad.byte(bytes, at: offset)
        offset &+= 1
        return value
    }

    /// Reads one byte if it is 0, the length of an empty list of properties.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    package mutating func skipZero() -> Bool {
        guard remaining >= 1, UnsafeLoad.byte(bytes, at: offset) == 0 else { return false }
        offset &+= 1
        return true
    }

    /// Reads a Two Byte Integer (5.0 section 1.5.2).
    @inlinable @inline(__always) @_lifetime(self: copy self)
    package mutating func readTwoByteInteger() -> UInt16? {
        guard remaining >= 2 else { return nil }
        let value = UnsafeLoad.twoBytes(bytes, at: offset)
        offset &+= 2
        return value
    }

    /// Reads a Four Byte Integer (5.0 section 1.5.3).
    @inlinable @inline(__always) @_lifetime(self: copy self)
    package mutating func readFourByteInteger() -> UInt32? {
        guard remaining >= 4 else { return nil }
        let value = UnsafeLoad.fourBytes(bytes, at: offset)
        offset &+= 4
        return value
    }

    /// Reads a Variable Byte Integer in its shortest form [MQTT-1.5.5-1].
    ///
    /// A longer form than needed is refused.
    @inlinable @_lifetime(self: copy self)
    package mutating func readVariableByteInteger() -> UInt32? {
        let (value, length) = VariableByteInteger.decode(bytes, at: offset)
        guard length > 0, length <= remaining, length == VariableByteInteger.length(value) else {
            return nil
        }
        offset &+= length
        return UInt32(truncatingIfNeeded: value)
    }

    /// Reads a given number of bytes.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    package mutating func readBytes(_ count: Int) -> Range<Int>? {
        guard count >= 0, remaining >= count else { return nil }
        let range = offset..<(offset &+ count)
        offset &+= count
        return range
    }

    /// Reads Binary Data, or the bytes of a string without looking at them (5.0 section 1.5.6).
    ///
    /// After nil the two length bytes are consumed if they were there.
    @inlinable @inline(__always) @_lifetime(self: copy self)
    package mutating func readBinary() -> Range<Int>? {
        guard let count = readTwoByteInteger() else { return nil }
        return readBytes(Int(count))
    }

    /// Reads a UTF-8 Encoded String and validates it [MQTT-1.5.4-1].
    /// [MQTT311-1.5.3-1]
    @inlinable @_lifetime(self: copy self)
    package mutating func readString() -> Range<Int>? {
        guard let range = readBinary(), validateUTF8(bytes, range) else { return nil }
        return range
    }
}
