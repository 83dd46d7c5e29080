// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_base64.h: Base64 with padding, on one line (RFC 4648 section 4).

import CMosquitto
import Encoding
import Glibc
import Results

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
    let text = Base64.encode(UnsafeBufferPointer(start: input, count: in_len))
    encoded.pointee = Array(text.utf8).withUnsafeBytes { source in
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
        let data = Base64.decode(bytes(of: input), isCanonical: false), !data.isEmpty
    else { return failure }
    let copy = data.withUnsafeBytes { source in
        source.baseAddress.flatMap { copyOfBytes($0, source.count) }
    }
    guard let copy else { return failure }
    decoded.pointee = UnsafeMutableRawPointer(copy).assumingMemoryBound(to: UInt8.self)
    decoded_len.pointee = CUnsignedInt(data.count)
    return ResultCode.success
}
