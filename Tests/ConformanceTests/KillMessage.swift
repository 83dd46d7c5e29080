// SPDX-License-Identifier: Apache-2.0
// What the messages of the kill test say about themselves.

import TestSupport

/// The parts of a PUBLISH that say what it is.
struct KillMessage {
    let qos: UInt8
    let id: Int
    let topic: String
    let publisher: String
    let number: Int

    /// Takes a PUBLISH apart whose payload begins with a name and a number.
    init(_ packet: Bytes, _ version: Version) throws {
        qos = packet[0] >> 1 & 3
        var offset = 1
        while packet[offset] & 0x80 != 0 { offset += 1 }
        offset += 1
        let length = Int(packet[offset]) << 8 | Int(packet[offset + 1])
        topic = String(decoding: packet[(offset + 2)..<(offset + 2 + length)], as: UTF8.self)
        offset += 2 + length
        if qos > 0 {
            id = Int(packet[offset]) << 8 | Int(packet[offset + 1])
            offset += 2
        } else {
            id = 0
        }
        if version == .v5 { offset += 1 + Int(packet[offset]) }
        let words = packet[offset...].split(separator: 0x20, maxSplits: 2)
        guard words.count >= 2, let number = Int(String(decoding: words[1], as: UTF8.self)) else {
            throw Mismatch("a strange message: \(hexText(packet))")
        }
        publisher = String(decoding: words[0], as: UTF8.self)
        self.number = number
    }

    /// A payload that says who sends it and the how manieth it is, and is `padding` longer than that.
    static func payload(_ publisher: String, _ number: Int, padding: Int = 0) -> Bytes {
        let text = utf8("\(publisher) \(number)")
        return padding == 0 ? text : text + [0x20] + Bytes(repeating: 0x78, count: padding)
    }
}
