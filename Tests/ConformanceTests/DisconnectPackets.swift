// SPDX-License-Identifier: Apache-2.0
// DISCONNECT from clients: reason codes, properties, and what they do to the session.

import TestSupport
import Testing

@Suite("DISCONNECT")
struct DisconnectPackets {
    static func v5(_ title: String, _ list: Bytes, _ reaction: Reaction) -> Row {
        Row(title, .v5, Wire.disconnect(0, properties: list), reaction)
    }

    static let codes: [UInt8] = [
        0, 4, 0x80, 0x81, 0x82, 0x8B, 0x8E, 0x93, 0x98, 0xA2, 0x01, 0x7F, 0xFF,
    ]

    static let rows: [Row] = Row.table(
        [
            Row("plain", .v3, "E0 00", .close),
            Row("plain", .v4, "E0 00", .close),
            Row("plain", .v5, "E0 00", .close),
            Row("length 1", .v4, "E0 01 00", .close),
            Row("length 2", .v4, "E0 02 00 00", .close),
            v5("reason string", Property.reasonString("bye"), .close),
            v5("server reference", Property.serverReference("x"), .close),
            v5("user properties", Property.user("a", "b") + Property.user("a", "b"), .close),
            v5("session expiry 0", Property.sessionExpiry(0), .close),
            v5("session expiry after none", Property.sessionExpiry(1), .disconnect(0x82)),
            v5(
                "reason string twice",
                Property.reasonString("a") + Property.reasonString("a"),
                .disconnect(0x82)
            ),
            v5(
                "session expiry twice",
                Property.sessionExpiry(0) + Property.sessionExpiry(0),
                .disconnect(0x82)
            ),
            v5("receive maximum", Property.receiveMaximum(1), .disconnect(0x82)),
            v5("topic alias", Property.topicAlias(1), .disconnect(0x82)),
            v5("will delay", Property.willDelay(1), .disconnect(0x82)),
            v5("payload format", Property.payloadFormat(1), .disconnect(0x82)),
            v5("unknown property", [0x7F, 0], .disconnect(0x81)),
            v5("truncated session expiry", [0x11, 0, 0], .disconnect(0x81)),
        ],
        codes.map {
            Row("reason \($0)", .v5, Wire.disconnect($0), .close)
        }
    )

    // [MQTT311-3.14.1-1]
    @Test("[MQTT-3.14] DISCONNECT ends the connection", arguments: rows, reactors)
    func row(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    @Test(
        "[MQTT-3.14.4-3] DISCONNECT discards the will, 04 sends it",
        arguments: [UInt8(0x00), 0x04],
        reactors
    )
    func will(reason: UInt8, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("will")
        let watcher = try RawClient.connected(to: broker, unique("c"), .v5)
        try watcher.subscribe(topic)
        let id = unique("c")
        let client = try RawClient.connected(to: broker, id, .v5, will: Will(topic, "gone"))
        try client.disconnect(reason)
        if reason == 4 { try watcher.expectPublish(topic, "gone") }
        let again = try RawClient.connected(to: broker, id, .v5)
        try watcher.expectNothing(from: again)
    }

    @Test("A malformed DISCONNECT publishes the will", arguments: reactors)
    func malformed(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("will")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let client = try RawClient.connected(to: broker, will: Will(topic, "gone"))
        client.send("E0 01 00")
        try client.expectClosed()
        try watcher.expectPublish(topic, "gone")
    }
}
