// SPDX-License-Identifier: Apache-2.0
// How a connection becomes a WebSocket.

import COpenSSL
import Encoding

/// The opening handshake of one connection (RFC 6455 section 4.1).
struct WebSocketHandshake {
    /// The answer's head is never longer in earnest.
    static let headLengthMax = 16_384

    private let key: String

    /// Prepares a handshake with a key of its own.
    init() throws(ClientError) {
        var bytes = [UInt8](repeating: 0, count: 16)
        guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else { throw .tls("No random bytes") }
        key = Base64.encode(bytes)
    }

    /// Uses a known key.
    init(key: String) { self.key = key }

    /// The request, for MQTT as the protocol [MQTT-6.0.0-3].
    func request(host: String, port: UInt16, path: String) -> [UInt8] {
        let name = host.contains(":") ? "[\(host)]" : host
        let lines = [
            "GET \(path) HTTP/1.1", "Host: \(name):\(port)", "Upgrade: websocket",
            "Connection: Upgrade", "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: mqtt", "", "",
        ]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    /// Looks for the end of the answer's head; what follows it are frames.
    ///
    /// - Returns: nil when more bytes are needed.
    func accept(_ input: [UInt8]) throws(ClientError) -> WebSocketFraming? {
        guard let end = input.firstRange(of: Array("\r\n\r\n".utf8)) else {
            guard input.count < Self.headLengthMax else {
                throw .protocolError("The broker did not answer as a WebSocket server.")
            }
            return nil
        }
        let head = String(decoding: input[..<end.lowerBound], as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        guard let status = lines.first, status.hasPrefix("HTTP/1.1 101") else {
            throw .protocolError("The broker did not accept WebSockets: \(lines.first ?? "").")
        }
        let fields = lines.dropFirst().map { $0.split(separator: ":", maxSplits: 1) }
        let answer = fields.first { $0.first?.lowercased() == "sec-websocket-accept" }?.last
        guard answer.map({ $0.split(separator: " ") == [Substring(expectedAnswer)] }) == true else {
            throw .protocolError("The broker did not answer as a WebSocket server.")
        }
        return WebSocketFraming(Array(input[end.upperBound...]))
    }

    private var expectedAnswer: String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var hash = [UInt8](repeating: 0, count: 20)
        EVP_Digest(text, text.count, &hash, nil, EVP_sha1(), nil)
        return Base64.encode(hash)
    }
}
