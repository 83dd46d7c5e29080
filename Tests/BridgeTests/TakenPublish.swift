// SPDX-License-Identifier: Apache-2.0
// A PUBLISH of a bridge, taken apart.

import TestSupport

/// A PUBLISH.
struct TakenPublish: Equatable {
    let topic: String
    let payload: String
    let qos: UInt8
    let retain: Bool
    let isDuplicate: Bool
    /// 0 with QoS 0.
    let id: Int
    let properties: Bytes

    init(_ packet: Bytes, _ version: Version) throws {
        var fields = Fields(packet)
        qos = packet[0] >> 1 & 3
        retain = packet[0] & 1 != 0
        isDuplicate = packet[0] & 8 != 0
        topic = try fields.text()
        id = qos > 0 ? try fields.integer() : 0
        properties = version == .v5 ? try fields.properties() : []
        payload = String(decoding: fields.remainder(), as: UTF8.self)
    }

    /// What most tests look at: `topic payload qos`, with ` retain` behind.
    var summary: String { "\(topic) \(payload) \(qos)" + (retain ? " retain" : "") }
}
