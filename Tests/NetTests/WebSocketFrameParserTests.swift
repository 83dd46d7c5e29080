// SPDX-License-Identifier: Apache-2.0
// The frame parser alone: any cut of a stream gives the same payload.

import Testing

@testable import Net

@Suite("WebSocket frames")
struct WebSocketFrameParserTests {
    /// A masked frame.
    private static func frame(
        _ opcode: UInt8,
        _ payload: [UInt8],
        isFinal: Bool = true,
        mask: [UInt8] = [1, 2, 3, 4]
    ) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ..<65536: bytes += [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            bytes.append(0xFF)
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        bytes += mask
        return bytes + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// Parses a stream cut into pieces of `size` bytes.
    private static func parse(
        _ stream: [UInt8],
        cut size: Int
    ) -> (payload: [UInt8], pings: [[UInt8]], end: WebSocketFrameParser.End?) {
        var parser = WebSocketFrameParser()
        var payload: [UInt8] = []
        var pings: [[UInt8]] = []
        var offset = 0
        while offset < stream.count {
            var piece = [UInt8](stream[offset..<min(offset + size, stream.count)])
            offset += piece.count
            let outcome = piece.withUnsafeMutableBytes { parser.parse($0) }
            payload += piece[..<outcome.payloadCount]
            if let ping = outcome.pingPayload { pings.append(ping) }
            if let end = outcome.end { return (payload, pings, end) }
        }
        return (payload, pings, nil)
    }

    private static let payload = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    @Test("Every cut of a stream gives the same payload", arguments: 1...40)
    func cuts(size: Int) {
        let content = [UInt8](Self.payload[..<300])
        let stream =
            Self.frame(2, content) + Self.frame(9, [1, 2, 3]) + Self.frame(2, [], isFinal: false)
            + Self.frame(0, content, isFinal: false) + Self.frame(9, [4]) + Self.frame(0, [9])
        let result = Self.parse(stream, cut: size)
        #expect(result.payload == content + content + [9])
        #expect(result.pings.last == [4])
        #expect(result.end == nil)
    }

    @Test(
        "Payloads at the limits of the three forms of length",
        arguments: [0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 70_000],
        [1000, 1_000_000]
    )
    func lengths(count: Int, size: Int) {
        let content = [UInt8](Self.payload[..<count])
        let result = Self.parse(Self.frame(2, content) + Self.frame(2, [1]), cut: size)
        #expect(result.payload == content + [1])
    }

    @Test("Only the latest of several pings is reported")
    func pings() {
        let result = Self.parse(Self.frame(9, [1]) + Self.frame(9, [2]), cut: 1000)
        #expect(result.pings == [[2]])
    }

    @Test("Payload in front of a broken frame is kept")
    func keepsPayload() {
        let result = Self.parse(Self.frame(2, [1, 2]) + Self.frame(3, []), cut: 1000)
        #expect(result.payload == [1, 2])
        #expect(result.end == .violation(code: 1002))
    }

    @Test(
        "Close frames",
        arguments: [
            ([], WebSocketFrameParser.End.closed(payload: [])),
            ([3, 232], .closed(payload: [3, 232])), ([3], .violation(code: 1002)),
            ([0, 0], .violation(code: 1002)), ([0x0B, 0xB8], .closed(payload: [0x0B, 0xB8])),
            ([0x13, 0x87], .closed(payload: [0x13, 0x87])), ([0x13, 0x88], .violation(code: 1002)),
            ([3, 232, 0xC0], .violation(code: 1007)),
        ]
    )
    func closing(payload: [UInt8], end: WebSocketFrameParser.End) {
        #expect(Self.parse(Self.frame(8, payload), cut: 1).end == end)
    }

    @Test("The largest payload is accepted, one byte more is not")
    func largest() {
        let head: [UInt8] = [0x82, 0xFF, 0, 0, 0, 0, 0x0F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]
        #expect(Self.parse(head, cut: 20).end == nil)
        let larger: [UInt8] = [0x82, 0xFF, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0]
        #expect(Self.parse(larger, cut: 3).end == .violation(code: 1009))
    }
}
