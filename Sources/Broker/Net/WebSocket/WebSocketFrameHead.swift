// SPDX-License-Identifier: Apache-2.0
// The head of one WebSocket frame.

/// The head of one frame.
///
/// ```
/// FIN RSV*3 opcode*4 | MASK length*7 | length, 0, 2 or 8 bytes | masking key, 0 or 4 bytes
/// ```
struct WebSocketFrameHead {
    let isFinal: Bool
    let reservedBits: UInt8
    let opcode: UInt8
    let payloadCount: UInt64
    /// Whether the length takes no more bytes than it needs [RFC6455-5.2].
    let isLengthMinimal: Bool
    /// The masking key as it lies in memory on this machine; nil when the frame is not masked.
    let mask: UInt32?
    /// Bytes the head takes.
    let length: Int

    /// Reads a head from the front of `bytes`; nil when it is not complete.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 2 else { return nil }
        isFinal = bytes[0] & 0x80 != 0
        reservedBits = bytes[0] >> 4 & 7
        opcode = bytes[0] & 0x0F
        let isMasked = bytes[1] & 0x80 != 0
        let short = bytes[1] & 0x7F
        let extra = short == 126 ? 2 : short == 127 ? 8 : 0
        length = 2 + extra + (isMasked ? 4 : 0)
        guard bytes.count >= length else { return nil }
        var count = extra == 0 ? UInt64(short) : 0
        for index in 0..<extra { count = count << 8 | UInt64(bytes[2 + index]) }
        payloadCount = count
        isLengthMinimal = extra == 0 || count > (extra == 2 ? 125 : 65_535)
        mask =
            isMasked
            ? UInt32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: 2 + extra, as: UInt32.self)
            ) : nil
    }
}
