// SPDX-License-Identifier: Apache-2.0
// Fixed headers: first packets, lengths, flags, packets only a server may send.

import TestSupport
import Testing

@Suite("Framing")
struct Framing {
    static let wrongTypes: [Row] = (UInt8(0)...15).filter { $0 != 1 }.flatMap { kind -> [Row] in
        let huge = [kind << 4] + hex("FF FF FF 7F")
        return [
            Row("packet type \(kind) first", .v4, [kind << 4, 0], .close),
            Row("packet type \(kind) first, huge", .v4, huge, .close),
        ]
    }

    static let firstPackets: [Row] = Row.table(
        wrongTypes,
        [
            Row("a single byte of type 3", .v4, "30", .close),
            Row("TLS client hello", .v4, "16 03 01 02 00", .close),
            Row("HTTP request", .v4, utf8("GET / HTTP/1.1"), .close),
            Row("CONNECT of length 100001", .v4, "10 A1 8D 06", .close),
            Row("CONNECT with a five byte length", .v4, "10 80 80 80 80 01", .close),
        ]
    )

    // [MQTT311-3.1.0-1]
    @Test(
        "[MQTT-3.1.0-1] A first packet other than CONNECT closes at once",
        arguments: firstPackets,
        reactors
    )
    func firstPacket(row: Row, workers: Int) throws {
        try row.runBeforeConnect(on: Broker.shared(workers: workers))
    }

    static let fiveByteLengths: [Row] = (UInt8(3)...14).flatMap { kind -> [Row] in
        let flags: UInt8 = [6, 8, 10].contains(kind) ? 2 : 0
        let bytes = [kind << 4 | flags] + hex("80 80 80 80 01")
        let title = "five byte length, type \(kind)"
        return [Row(title, .v4, bytes, .close), Row(title, .v5, bytes, .close)]
    }

    static let lengths: [Row] = Row.table(
        fiveByteLengths,
        Row.both("reserved type, only its first byte", "00", v4: .close, v5: .disconnect(0x82)),
        Row.both("PINGREQ with a body", "C0 01 00", v4: .close, v5: .close),
        Row.both("PINGRESP with a body", "D0 01 00", v4: .close, v5: .close),
        [
            Row("PUBACK of length 1", .v4, "40 01 00", .close),
            Row("PUBACK of length 3", .v4, "40 03 00 01 00", .close),
            Row("PUBREC of length 3", .v4, "50 03 00 01 00", .close),
            Row("PUBREL of length 3", .v4, "62 03 00 01 00", .close),
            Row("PUBCOMP of length 3", .v4, "70 03 00 01 00", .close),
            Row("PUBACK of length 3", .v3, "40 03 00 01 00", .close),
            Row("UNSUBACK of length 3", .v4, "B0 03 00 01 00", .close),
            Row("DISCONNECT of length 1", .v4, "E0 01 00", .close),
            Row("PUBACK of length 10001", .v5, "40 91 4E", .close),
            Row("PUBREC of length 10001", .v5, "50 91 4E", .close),
            Row("PUBREL of length 10001", .v5, "62 91 4E", .close),
            Row("PUBCOMP of length 10001", .v5, "70 91 4E", .close),
            Row("DISCONNECT of length 10001", .v5, "E0 91 4E", .close),
            Row("SUBSCRIBE of length 100001", .v5, "82 A1 8D 06", .close),
            Row("UNSUBSCRIBE of length 100001", .v5, "A2 A1 8D 06", .close),
            Row("AUTH of length 100001", .v5, "F0 A1 8D 06", .close),
            Row("PINGREQ with a length of two bytes", .v4, "C0 80 00", .answer("D0 00")),
        ],
        Row.both("PUBLISH of length 2000000", "30 80 89 7A", v4: .close, v5: .disconnect(0x95)),
        Row.both("PUBLISH of length 268435455", "30 FF FF FF 7F", v4: .close, v5: .disconnect(0x95))
    )

    @Test("[MQTT-2.1.4] Lengths are judged before the body is read", arguments: lengths, reactors)
    func length(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    static let wrongFlags: [(String, String)] = [
        ("PINGREQ", "C1 00"), ("PINGRESP", "D1 00"), ("PUBACK", "41 02 00 01"),
        ("PUBREC", "51 02 00 01"), ("PUBREL 0", "60 02 00 01"), ("PUBREL 3", "63 02 00 01"),
        ("PUBREL 6", "66 02 00 01"), ("PUBCOMP", "71 02 00 01"), ("DISCONNECT", "E1 00"),
        ("SUBACK", "91 03 00 01 00"), ("UNSUBACK", "B1 02 00 01"),
        ("UNSUBSCRIBE 0", "A0 05 00 01 00 01 61"), ("UNSUBSCRIBE 3", "A3 05 00 01 00 01 61"),
        ("SUBSCRIBE 0", "80 06 00 01 00 01 61 00"), ("SUBSCRIBE 1", "81 06 00 01 00 01 61 00"),
        ("SUBSCRIBE 3", "83 06 00 01 00 01 61 00"), ("SUBSCRIBE 10", "8A 06 00 01 00 01 61 00"),
    ]

    static let flags: [Row] = Row.table(
        wrongFlags.flatMap { name, text in
            Row.both("flags of \(name)", text, v4: .close, v5: .disconnect(0x81))
        },
        [
            Row("flags of CONNACK", .v5, "21 03 00 00 00", .disconnect(0x82)),
            Row("flags of AUTH", .v5, "F1 00", .disconnect(0x82)),
            Row("flags of AUTH", .v4, "F1 00", .close),
        ]
    )

    // [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1] [MQTT-3.14.4-2]
    // [MQTT-4.13.2-1] [MQTT311-2.2.2-1] [MQTT311-2.2.2-2] [MQTT311-3.6.1-1] [MQTT311-3.8.1-1]
    // [MQTT311-3.10.1-1] [MQTT311-3.14.1-1]
    @Test("[MQTT-2.1.3-1] Wrong fixed header flags end the connection", arguments: flags, reactors)
    func flag(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    static let fromServer: [(String, String)] = [
        ("CONNACK", "20 02 00 00"), ("empty CONNACK", "20 00"), ("SUBACK", "90 03 00 01 00"),
        ("empty SUBACK", "90 00"), ("UNSUBACK", "B0 02 00 01"), ("PINGRESP", "D0 00"),
        ("AUTH", "F0 00"), ("AUTH with reason", "F0 02 18 00"),
        ("AUTH with method", "F0 06 18 04 15 00 01 61"), ("AUTH with rubbish", "F0 03 18 FF FF"),
        ("empty UNSUBACK", "B0 00"),
    ]

    static let serverPackets: [Row] = fromServer.flatMap { name, text in
        Row.both("\(name) from a client", text, v4: .close, v5: .disconnect(0x82))
    }

    // [MQTT-3.14.2-1] [MQTT311-4.8.0-1]
    @Test(
        "[MQTT-4.13.1-1] Packets only a server may send end the connection",
        arguments: serverPackets,
        reactors
    )
    func serverPacket(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    @Test("Packets may come in single bytes or many at once", arguments: Version.allCases, reactors)
    func segmentation(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("seg")
        let conversation =
            Wire.connect(unique("seg"), version) + Wire.subscribe(version, [(topic, 0)])
            + Wire.publish(version, topic, "hello") + Wire.pingreq
        for size in [1, 2, 5, conversation.count] {
            let client = try RawClient(broker)
            for start in stride(from: 0, to: conversation.count, by: size) {
                client.send(Bytes(conversation[start..<min(start + size, conversation.count)]))
            }
            try client.expect(Wire.connack(version) + Wire.suback(version, [0]))
            try client.expect(inAnyOrder: [
                Wire.publish(version, topic, "hello"), Wire.pingresp,
            ])
            try client.disconnect()
        }
    }

    @Test("The largest packet allowed passes, split over many reads", arguments: reactors)
    func largest(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker)
        let topic = unique("big")
        try client.subscribe(topic)
        let count = 2_000_000 - 4 - 2 - topic.utf8.count
        client.send(Wire.publish(.v4, topic, bytes: Bytes(repeating: 0x5A, count: count)))
        let packet = try client.readPacket()
        #expect(packet == Wire.publish(.v4, topic, bytes: Bytes(repeating: 0x5A, count: count)))
        try client.expectSilence()
    }
}
