// SPDX-License-Identifier: Apache-2.0
// WebSocket frames, written without regard to the broker's own code.

/// One frame as a client sends it.
package struct WebSocketFrame: Sendable {
    package var opcode: UInt8
    package var payload: Bytes
    package var isFinal = true
    package var reservedBits: UInt8 = 0
    /// The masking key; nil for an unmasked frame, which clients must not send.
    package var mask: Bytes?

    /// A final, masked frame.
    package init(_ opcode: UInt8, _ payload: Bytes = [], isFinal: Bool = true) {
        self.opcode = opcode
        self.payload = payload
        self.isFinal = isFinal
        mask = [0x37, 0xFA, 0x21, 0x3D]
    }

    /// The frame as bytes.
    package var encoded: Bytes {
        var bytes: Bytes = [(isFinal ? 0x80 : 0) | reservedBits << 4 | opcode]
        let flag: UInt8 = mask == nil ? 0 : 0x80
        if payload.count < 126 {
            bytes.append(flag | UInt8(payload.count))
        } else if payload.count < 65536 {
            bytes += [flag | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        } else {
            bytes.append(flag | 127)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard let mask else { return bytes + payload }
        bytes += mask
        return bytes + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }
}
