// SPDX-License-Identifier: Apache-2.0
// How a client asks for a WebSocket, and what the server's answer must be.

import COpenSSL
import Glibc

/// One request for a WebSocket that carries MQTT (RFC 6455 section 4.1) [MQTT-6.0.0-3].
struct WebSocketClient {
    /// Bytes of the answer at most.
    static let headCountMax = 16 << 10
    private static let headerCountMax = 100
    private static let beginning = Array("HTTP/1.".utf8)

    /// The request.
    let request: [UInt8]
    private let accept: String

    /// Makes a request with a key of its own.
    init(_ target: WebSocketTarget, authority: String) {
        var nonce = [UInt8](repeating: 0, count: 16)
        precondition(RAND_bytes(&nonce, 16) == 1, "the system has random numbers")
        var encoded = [UInt8](repeating: 0, count: 25)
        let count = EVP_EncodeBlock(&encoded, nonce, 16)
        let key = String(decoding: encoded.prefix(Int(count)), as: UTF8.self)
        accept = WebSocketStream.accept(key: key)
        request = Array(
            """
            GET \(target.path) HTTP/1.1\r
            Host: \(authority)\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Key: \(key)\r
            Sec-WebSocket-Protocol: mqtt\r
            Sec-WebSocket-Version: 13\r
            \(target.headers.map { "\($0.name): \($0.value)\r\n" }.joined())\r

            """.utf8
        )
    }

    /// Whether an answer that begins like this can be one: who speaks something else is known at once.
    func isPossible(_ head: [UInt8]) -> Bool {
        zip(head, Self.beginning).allSatisfy { $0 == $1 }
    }

    /// What is wrong with an answer that ends with an empty line; nil if the server agrees.
    func refusal(in head: [UInt8]) -> String? {
        guard let end = head.firstIndex(of: UInt8(ascii: "\n")) else { return "no status line" }
        let words = String(decoding: head[..<end], as: UTF8.self).trimmed
            .split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let status = Int(words[1]) else { return "no status line" }
        guard status == 101 else {
            let reason = words.count > 2 ? " " + words[2].filter { $0 != "\r" } : ""
            return "the server answers \(status)\(reason)"
        }
        // The fields have the form of a request's.
        let line = Array("GET / HTTP/1.1".utf8)
        guard
            let fields = HTTPHead(line + head[end...], headerCountMax: Self.headerCountMax)?.fields
        else { return "malformed HTTP answer" }
        guard fields.list("upgrade").contains("websocket"),
            fields.list("connection").contains("upgrade"),
            fields.first("sec-websocket-accept") == accept
        else { return "the server does not agree to a WebSocket" }
        guard fields.first("sec-websocket-protocol") == "mqtt" else {
            return "the server does not agree to the subprotocol mqtt"
        }
        return nil
    }
}
