// SPDX-License-Identifier: Apache-2.0
// A control packet of the broker, taken apart as far as authentication and acknowledgement go.

import TestSupport

/// A control packet of the broker.
struct AnswerPacket {
    /// The first byte.
    let type: UInt8
    /// What follows the fixed header.
    let body: Bytes

    /// Takes a whole packet apart.
    init(_ packet: Bytes) {
        let lengthEnd = packet.dropFirst().firstIndex { $0 & 0x80 == 0 } ?? packet.endIndex - 1
        type = packet[0]
        body = Bytes(packet[(lengthEnd + 1)...])
    }

    /// The authentication data (0x16) among properties that start at an offset.
    func authenticationData(from offset: Int) -> String? {
        var cursor = offset + 1
        let end = min(body.count, cursor + Int(body[offset]))
        while cursor < end {
            let identifier = body[cursor]
            cursor += 1
            switch identifier {
            case 0x15, 0x16, 0x12, 0x1A, 0x1C, 0x1F:
                let count = Int(body[cursor]) << 8 + Int(body[cursor + 1])
                let range = (cursor + 2)..<(cursor + 2 + count)
                if identifier == 0x16 { return String(decoding: body[range], as: UTF8.self) }
                cursor = range.upperBound
            case 0x13, 0x21, 0x22: cursor += 2
            case 0x11, 0x27: cursor += 4
            default: cursor += 1
            }
        }
        return nil
    }
}
