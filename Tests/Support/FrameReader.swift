// SPDX-License-Identifier: Apache-2.0
// The frames of a broker, taken apart and checked.

/// Takes the frames of the broker apart and checks their form: binary, final, unmasked, and each of
/// them exactly one control packet.
package struct FrameReader {
    private var bytes: Bytes = []
    /// What was wrong with a frame.
    package private(set) var complaint: String?
    /// Payloads of control frames, by opcode.
    package var controls: [(opcode: UInt8, payload: Bytes)] = []

    init() {}

    /// Returns the payload of the binary frames that are complete now.
    mutating func read(_ more: ArraySlice<UInt8>) -> Bytes {
        bytes += more
        var payload: Bytes = []
        while let (opcode, body, length) = next() {
            bytes.removeFirst(length)
            if opcode != 2 {
                controls.append((opcode, body))
                continue
            }
            if Self.packetLength(body) != body.count { complaint = "a frame is not one packet" }
            payload += body
        }
        return payload
    }

    private mutating func next() -> (opcode: UInt8, body: Bytes, length: Int)? {
        guard bytes.count >= 2 else { return nil }
        if bytes[0] & 0xF0 != 0x80 { complaint = "a frame is not final or has reserved bits" }
        if bytes[1] & 0x80 != 0 { complaint = "a frame is masked" }
        let short = Int(bytes[1] & 0x7F)
        let extra = short == 126 ? 2 : short == 127 ? 8 : 0
        guard bytes.count >= 2 + extra else { return nil }
        let count = extra == 0 ? short : bytes[2..<(2 + extra)].reduce(0) { $0 << 8 | Int($1) }
        let length = 2 + extra + count
        guard bytes.count >= length else { return nil }
        return (bytes[0] & 0x0F, Bytes(bytes[(2 + extra)..<length]), length)
    }

    private static func packetLength(_ bytes: Bytes) -> Int? {
        var length = 0
        for (index, byte) in bytes.dropFirst().prefix(4).enumerated() {
            length |= Int(byte & 0x7F) << (7 * index)
            if byte & 0x80 == 0 { return 2 + index + length }
        }
        return nil
    }
}
