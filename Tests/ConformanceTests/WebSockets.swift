// SPDX-License-Identifier: Apache-2.0
// WebSockets: the upgrade, frames in both directions, and how wrong ones end.

import TestSupport
import Testing

@Suite("WebSockets")
struct WebSockets {
    static let config = """
        log_type all
        listener %PORT% 127.0.0.1
        protocol websockets
        allow_anonymous true
        listener %PORT2% 127.0.0.1

        """

    /// The headers of a proper request; key and answer are the example of RFC 6455.
    static let headers = [
        "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: mqtt",
    ]

    static func request(
        _ headers: [String] = headers,
        first: String = "GET /mqtt HTTP/1.1"
    ) -> Bytes {
        utf8(([first] + headers).joined(separator: "\r\n") + "\r\n\r\n")
    }

    static func reply(_ subprotocol: String = "mqtt") -> Bytes {
        utf8(
            [
                "HTTP/1.1 101 Switching Protocols", "Upgrade: WebSocket", "Connection: Upgrade",
                "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                "Sec-WebSocket-Protocol: \(subprotocol)", "", "",
            ].joined(separator: "\r\n")
        )
    }

    /// A frame from the client: masked, final unless said otherwise.
    static func frame(_ payload: Bytes, opcode: UInt8 = 2, final: Bool = true) -> Bytes {
        let mask: Bytes = [0x12, 0x34, 0x56, 0x78]
        var bytes: Bytes = [(final ? 0x80 : 0) | opcode]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ..<65536: bytes += [0x80 | 126] + Wire.int16(payload.count)
        default: bytes += [0x80 | 127, 0, 0, 0, 0] + Wire.int32(UInt32(payload.count))
        }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// A frame from the broker: binary, final, not masked.
    static func answer(_ payload: Bytes, opcode: UInt8 = 2) -> Bytes {
        let first: Bytes = [0x80 | opcode]
        switch payload.count {
        case ..<126: return first + [UInt8(payload.count)] + payload
        case ..<65536: return first + [126] + Wire.int16(payload.count) + payload
        default: return first + [127, 0, 0, 0, 0] + Wire.int32(UInt32(payload.count)) + payload
        }
    }

    static func upgraded(_ workers: Int) throws -> (RawClient, Broker) {
        let broker = try Broker.shared(config, workers: workers)
        let client = try RawClient(broker)
        client.send(request())
        try client.expect(reply())
        return (client, broker)
    }

    static func connected(_ workers: Int) throws -> (RawClient, Broker) {
        let (client, broker) = try upgraded(workers)
        client.send(frame(Wire.connect(unique("ws"), .v4)))
        try client.expect(answer(Wire.connack(.v4)))
        return (client, broker)
    }

    // MARK: The upgrade

    static let good: [([String], String)] = [
        (headers, "mqtt"),
        (headers.dropLast() + ["Sec-WebSocket-Protocol: mqttv3.1"], "mqttv3.1"),
        (
            headers.map { $0.replacing("websocket", with: "WebSocket") }.dropLast() + [
                "Sec-WebSocket-Protocol: mqtt"
            ], "mqtt"
        ),
        (
            headers.map {
                $0.replacing("Connection: Upgrade", with: "Connection: keep-alive, Upgrade")
            }, "mqtt"
        ),
        (headers.filter { !$0.contains("Version") }, "mqtt"),
        (headers + ["Origin: http://anywhere", "X-Forwarded-For: 1.2.3.4", "Cookie: a=b"], "mqtt"),
    ]

    // [MQTT-6.0.0-4] [MQTT311-6.0.0-4]
    @Test(
        "[RFC 6455 4.2.2] A proper request is upgraded, byte for byte",
        arguments: 0..<good.count,
        reactors
    )
    func upgrade(index: Int, workers: Int) throws {
        let client = try RawClient(Broker.shared(Self.config, workers: workers))
        let (list, subprotocol) = Self.good[index]
        let bytes = Self.request(list)
        // The request may come in pieces.
        client.send(Bytes(bytes.prefix(20)))
        client.send(Bytes(bytes.dropFirst(20)))
        try client.expect(Self.reply(subprotocol))
    }

    static let bad: [(String, Bytes)] = [
        ("POST", request(first: "POST /mqtt HTTP/1.1")),
        ("no upgrade", request(headers.filter { !$0.hasPrefix("Upgrade") })),
        ("no connection", request(headers.filter { !$0.hasPrefix("Connection") })),
        ("no key", request(headers.filter { !$0.contains("Key") })),
        ("no protocol", request(headers.filter { !$0.contains("Protocol") })),
        ("other protocol", request(headers.dropLast() + ["Sec-WebSocket-Protocol: chat"])),
        ("version 12", request(headers.map { $0.replacing("13", with: "12") })),
        ("too long", request(headers + ["X-Long: " + String(repeating: "x", count: 5000)])),
        ("MQTT at once", Wire.connect("x", .v4) + Bytes(repeating: 0x0A, count: 100)),
    ]

    @Test("Any other request is closed without an answer", arguments: 0..<bad.count, reactors)
    func refused(index: Int, workers: Int) throws {
        let client = try RawClient(Broker.shared(Self.config, workers: workers))
        client.send(Self.bad[index].1)
        try client.expectClosed()
    }

    @Test("websockets_origin refuses other origins", arguments: reactors)
    func origin(workers: Int) throws {
        let broker = try Broker.shared(
            "log_type all\nlistener %PORT% 127.0.0.1\nprotocol websockets\nwebsockets_origin http://good\n"
                + "websockets_origin http://fine\nallow_anonymous true\n",
            workers: workers
        )
        for (origin, isAllowed) in [
            ("http://good", true), ("http://fine", true), ("http://bad", false),
        ] {
            let client = try RawClient(broker)
            client.send(Self.request(Self.headers + ["Origin: \(origin)"]))
            if isAllowed { try client.expect(Self.reply()) } else { try client.expectClosed() }
        }
        let none = try RawClient(broker)
        none.send(Self.request())
        try none.expect(Self.reply())
    }

    // MARK: Frames

    @Test("One packet per frame comes, however the packets went in", arguments: reactors)
    func frames(workers: Int) throws {
        let (client, broker) = try Self.connected(workers)
        let topic = unique("t")
        let subscribe = Wire.subscribe(.v4, [(topic, 0)])
        client.send(Self.frame(Wire.pingreq + Wire.pingreq + Bytes(subscribe.prefix(3))))
        client.send(Self.frame(Bytes(subscribe[3..<5]), final: false))
        client.send(Self.frame(Bytes(subscribe[5...]), opcode: 0))
        try client.expect(
            Self.answer(Wire.pingresp) + Self.answer(Wire.pingresp)
                + Self.answer(Wire.suback(.v4, [0]))
        )
        let other = try RawClient.connected(to: broker, port: broker.ports[1])
        for size in [1, 100, 1000, 70_000] {
            let packet = Wire.publish(.v4, topic, bytes: Bytes(repeating: 0x41, count: size))
            other.send(packet)
            try client.expect(Self.answer(packet))
            client.send(Self.frame(packet))
            try client.expect(Self.answer(packet))
        }
        let whole = Self.frame(Wire.pingreq)
        for byte in whole { client.send([byte]) }
        try client.expect(Self.answer(Wire.pingresp))
    }

    @Test(
        "[RFC 6455 5.5.2] Ping is answered with pong of the same payload, pong is ignored",
        arguments: reactors
    )
    func ping(workers: Int) throws {
        let (client, _) = try Self.connected(workers)
        client.send(Self.frame(utf8("hello"), opcode: 9))
        try client.expect(Self.answer(utf8("hello"), opcode: 10))
        client.send(Self.frame([], opcode: 9))
        try client.expect(Self.answer([], opcode: 10))
        client.send(Self.frame(utf8("x"), opcode: 10) + Self.frame(Wire.pingreq))
        try client.expect(Self.answer(Wire.pingresp))
    }

    static let faults: [(String, Bytes, UInt8)] = [
        ("text frame", frame(utf8("x"), opcode: 1), 0xEB),
        ("reserved opcode 3", frame([1], opcode: 3), 0xEA),
        ("reserved opcode 11", frame([1], opcode: 11), 0xEA),
        ("RSV bit", [0xC2, 0x80, 0, 0, 0, 0], 0xEA),
        ("fragmented ping", frame([1], opcode: 9, final: false), 0xEA),
        ("long ping", frame(Bytes(repeating: 1, count: 126), opcode: 9), 0xEA),
        ("close frame of length 1", frame([3], opcode: 8), 0xEA),
    ]

    // [MQTT-6.0.0-1] [MQTT311-6.0.0-1]
    @Test(
        "[RFC 6455 7.4.1] Wrong frames end with their close code",
        arguments: 0..<faults.count,
        reactors
    )
    func fault(index: Int, workers: Int) throws {
        let (client, _) = try Self.connected(workers)
        client.send(Self.faults[index].1)
        try client.expect([0x88, 0x02, 0x03, Self.faults[index].2])
        try client.expectEnd()
    }

    @Test("At a disconnect the broker sends close 1000", arguments: reactors)
    func disconnect(workers: Int) throws {
        let (client, _) = try Self.connected(workers)
        client.send(Self.frame(Wire.disconnect()))
        try client.expectClosed(after: hex("88 02 03 E8"))
        let (refused, _) = try Self.upgraded(workers)
        refused.send(Self.frame(Wire.connect("", .v4, clean: false)))
        try refused.expectClosed(after: Self.answer(hex("20 02 00 02")) + hex("88 02 03 E8"))
    }

    @Test("Version 5, wills and QoS work below WebSockets", arguments: reactors)
    func version5(workers: Int) throws {
        let (client, broker) = try Self.upgraded(workers)
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker, port: broker.ports[1])
        try watcher.subscribe(topic, 2)
        client.send(Self.frame(Wire.connect(unique("ws"), .v5, will: Will(topic, "gone", qos: 1))))
        try client.expect(Self.answer(Wire.connack(.v5)))
        client.send(Self.frame(Wire.publish(.v5, topic, "m", qos: 2, id: 5)))
        try client.expect(Self.answer(Wire.pubrec(5)))
        client.send(Self.frame(Wire.pubrel(5)))
        try client.expect(Self.answer(Wire.pubcomp(5)))
        try watcher.take2(topic, "m", id: 1)
        client.abort()
        try watcher.take1(topic, "gone", id: 2)
    }
}

extension RawClient {
    /// Another close frame may come before the end of the connection, nothing else.
    func expectEnd() throws {
        let rest = nextPacket(seconds: 5)
        #expect(isClosed && (rest == nil || rest == hex("88 02 03 E8")))
    }
}
