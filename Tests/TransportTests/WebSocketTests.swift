// SPDX-License-Identifier: Apache-2.0
// MQTT over WebSocket: opening, frames (RFC 6455 section 5) and closing (section 7).

import Foundation
import TestSupport
import Testing

@Suite("WebSocket listeners")
struct WebSocketTests {
    static let config = open + "listener %PORT% 127.0.0.1\nprotocol websockets\n"

    private static func broker(_ more: String = "") throws -> Broker {
        try Broker.shared(config + more, workers: 1)
    }

    /// Opens a WebSocket and a session.
    private static func connected(_ broker: Broker) throws -> RawClient {
        let client = try RawClient(port: broker.port, over: .webSocket)
        client.send(Wire.connect(unique("ws")))
        try client.expect(Wire.connack(.v4))
        return client
    }

    // MARK: Opening

    @Test(
        "The answer to an opening request is exact, whatever the spelling of the request",
        arguments: [
            RawClient.usualHeaders,
            [
                "Upgrade: WebSocket", "Connection: keep-alive, Upgrade",
                "SEC-WEBSOCKET-KEY:   dGhlIHNhbXBsZSBub25jZQ==  ", "Sec-WebSocket-Protocol: mqtt",
                "X-Forwarded-For: 192.0.2.1",
            ],
            [
                "Upgrade: h2c, websocket", "connection: upgrade",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Protocol: chat, mqtt, mqttv3.1",
            ],
        ]
    )
    func reply(headers: [String]) throws {
        let client = try RawClient(port: Self.broker().port)
        client.sendRaw(RawClient.upgradeRequest(headers: headers))
        #expect(try client.readHead() == RawClient.upgradeReply())
    }

    @Test(
        "[MQTT-6.0.0-4] mqtt is chosen wherever it is in the list, mqttv3.1 only without it",
        arguments: [
            ("mqttv3.1", "mqttv3.1"), ("mqttv3.1, mqtt", "mqtt"), ("a,b ,mqtt", "mqtt"),
        ]
    )
    func subprotocol(offered: String, chosen: String) throws {
        let client = try RawClient(port: Self.broker().port)
        let headers =
            RawClient.usualHeaders.dropLast() + ["Sec-WebSocket-Protocol: \(offered)"]
        client.sendRaw(RawClient.upgradeRequest(headers: Array(headers)))
        #expect(try client.readHead() == RawClient.upgradeReply(subprotocol: chosen))
    }

    @Test(
        "What is no opening request is closed without an answer",
        arguments: [
            RawClient.upgradeRequest("POST / HTTP/1.1"), RawClient.upgradeRequest("GET /"),
            RawClient.upgradeRequest("GET / HTTP/2.0"), RawClient.upgradeRequest("nonsense"),
            RawClient.upgradeRequest(headers: RawClient.usualHeaders + ["no colon"]),
            RawClient.upgradeRequest(headers: ["Host: localhost"]),
            request(without: "Upgrade"), request(without: "Connection"),
            request(without: "Sec-WebSocket-Key"), request(without: "Sec-WebSocket-Protocol"),
            request(with: "Sec-WebSocket-Version: 8"), request(with: "Sec-WebSocket-Protocol: x"),
            request(with: "Sec-WebSocket-Protocol: mqttv3"),
            request(with: "Sec-WebSocket-Protocol:"),
            request(with: "Upgrade: h2c"), request(with: "Sec-WebSocket-Key:"),
            RawClient.upgradeRequest() + Wire.connect("early"),
            RawClient.upgradeRequest(
                headers: RawClient.usualHeaders + (1...100).map { "X-\($0): y" }
            ),
            RawClient.upgradeRequest(
                headers: RawClient.usualHeaders + ["X: " + String(repeating: "y", count: 4096)]
            ),
        ]
    )
    func refused(request: Bytes) throws {
        let client = try RawClient(port: Self.broker().port)
        client.sendRaw(request)
        try client.expectClosed()
    }

    private static func request(without name: String) -> Bytes {
        RawClient.upgradeRequest(
            headers: RawClient.usualHeaders.filter { !$0.hasPrefix(name + ":") }
        )
    }

    private static func request(with line: String) -> Bytes {
        let name = line.prefix { $0 != ":" }
        let others = RawClient.usualHeaders.filter { !$0.hasPrefix(name + ":") }
        return RawClient.upgradeRequest(headers: others + [line])
    }

    @Test("packet_buffer_size limits the request", arguments: [(-1, false), (0, true)])
    func requestSize(extra: Int, isAccepted: Bool) throws {
        let request = RawClient.upgradeRequest()
        let broker = try Self.broker("packet_buffer_size \(request.count + extra)\n")
        let client = try RawClient(port: broker.port)
        client.sendRaw(request)
        if isAccepted {
            #expect(try client.readHead() == RawClient.upgradeReply())
        } else {
            try client.expectClosed()
        }
    }

    @Test("A request may arrive byte by byte")
    func slowRequest() throws {
        let client = try RawClient(port: Self.broker().port)
        for byte in RawClient.upgradeRequest() { client.sendRaw([byte]) }
        #expect(try client.readHead() == RawClient.upgradeReply())
    }

    @Test(
        "websockets_origin lets in whom it names and who is no page",
        arguments: [
            ("https://a.example", true), ("https://b.example", true), (nil, true),
            ("https://c.example", false), ("https://a.exampl", false),
            ("https://a.example.org", false), ("", false),
        ]
    )
    func origin(origin: String?, isAllowed: Bool) throws {
        let broker = try Self.broker(
            "websockets_origin https://a.example\nwebsockets_origin https://b.example\n"
        )
        let client = try RawClient(port: broker.port)
        let more = origin.map { ["Origin: \($0)"] } ?? []
        let mark = broker.logMark
        client.sendRaw(RawClient.upgradeRequest(headers: RawClient.usualHeaders + more))
        if isAllowed {
            #expect(try client.readHead() == RawClient.upgradeReply())
        } else {
            try client.expectClosed()
            try broker.waitForLog(containing: "non-matching http origin", from: mark)
        }
    }

    // MARK: Frames

    @Test("One unmasked binary frame carries each packet of the broker")
    func oneFrameEach() throws {
        let client = try Self.connected(Self.broker())
        let topic = unique("frames")
        try client.subscribe(topic, 2)
        for length in [0, 100, 125, 126, 4096, 65535, 65536, 300_000] {
            let payload = String(repeating: "z", count: length)
            client.publish(topic, payload)
            try client.expectPublish(topic, payload)
        }
        #expect(client.frameComplaint == nil)
    }

    @Test("A packet may span frames, a frame may hold packets, and frames may be cut anywhere")
    func cuts() throws {
        let client = try Self.connected(Self.broker())
        let topic = unique("cuts")
        try client.subscribe(topic)
        let packet = Wire.publish(.v4, topic, "content")
        client.send(WebSocketFrame(2, packet + packet))
        try client.expect(packet + packet)
        client.send(WebSocketFrame(2, Bytes(packet[..<3]), isFinal: false))
        client.send(WebSocketFrame(9, utf8("in between")))
        client.send(WebSocketFrame(0, Bytes(packet[3..<5]), isFinal: false))
        client.send(WebSocketFrame(0, [], isFinal: false))
        client.send(WebSocketFrame(0, Bytes(packet[5...])))
        try client.expect(packet)
        try client.expectControl(10, utf8("in between"))
        for byte in WebSocketFrame(2, packet).encoded { client.sendRaw([byte]) }
        try client.expect(packet)
        client.send(WebSocketFrame(2))
        try client.expectSilence()
    }

    @Test("Large frames arrive whole")
    func largeFrames() throws {
        let client = try Self.connected(Self.broker())
        let topic = unique("large")
        try client.subscribe(topic)
        let payload = String(repeating: "0123456789", count: 100_000)
        client.publish(topic, payload)
        try client.expectPublish(topic, payload)
    }

    @Test("A ping is answered with its payload", arguments: [0, 1, 125])
    func ping(count: Int) throws {
        let client = try Self.connected(Self.broker())
        let payload = Bytes(repeating: 0x41, count: count)
        client.send(WebSocketFrame(9, payload))
        try client.expectControl(10, payload)
        client.send(WebSocketFrame(10, payload))
        try client.expectSilence()
    }

    /// Frames that break a rule, with the close code they are answered with.
    static let violations: [(frame: WebSocketFrame, code: UInt16)] = {
        var list: [(WebSocketFrame, UInt16)] = [
            (WebSocketFrame(1, utf8("text")), 1003), (WebSocketFrame(0, [1]), 1002),
            (WebSocketFrame(9, [], isFinal: false), 1002),
            (WebSocketFrame(8, [], isFinal: false), 1002),
            (WebSocketFrame(9, Bytes(repeating: 0, count: 126)), 1002),
            (WebSocketFrame(8, [3]), 1002), (WebSocketFrame(8, [0x03, 0xE7]), 1002),
            (WebSocketFrame(8, [0x03, 0xED]), 1002), (WebSocketFrame(8, [0x07, 0xD0]), 1002),
            (WebSocketFrame(8, [0x03, 0xE8, 0xFF]), 1007),
        ]
        list += ([3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8]).map { (WebSocketFrame($0), 1002) }
        for bits: UInt8 in 1...7 {
            var frame = WebSocketFrame(2, Wire.pingreq)
            frame.reservedBits = bits
            list.append((frame, 1002))
        }
        var unmasked = WebSocketFrame(2, Wire.pingreq)
        unmasked.mask = nil
        return list + [(unmasked, 1002)]
    }()

    @Test("A frame that breaks a rule is answered with a close code", arguments: violations)
    func violation(frame: WebSocketFrame, code: UInt16) throws {
        let broker = try Self.broker()
        let client = try Self.connected(broker)
        client.send(frame)
        try client.expectControl(8, [UInt8(code >> 8), UInt8(code & 0xFF)])
        try client.expectClosed()
    }

    @Test("A new message inside another one is refused")
    func interleaved() throws {
        let client = try Self.connected(Self.broker())
        client.send(WebSocketFrame(2, [0xC0], isFinal: false))
        client.send(WebSocketFrame(2, [0x00]))
        try client.expectControl(8, [0x03, 0xEA])
        try client.expectClosed()
    }

    @Test(
        "A frame larger than any packet is refused before it arrives",
        arguments: [
            ("82FF 0000000010000000 01020304", "03F1"), ("82FF 8000000000000000 01020304", "03EA"),
        ]
    )
    func tooLarge(frame: String, code: String) throws {
        let client = try Self.connected(Self.broker())
        client.sendRaw(hex(frame))
        try client.expectControl(8, hex(code))
        try client.expectClosed()
    }

    // MARK: Closing

    @Test("A close frame is echoed", arguments: [[], [0x03, 0xE8], [0x03, 0xE9] + utf8("bye")])
    func echoedClose(payload: Bytes) throws {
        let client = try Self.connected(Self.broker())
        client.send(WebSocketFrame(8, payload))
        try client.expectControl(8, payload)
        try client.expectClosed()
    }

    @Test("The broker says 1000 when it closes")
    func brokerCloses() throws {
        let broker = try Self.broker()
        let left = try Self.connected(broker)
        left.send(Wire.disconnect())
        try left.expectControl(8, [0x03, 0xE8])
        try left.expectClosed()
        let name = unique("taken")
        let first = try RawClient(port: broker.port, over: .webSocket)
        first.send(Wire.connect(name))
        try first.expect(Wire.connack(.v4))
        let second = try RawClient(port: broker.port, over: .webSocket)
        second.send(Wire.connect(name))
        try second.expect(Wire.connack(.v4))
        try first.expectControl(8, [0x03, 0xE8])
        try first.expectClosed()
    }

    @Test("A will is published when the socket ends without DISCONNECT")
    func will() throws {
        let broker = try Self.broker()
        let watcher = try Self.connected(broker)
        let topic = unique("will")
        try watcher.subscribe(topic)
        let client = try RawClient(port: broker.port, over: .webSocket)
        client.send(Wire.connect(unique("mortal"), will: Will(topic, "gone")))
        try client.expect(Wire.connack(.v4))
        client.send(WebSocketFrame(8, [0x03, 0xE9]))
        try watcher.expectPublish(topic, "gone")
    }

    @Test("A page asks over TLS with http/1.1 in ALPN")
    func overTLS() throws {
        let broker = try Broker.shared(
            open + tlsListener("%PORT%", "protocol websockets"),
            workers: 4
        )
        var options = try certificates().client
        options.protocols = ["h2", "http/1.1"]
        let client = try RawClient(port: broker.port, over: .webSocketOverTLS(options))
        #expect(client.channel?.applicationProtocol == "http/1.1")
        client.send(Wire.connect(unique("page")))
        try client.expect(Wire.connack(.v4))
        try client.expectEcho()
        client.send(WebSocketFrame(9, utf8("ping")))
        try client.expectControl(10, utf8("ping"))
        client.send(Wire.disconnect())
        try client.expectControl(8, [0x03, 0xE8])
        try client.expectClosed()
    }
}
