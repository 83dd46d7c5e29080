// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_random.h: random bytes from OpenSSL.

import CMosquitto
import COpenSSL
import Results

/// Fills `count` bytes with random ones.
@c(mosquitto_getrandom) @implementation
public func mosquitto_getrandom(_ bytes: UnsafeMutableRawPointer!, _ count: CInt) -> CInt {
    guard let bytes: UnsafeMutableRawPointer = bytes, count >= 0 else { return ResultCode.unknown }
    return RAND_bytes(bytes.assumingMemoryBound(to: UInt8.self), count) == 1
        ? ResultCode.success : ResultCode.unknown
}
