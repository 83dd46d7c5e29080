// SPDX-License-Identifier: Apache-2.0
// A CONNECT of a bridge, taken apart.

import TestSupport

/// A CONNECT.
struct TakenConnect: Equatable {
    /// The protocol level, with the bridge bit.
    let level: UInt8
    let flags: UInt8
    let keepAlive: Int
    let properties: Bytes
    let identifier: String
    let will: String?
    let userName: String?
    let password: String?

    init(_ packet: Bytes) throws {
        guard packet.first == 0x10 else { throw Mismatch("no CONNECT: \(hexText(packet))") }
        var fields = Fields(packet)
        _ = try fields.text()
        level = try fields.byte()
        flags = try fields.byte()
        keepAlive = try fields.integer()
        properties = level == 5 ? try fields.properties() : []
        identifier = try fields.text()
        if flags & 4 != 0 {
            if level == 5 { _ = try fields.properties() }
            let topic = try fields.text()
            let payload = String(decoding: try fields.binary(), as: UTF8.self)
            will = "\(topic) \(payload) \(flags >> 3 & 3)" + (flags & 0x20 != 0 ? " retain" : "")
        } else {
            will = nil
        }
        userName = flags & 0x80 != 0 ? try fields.text() : nil
        password = flags & 0x40 != 0 ? try fields.text() : nil
    }
}
