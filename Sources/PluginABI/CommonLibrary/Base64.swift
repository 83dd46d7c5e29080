// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_base64.h: Base64 with padding, on one line (RFC 4648 section 4).

import CMosquitto
import Glibc

/// What both functions return when they fail.
private let failure: CInt = 1

/// Encodes bytes to a string of the malloc family.
@c(mosquitto_base64_encode) @implementation
public func mosquitto_base64_encode(
    _ input: UnsafePointer<UInt8>!,
    _ in_len: Int,
    _ encoded: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>!
) -> CInt {
    guard let encoded: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = encoded else {
        return failure
    }
    encoded.pointee = nil
    guard let input: UnsafePointer<UInt8> = input, in_len >= 0, in_len < Int(Int32.max) else {
        return failure
    }
    let text = base64(UnsafeBufferPointer(start: input, count: in_len))
    encoded.pointee = text.withUnsafeBytes { source in
        source.baseAddress.flatMap { copyOfBytes($0, source.count) } ?? copyOfBytes("", 0)
    }
    return encoded.pointee == nil ? failure : ResultCode.success
}

/// Decodes a string to bytes of the malloc family.
@c(mosquitto_base64_decode) @implementation
public func mosquitto_base64_decode(
    _ input: UnsafePointer<CChar>!,
    _ decoded: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>!,
    _ decoded_len: UnsafeMutablePointer<CUnsignedInt>!
) -> CInt {
    guard let decoded: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?> = decoded,
        let decoded_len: UnsafeMutablePointer<CUnsignedInt> = decoded_len
    else { return failure }
    decoded.pointee = nil
    decoded_len.pointee = 0
    guard let input: UnsafePointer<CChar> = input,
        let data = decodedBase64(bytes(of: input)), !data.isEmpty
    else { return failure }
    let copy = data.withUnsafeBytes { source in
        source.baseAddress.flatMap { copyOfBytes($0, source.count) }
    }
    guard let copy else { return failure }
    decoded.pointee = UnsafeMutableRawPointer(copy).assumingMemoryBound(to: UInt8.self)
    decoded_len.pointee = CUnsignedInt(data.count)
    return ResultCode.success
}

private let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
)
private let padding = UInt8(ascii: "=")

/// Encodes bytes as Base64 text.
package func base64(_ input: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity((input.count + 2) / 3 * 4)
    for start in stride(from: 0, to: input.count, by: 3) {
        let count = min(3, input.count - start)
        var group = UInt32(input[start]) << 16
        if count > 1 { group |= UInt32(input[start + 1]) << 8 }
        if count > 2 { group |= UInt32(input[start + 2]) }
        text.append(alphabet[Int(group >> 18)])
        text.append(alphabet[Int(group >> 12 & 0x3F)])
        text.append(count > 1 ? alphabet[Int(group >> 6 & 0x3F)] : padding)
        text.append(count > 2 ? alphabet[Int(group & 0x3F)] : padding)
    }
    return text
}

/// Decodes Base64 text; nil when it is not whole groups of four with padding only at the end.
package func decodedBase64(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var body = text[...]
    while body.last == padding && text.count - body.count < 2 { body.removeLast() }
    var data: [UInt8] = []
    data.reserveCapacity(text.count / 4 * 3)
    var group: UInt32 = 0
    var bits = 0
    for byte in body {
        guard let value = sextet(byte) else { return nil }
        group = group << 6 | value
        bits += 6
        if bits >= 8 {
            bits -= 8
            data.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        }
    }
    return data
}

/// The six bits a character of the alphabet stands for.
private func sextet(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
}
