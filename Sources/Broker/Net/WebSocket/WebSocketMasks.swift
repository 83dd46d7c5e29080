// SPDX-License-Identifier: Apache-2.0
// Keys that a WebSocket client masks its frames with.

import COpenSSL

/// Masking keys (RFC 6455 section 5.3), drawn many at a time; owns no memory before the first one.
///
/// A key is four bytes as they lie in memory on this machine; 0, which masks nothing, is never drawn.
struct WebSocketMasks {
    private static let drawCount = 64

    private var keys: [UInt32] = []

    /// The next key, which nobody can foresee.
    mutating func next() -> UInt32 {
        while true {
            if keys.isEmpty { draw() }
            if let key = keys.popLast(), key != 0 { return key }
        }
    }

    private mutating func draw() {
        keys = [UInt32](repeating: 0, count: Self.drawCount)
        let result = keys.withUnsafeMutableBytes { bytes in
            RAND_bytes(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(bytes.count))
        }
        precondition(result == 1, "the system has random numbers")
    }

    /// Masks or unmasks bytes in place; returns the key as the bytes behind them need it.
    static func apply(_ key: UInt32, to bytes: UnsafeMutableRawBufferPointer) -> UInt32 {
        var key = key
        let wide = UInt64(key) | UInt64(key) << 32
        var done = 0
        while bytes.count - done >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: done, as: UInt64.self)
            bytes.storeBytes(of: word ^ wide, toByteOffset: done, as: UInt64.self)
            done += 8
        }
        while done < bytes.count {
            bytes[done] ^= UInt8(truncatingIfNeeded: key)
            key = key >> 8 | key << 24
            done += 1
        }
        return key
    }

    /// The bytes of a key in their order.
    static func bytes(of key: UInt32) -> [UInt8] { withUnsafeBytes(of: key) { Array($0) } }
}
