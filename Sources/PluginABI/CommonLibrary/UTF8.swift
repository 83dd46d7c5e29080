// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_utf8.h: UTF-8 as MQTT allows it.

import CMosquitto
import Results

/// Checks `len` bytes for well-formed UTF-8 without characters that MQTT forbids or discourages.
@c(mosquitto_validate_utf8) @implementation
public func mosquitto_validate_utf8(_ str: UnsafePointer<CChar>!, _ len: CInt) -> CInt {
    guard let str: UnsafePointer<CChar> = str, len >= 0, len <= 65_536 else {
        return ResultCode.invalid
    }
    return isAcceptableUTF8(UnsafeRawBufferPointer(start: str, count: Int(len)))
        ? ResultCode.success : ResultCode.malformedUTF8
}

/// Whether bytes are UTF-8 with neither control characters, surrogates, overlong forms nor
/// non-characters [MQTT-1.5.4-1] [MQTT-1.5.4-2].
package func isAcceptableUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < bytes.count {
        let first = bytes[index]
        index += 1
        if first < 0x80 {
            if first < 0x20 || first == 0x7F { return false }
            continue
        }
        guard let (payload, following, smallest) = leadByte(first) else { return false }
        guard bytes.count - index >= following else { return false }
        var scalar = payload
        for _ in 0..<following {
            guard bytes[index] & 0xC0 == 0x80 else { return false }
            scalar = scalar << 6 | UInt32(bytes[index] & 0x3F)
            index += 1
        }
        if scalar < smallest || !isAcceptable(scalar) { return false }
    }
    return true
}

/// Reads the first byte of a sequence: its bits of the scalar value, the number of bytes that
/// follow, and the smallest value that needs them.
private func leadByte(_ byte: UInt8) -> (payload: UInt32, following: Int, smallest: UInt32)? {
    switch byte {
    case 0xC2...0xDF: (UInt32(byte & 0x1F), 1, 0x80)
    case 0xE0...0xEF: (UInt32(byte & 0x0F), 2, 0x800)
    case 0xF0...0xF4: (UInt32(byte & 0x07), 3, 0x10000)
    default: nil
    }
}

/// Whether a scalar value beyond ASCII may stand in a string.
private func isAcceptable(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x80...0x9F, 0xD800...0xDFFF, 0xFDD0...0xFDEF: false
    case 0x110000...: false
    default: scalar & 0xFFFE != 0xFFFE
    }
}
