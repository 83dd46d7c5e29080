// SPDX-License-Identifier: Apache-2.0
// Clients over TLS and WebSocket.

import Foundation

/// What a test client connects over.
package enum ClientTransport: Sendable {
    case plain
    case tls(ClientTLS)
    case webSocket
    case webSocketOverTLS(ClientTLS)
}

extension RawClient {
    /// Connects to a port of 127.0.0.1 over a transport.
    package convenience init(port: Int, over transport: ClientTransport) throws {
        try self.init(port: port)
        switch transport {
        case .plain: break
        case .tls(let options): try startTLS(options)
        case .webSocket: try openWebSocket()
        case .webSocketOverTLS(let options):
            try startTLS(options)
            try openWebSocket()
        }
    }

    /// Shakes hands; from now on everything is encrypted.
    package func startTLS(_ options: ClientTLS) throws {
        let channel = try TLSChannel(socketDescriptor, options)
        try channel.handshake()
        tls = channel
    }

    /// What TLS has found out; nil without it.
    package var channel: TLSChannel? { tls }

    /// An opening request with the header lines given, or the usual ones.
    package static func upgradeRequest(
        _ line: String = "GET /mqtt HTTP/1.1",
        headers: [String] = usualHeaders
    ) -> Bytes {
        utf8(([line] + headers + ["", ""]).joined(separator: "\r\n"))
    }

    /// The header lines of an opening request.
    package static let usualHeaders = [
        "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: mqtt",
    ]

    /// The answer to an opening request with that key.
    package static func upgradeReply(subprotocol: String = "mqtt") -> String {
        [
            "HTTP/1.1 101 Switching Protocols", "Upgrade: WebSocket", "Connection: Upgrade",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "Sec-WebSocket-Protocol: \(subprotocol)", "", "",
        ].joined(separator: "\r\n")
    }

    /// Opens a WebSocket; from now on packets travel in frames.
    package func openWebSocket(file: StaticString = #fileID, line: UInt = #line) throws {
        sendRaw(Self.upgradeRequest())
        let head = try readHead(file: file, line: line)
        guard head == Self.upgradeReply() else {
            throw Mismatch("unexpected answer: \(head)", file: file, line: line)
        }
        frames = FrameReader()
    }

    /// Sends a frame that need not be a control packet.
    package func send(_ frame: WebSocketFrame) { sendRaw(frame.encoded) }

    /// Waits for the next frame that is none of packets.
    package func expectControl(
        _ opcode: UInt8,
        _ payload: Bytes,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        let deadline = Date(timeIntervalSinceNow: patienceSeconds)
        while frames?.controls.isEmpty == true, !isClosed, deadline.timeIntervalSinceNow > 0 {
            _ = nextPacket(seconds: 0.02)
        }
        guard let control = frames?.takeControl() else {
            throw Mismatch("no control frame came", file: file, line: line)
        }
        guard control.opcode == opcode, control.payload == payload else {
            throw Mismatch(
                "control frame \(control.opcode) with \(hexText(control.payload))",
                file: file,
                line: line
            )
        }
    }

    /// What was wrong with the frames of the broker so far; nil for nothing.
    package var frameComplaint: String? { frames?.complaint }
}

extension FrameReader {
    /// Takes the first control frame that has come.
    mutating func takeControl() -> (opcode: UInt8, payload: Bytes)? {
        controls.isEmpty ? nil : controls.removeFirst()
    }
}
