// SPDX-License-Identifier: Apache-2.0
// The one form of numbers without a fixed length: seven bits a byte, the lowest first.

/// Variable Byte Integers (5.0 section 1.5.5): lengths of packets and properties, subscription
/// identifiers.
@usableFromInline
package enum VariableByteInteger {
    /// The largest one: a remaining length, a subscription identifier.
    @inlinable
    package static var max: Int { 268_435_455 }

    /// The most bytes of one.
    @inlinable
    package static var lengthMax: Int { 4 }

    /// The number of bytes of a value.
    ///
    /// Five for values above `max`, which no packet can have: room that is made for such a packet must
    /// hold what is written there before its length is looked at.
    @inlinable
    package static func length(_ value: Int) -> Int {
        if value < 0x80 { return 1 }
        if value < 0x4000 { return 2 }
        if value < 0x20_0000 { return 3 }
        return value < 0x1000_0000 ? 4 : 5
    }

    /// The value at an offset and the bytes it takes, whether or not in its shortest form.
    ///
    /// 0 bytes if `bytes` end before the value does, or the fourth byte says that a fifth follows.
    @inlinable @inline(__always)
    package static func decode(_ bytes: RawSpan, at offset: Int) -> (value: Int, length: Int) {
        assert(offset >= 0 && offset <= bytes.byteCount, "a value begins inside, or is missing")
        let limit = Swift.min(bytes.byteCount &- offset, lengthMax)
        guard limit > 0 else { return (0, 0) }
        let first = UnsafeLoad.byte(bytes, at: offset)
        // Most packets are short.
        if first < 0x80 { return (Int(first), 1) }
        var value = Int(first & 0x7F)
        var index = 1
        while index < limit {
            let byte = UnsafeLoad.byte(bytes, at: offset &+ index)
            // At most 28 bits: 127 << 21 at the fourth byte.
            value |= Int(byte & 0x7F) &<< (7 &* index)
            index &+= 1
            if byte < 0x80 { return (value, index) }
        }
        return (0, 0)
    }

    /// Hands out the bytes of a value in its shortest form.
    /// [MQTT-1.5.5-1]
    @inlinable @inline(__always)
    package static func encode(_ value: Int, _ body: (UInt8) -> Void) {
        assert(value >= 0, "lengths and identifiers are not negative")
        var rest = value
        while rest >= 0x80 {
            body(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        body(UInt8(truncatingIfNeeded: rest))
    }
}
