// SPDX-License-Identifier: Apache-2.0
// The client side of WebSocket frames (RFC 6455). No I/O.

import COpenSSL
import Encoding

/// Turns bytes into WebSocket frames and back, as a client.
///
/// MQTT takes the payloads of all binary frames as one stream of bytes [MQTT-6.0.0-2], so the
/// borders between messages are of no interest here.
struct WebSocketFraming {
    /// What the peer has sent next.
    enum Frame: Equatable {
        /// Bytes of MQTT.
        case data([UInt8])
        /// A ping, to be answered with the same bytes.
        case ping([UInt8])
        /// Something without meaning for us.
        case ignored
        /// The peer wants to end the connection.
        case close
    }

    /// Kinds of frames (RFC 6455 section 5.2).
    enum Opcode: UInt8 {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    /// Nothing in MQTT is longer: a packet of the greatest length.
    private static let payloadLengthMax: UInt64 = 268_435_460

    private var input: [UInt8] = []

    /// Starts with what came behind the handshake.
    init(_ rest: [UInt8]) { input = rest }

    /// Whether bytes wait to be taken.
    var hasInput: Bool { !input.isEmpty }

    /// Takes in what has been read.
    mutating func feed(_ bytes: [UInt8]) { input += bytes }

    /// The next whole frame, nil when more bytes are needed.
    mutating func next() throws(ClientError) -> Frame? {
        guard input.count >= 2 else { return nil }
        guard input[1] & 0x80 == 0, input[0] & 0x70 == 0 else {
            throw .protocolError("The broker sent a bad WebSocket frame.")
        }
        let extended = [126: 2, 127: 8][input[1] & 0x7F] ?? 0
        guard input.count >= 2 + extended else { return nil }
        let length =
            extended == 0
            ? UInt64(input[1] & 0x7F) : input[2..<2 + extended].reduce(0) { $0 << 8 | UInt64($1) }
        guard length <= Self.payloadLengthMax else {
            throw .protocolError("The broker sent a WebSocket frame that is too long.")
        }
        let end = 2 + extended + Int(length)
        guard input.count >= end else { return nil }
        let payload = Array(input[(2 + extended)..<end])
        let opcode = Opcode(rawValue: input[0] & 0x0F)
        input.removeFirst(end)
        switch opcode {
        case .binary, .continuation: return .data(payload)
        case .ping: return .ping(payload)
        case .pong: return .ignored
        case .close: return .close
        case .text, nil: throw .protocolError("The broker sent a bad WebSocket frame.")
        }
    }

    /// A whole frame, masked as those of clients have to be (RFC 6455 section 5.3).
    static func frame(_ opcode: Opcode, _ payload: [UInt8]) throws(ClientError) -> [UInt8] {
        let mask = try random(4)
        var bytes: [UInt8] = [0x80 | opcode.rawValue]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ..<65_536:
            bytes.append(0x80 | 126)
            bytes += bigEndian(UInt64(payload.count)).suffix(2)
        default:
            bytes.append(0x80 | 127)
            bytes += bigEndian(UInt64(payload.count))
        }
        bytes += mask
        bytes += payload.enumerated().map { $1 ^ mask[$0 & 3] }
        return bytes
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) }
    }

    private static func random(_ count: Int) throws(ClientError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_bytes(&bytes, Int32(count)) == 1 else { throw .tls("No random bytes") }
        return bytes
    }
}
