// SPDX-License-Identifier: Apache-2.0
// Acknowledgements: unsolicited ones, their forms, and those that do not fit the delivery.

import TestSupport
import Testing

@Suite("PUBACK, PUBREC, PUBREL, PUBCOMP")
struct Acknowledgements {
    /// First byte and name of the four packets.
    static let kinds: [(UInt8, String)] = [
        (0x40, "PUBACK"), (0x50, "PUBREC"), (0x62, "PUBREL"), (0x70, "PUBCOMP"),
    ]

    /// What answers the packet when its identifier is unknown.
    static func answer(to first: UInt8) -> Reaction {
        switch first {
        case 0x50: .answer("62 02 00 01")
        case 0x62: .answer("70 02 00 01")
        default: .silence
        }
    }

    static func row(_ first: UInt8, _ title: String, _ body: String, _ reaction: Reaction) -> Row {
        Row(title, .v5, Wire.packet(first, hex(body)), reaction)
    }

    static let unsolicited: [Row] = kinds.flatMap { first, name -> [Row] in
        let plain = Wire.packet(first, [0, 1])
        let zero = Wire.packet(first, [0, 0])
        return [
            Row("unsolicited \(name)", .v3, plain, answer(to: first)),
            Row("unsolicited \(name)", .v4, plain, answer(to: first)),
            Row("unsolicited \(name)", .v5, plain, answer(to: first)),
            row(first, "\(name) with reason", "0001 00", answer(to: first)),
            row(first, "\(name) without properties", "0001 00 00", answer(to: first)),
            row(first, "\(name) with reason string", "0001 00 04 1F 0001 61", answer(to: first)),
            row(
                first,
                "\(name) with user properties",
                "0001 00 0E 26 0001 61 0001 62 26 0001 61 0001 62",
                answer(to: first)
            ),
            Row("\(name) id 0", .v4, zero, .close),
            Row("\(name) id 0", .v5, zero, .disconnect(0x82)),
        ]
    }

    static let malformed: [Row] = kinds.flatMap { first, name -> [Row] in
        [
            row(first, "\(name) of length 0", "", .disconnect(0x81)),
            row(first, "\(name) of length 1", "00", .disconnect(0x81)),
            row(first, "\(name), property length too large", "0001 00 01", .disconnect(0x81)),
            row(first, "\(name), bytes after the properties", "0001 00 00 00", .disconnect(0x81)),
            row(first, "\(name), unknown property", "0001 00 02 7F 00", .disconnect(0x81)),
            row(first, "\(name), truncated reason string", "0001 00 03 1F 0005", .disconnect(0x81)),
            row(first, "\(name), reason FF", "0001 FF", .disconnect(0x82)),
            row(first, "\(name), reason 01", "0001 01", .disconnect(0x82)),
            row(first, "\(name), payload format", "0001 00 02 01 00", .disconnect(0x82)),
            row(first, "\(name), session expiry", "0001 00 05 11 00000000", .disconnect(0x82)),
            row(first, "\(name), topic alias", "0001 00 03 23 0001", .disconnect(0x82)),
            row(
                first,
                "\(name), reason string twice",
                "0001 00 08 1F 0001 61 1F 0001 61",
                .disconnect(0x82)
            ),
        ]
    }

    static let reasons: [Row] = Row.table(
        [0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99].map { reason in
            Row("PUBACK reason \(reason)", .v5, Wire.puback(1, reason), .silence)
        },
        [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99].map { reason in
            Row("PUBREC reason \(reason)", .v5, Wire.pubrec(1, reason), .silence)
        },
        [
            Row("PUBREC reason 16", .v5, Wire.pubrec(1, 0x10), .answer("62 02 00 01")),
            Row("PUBREL reason 92", .v5, Wire.pubrel(1, 0x92), .answer("70 02 00 01")),
            Row("PUBREL reason 80", .v5, Wire.pubrel(1, 0x80), .disconnect(0x82)),
            Row("PUBCOMP reason 92", .v5, Wire.pubcomp(1, 0x92), .silence),
            Row("PUBCOMP reason 80", .v5, Wire.pubcomp(1, 0x80), .disconnect(0x82)),
            Row("PUBCOMP reason 20", .v5, Wire.pubcomp(1, 0x20), .disconnect(0x82)),
            Row("PUBREL with DUP", .v3, "6A 02 00 01", .answer("70 02 00 01")),
        ]
    )

    // [MQTT-2.2.1-5] [MQTT-3.6.2-2] [MQTT-3.6.2-3] [MQTT-3.7.2-2] [MQTT-3.7.2-3] [MQTT311-2.3.1-6]
    @Test(
        "[MQTT-4.3] Acknowledgements nobody asked for are answered or ignored",
        arguments: unsolicited,
        reactors
    )
    func unasked(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    @Test(
        "[MQTT-4.13.1] Malformed acknowledgements end the connection",
        arguments: malformed,
        reactors
    )
    func malformedRow(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    // [MQTT-3.6.2-1] [MQTT-3.7.2-1]
    @Test(
        "[MQTT-3.4.2.1] Reason codes of acknowledgements are checked per packet",
        arguments: reasons,
        reactors
    )
    func reason(row: Row, workers: Int) throws {
        try row.run(on: Broker.shared(workers: workers))
    }

    /// An acknowledgement that does not fit a delivery with identifier 1.
    struct WrongAck: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let qos: UInt8
        /// Sent first and answered with PUBREL.
        let pubrecFirst: Bool
        let bytes: Bytes

        init(_ title: String, qos: UInt8, pubrecFirst: Bool = false, _ bytes: Bytes) {
            testDescription = title
            self.qos = qos
            self.pubrecFirst = pubrecFirst
            self.bytes = bytes
        }
    }

    static let wrong: [WrongAck] = [
        WrongAck("PUBREC for QoS 1", qos: 1, Wire.pubrec(1)),
        WrongAck("PUBCOMP for QoS 1", qos: 1, Wire.pubcomp(1)),
        WrongAck("PUBACK for QoS 2", qos: 2, Wire.puback(1)),
        WrongAck("PUBCOMP before PUBREC", qos: 2, Wire.pubcomp(1)),
        WrongAck("PUBACK after PUBREL", qos: 2, pubrecFirst: true, Wire.puback(1)),
    ]

    // [MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT-4.3.3-5]
    @Test(
        "[MQTT-4.3.3] An acknowledgement that does not fit its delivery ends the connection",
        arguments: wrong,
        reactors
    )
    func wrongAck(ack: WrongAck, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        for version in [Version.v4, .v5] {
            let client = try RawClient.connected(to: broker, unique("c"), version)
            let topic = unique("t")
            try client.subscribe(topic, ack.qos)
            let publisher = try RawClient.connected(to: broker)
            publisher.send(Wire.publish(.v4, topic, "m", qos: ack.qos, id: 1))
            if ack.qos == 2 {
                try publisher.expect(Wire.pubrec(1))
                publisher.send(Wire.pubrel(1))
            }
            try client.expectPublish(topic, "m", qos: ack.qos, id: 1)
            if ack.pubrecFirst {
                client.send(Wire.pubrec(1))
                try client.expect(Wire.pubrel(1))
            }
            client.send(ack.bytes)
            try client.expectClosed(after: version == .v5 ? hex("E0 01 82") : [])
        }
    }

    // [MQTT-4.3.3-4]
    @Test(
        "[MQTT-4.3.3] A repeated PUBREC is answered with PUBREL again",
        arguments: [Version.v4, .v5],
        reactors
    )
    func repeatedPubrec(version: Version, workers: Int) throws {
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("c"),
            version
        )
        let topic = unique("t")
        try client.subscribe(topic, 2)
        client.send(Wire.publish(version, topic, "m", qos: 2, id: 9))
        try client.expect(Wire.pubrec(9))
        client.send(Wire.pubrel(9))
        try client.expect(inAnyOrder: [
            Wire.pubcomp(9), Wire.publish(version, topic, "m", qos: 2, id: 1),
        ])
        for _ in 0..<3 {
            client.send(Wire.pubrec(1))
            try client.expect(Wire.pubrel(1))
        }
        client.send(Wire.pubcomp(1))
        try client.expectSilence()
    }

    @Test(
        "[MQTT-4.3.3] PUBREC with an error ends the message and frees its place",
        arguments: reactors
    )
    func refusedByReceiver(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            properties: Property.receiveMaximum(1)
        )
        let topic = unique("t")
        try client.subscribe(topic, 2)
        let publisher = try RawClient.connected(to: broker)
        for number in 1...5 { try publisher.publish2(topic, "m\(number)", id: number) }
        for number in 1...4 {
            try client.expectPublish(topic, "m\(number)", qos: 2, id: number)
            client.send(Wire.pubrec(number, 0x80))
        }
        try client.take2(topic, "m5", id: 5)
        try client.expectSilence()
    }
}
