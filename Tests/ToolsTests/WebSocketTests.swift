// SPDX-License-Identifier: Apache-2.0
// MQTT in WebSockets: handshake and frames by themselves, then with Debian's broker.

import MQTT
import TestSupport
import Testing

@testable import MQTTClient

@Suite("The tools' client in a WebSocket")
struct WebSocketTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let answer = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
        \r

        """

    @Test("the handshake of RFC 6455 section 1.3 is accepted, whatever its pieces")
    func handshake() throws {
        let handshake = WebSocketHandshake(key: Self.key)
        let bytes = Array(Self.answer.utf8)
        for count in bytes.indices {
            #expect(try handshake.accept(Array(bytes[..<count])) == nil)
        }
        let framing = try #require(try handshake.accept(bytes + [0x89, 0]))
        #expect(framing.hasInput)
        let request = String(
            decoding: handshake.request(host: "::1", port: 80, path: "/mqtt"),
            as: UTF8.self
        )
        #expect(request.hasPrefix("GET /mqtt HTTP/1.1\r\nHost: [::1]:80\r\n"))
        #expect(request.contains("\r\nSec-WebSocket-Protocol: mqtt\r\n"))
        #expect(request.hasSuffix("\r\n\r\n"))
    }

    @Test(
        "another answer is refused",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            answer.replacing("s3pPL", with: "S3pPL"),
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            String(repeating: "x", count: WebSocketHandshake.headLengthMax),
        ]
    )
    func refusedHandshake(_ answer: String) {
        #expect(throws: ClientError.self) {
            try WebSocketHandshake(key: Self.key).accept(Array(answer.utf8))
        }
    }

    @Test(
        "payloads of every length class survive masking",
        arguments: [0, 1, 125, 126, 65_535, 65_536]
    )
    func frames(_ count: Int) throws {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        var frame = try WebSocketFraming.frame(.binary, payload)
        // A server's frame is the same without the mask.
        let header = count < 126 ? 2 : count < 65_536 ? 4 : 10
        let mask = Array(frame[header..<header + 4])
        frame.removeSubrange(header..<header + 4)
        frame[1] &= 0x7F
        for index in payload.indices { frame[header + index] ^= mask[index & 3] }
        for cut in Set([0, 1, header - 1, max(header, frame.count - 1)]) where cut < frame.count {
            var framing = WebSocketFraming(Array(frame[..<cut]))
            #expect(try framing.next() == nil)
            framing.feed(Array(frame[cut...]))
            #expect(try framing.next() == .data(payload))
            #expect(!framing.hasInput)
        }
    }

    @Test("pings are told from data, and what breaks the rules is refused")
    func control() throws {
        var framing = WebSocketFraming([0x89, 1, 7, 0x8A, 0, 0x00, 1, 8, 0x88, 0])
        #expect(try framing.next() == .ping([7]))
        #expect(try framing.next() == .ignored)
        #expect(try framing.next() == .data([8]))
        #expect(try framing.next() == .close)
        let broken: [[UInt8]] = [
            [0x82, 0x80], [0xC2, 0], [0x81, 0], [0x83, 0],
            [0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0],
        ]
        for bytes in broken {
            var framing = WebSocketFraming(bytes)
            #expect(throws: ClientError.self) { try framing.next() }
        }
    }

    @Test(
        "messages of every size pass through Debian's broker",
        arguments: [0, 100, 1000, 200_000]
    )
    func broker(_ count: Int) throws {
        let broker = try Broker.debian(
            // Debian's broker does not start with WebSockets alone.
            "listener %PORT% 127.0.0.1\nlistener %PORT2% 127.0.0.1\nprotocol websockets\n"
                + "allow_anonymous true\n"
        )
        let deadline = Deadline(in: .seconds(10))
        var options = ClientOptions(
            address: .tcp(host: "127.0.0.1", port: UInt16(broker.ports[1]))
        )
        options.webSocketPath = "/mqtt"
        let client = try MQTTConnection(connecting: options)
        _ = try client.subscribe(to: "t", qos: 1, deadline)
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        _ = try client.publish(to: "t", payload: payload, qos: 1, deadline)
        #expect(try client.receive(deadline).payload == payload)
        try client.ping(deadline)
        client.disconnect()
        options.webSocketPath = nil
        options.connectTimeout = .milliseconds(500)
        #expect(throws: ClientError.self) { try MQTTConnection(connecting: options) }
    }
}
