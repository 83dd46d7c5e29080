// SPDX-License-Identifier: Apache-2.0
// UTF-8 as MQTT permits it, eight bytes at a time while they are ASCII.

/// Whether bytes are a UTF-8 string that MQTT permits [MQTT-1.5.4-1] [MQTT-1.5.4-2].
///
/// Refused are overlong forms, surrogates, code points above U+10FFFF, NUL, the control characters
/// U+0001-001F and U+007F-009F, and the noncharacters. A byte order mark is kept [MQTT-1.5.4-3].
/// [MQTT311-1.5.3-1] [MQTT311-1.5.3-2] [MQTT311-1.5.3-3]
package func validateUTF8(_ bytes: RawSpan) -> Bool {
    validateUTF8(bytes, 0..<bytes.byteCount)
}

/// Whether a range of bytes is a UTF-8 string that MQTT permits.
@usableFromInline
package func validateUTF8(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    let end = range.upperBound
    while offset < end {
        var stop = end
        if end &- offset >= 8 {
            let word = UnsafeLoad.word(bytes, at: offset)
            if ASCIIWord.control(word) != 0 { return false }
            stop = offset &+ 8
            if ASCIIWord.isASCII(word) {
                offset = stop
                continue
            }
        }
        // Eight bytes one by one, the last character of which may reach beyond them.
        while offset < stop {
            let byte = UnsafeLoad.byte(bytes, at: offset)
            if byte < 0x20 || byte == 0x7F { return false }
            let length = byte < 0x80 ? 1 : multiByteLength(bytes, offset, end)
            guard length > 0 else { return false }
            offset &+= length
        }
    }
    return true
}

/// The length of the permitted multi-byte sequence at an offset, 0 if there is none.
private func multiByteLength(_ bytes: RawSpan, _ offset: Int, _ end: Int) -> Int {
    let first = UInt32(UnsafeLoad.byte(bytes, at: offset))
    let length: Int
    var scalar: UInt32
    let least: UInt32
    switch first {
    case 0xC2...0xDF: (length, scalar, least) = (2, first & 0x1F, 0xA0)
    case 0xE0...0xEF: (length, scalar, least) = (3, first & 0x0F, 0x800)
    case 0xF0...0xF4: (length, scalar, least) = (4, first & 0x07, 0x1_0000)
    default: return 0
    }
    guard end &- offset >= length else { return 0 }
    for index in 1..<length {
        let byte = UInt32(UnsafeLoad.byte(bytes, at: offset &+ index))
        guard byte & 0xC0 == 0x80 else { return 0 }
        scalar = scalar << 6 | byte & 0x3F
    }
    // The least scalar of two bytes is U+00A0: U+0080-009F are control characters.
    guard scalar >= least, scalar <= 0x10_FFFF, !(0xD800...0xDFFF).contains(scalar) else {
        return 0
    }
    let isNoncharacter = scalar & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(scalar)
    return isNoncharacter ? 0 : length
}
