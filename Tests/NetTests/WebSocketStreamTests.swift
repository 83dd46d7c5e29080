// SPDX-License-Identifier: Apache-2.0
// One WebSocket from both ends, in any fragmentation.

import Testing

@testable import Net

@Suite("WebSocket stream")
struct WebSocketStreamTests {
    private static let rules = WebSocketRules(origins: [], headCountMax: 4096)
    private static let request = Array(
        ("GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n")
            .utf8
    )

    /// A stream whose upgrade was answered; the request comes in pieces.
    private static func opened(_ random: inout SeededGenerator) -> WebSocketStream {
        let stream = WebSocketStream(rules)
        var offset = 0
        while offset < request.count {
            let count = 1 + random.number(upTo: request.count - offset - 1)
            let piece = [UInt8](request[offset..<(offset + count)])
            offset += count
            switch piece.withUnsafeBytes({ stream.open($0) }) {
            case .incomplete: #expect(offset < request.count)
            case .opened(let reply):
                #expect(offset == request.count)
                let text = String(decoding: reply, as: UTF8.self)
                #expect(text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            case .joined: Issue.record("a server's side joins nothing")
            case .refused(let reason): Issue.record("refused: \(reason)")
            }
        }
        #expect(stream.isOpen)
        return stream
    }

    /// Splits unmasked frames; the last may be cut off.
    private static func frames(_ bytes: [UInt8]) -> [(opcode: UInt8, payload: [UInt8])] {
        var result: [(UInt8, [UInt8])] = []
        var rest = bytes[...]
        while let first = rest.popFirst() {
            #expect(first & 0xF0 == 0x80)
            var count = Int(rest.popFirst() ?? 0)
            let size = count == 126 ? 2 : count == 127 ? 8 : 0
            if size > 0 {
                count = rest.prefix(size).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(size)
            }
            result.append((first & 15, [UInt8](rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        return result
    }

    @Test("Each unit is one frame, wherever room ends", arguments: SeededGenerator.seeds)
    func output(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let stream = Self.opened(&random)
        var units: [[UInt8]] = []
        var source: [UInt8] = []
        var pings: [[UInt8]] = []
        var wire: [UInt8] = []
        for _ in 0..<100 {
            let limit = random.once(in: 20) ? 65_000 : 200
            let unit = TestUnit.make(random.bytes(random.number(upTo: limit)))
            units.append(unit)
            source += unit
            if random.once(in: 4) {
                let ping = random.bytes(random.number(upTo: 125))
                stream.answer(ping: ping)
                pings.append(ping)
            }
            while !source.isEmpty {
                var room = [UInt8](repeating: 0, count: 140 + random.number(upTo: 66_000))
                let (taken, written) = source.withUnsafeBytes { source in
                    room.withUnsafeMutableBytes {
                        stream.encode(source, as: TestUnit.units, into: $0)
                    }
                }
                source.removeFirst(taken)
                wire += room[..<written]
            }
        }
        let frames = Self.frames(wire)
        #expect(frames.filter { $0.opcode == 2 }.map(\.payload) == units)
        let pongs = frames.filter { $0.opcode == 10 }.map(\.payload)
        #expect(pongs.allSatisfy { pings.contains($0) })
    }

    @Test("Without units a stretch is one frame")
    func noUnits() {
        var random = SeededGenerator(seed: 1)
        let stream = Self.opened(&random)
        var room = [UInt8](repeating: 0, count: 1000)
        let (taken, written) = [UInt8](repeating: 7, count: 300).withUnsafeBytes { source in
            room.withUnsafeMutableBytes { stream.encode(source, as: nil, into: $0) }
        }
        #expect(taken == 300 && written == 304)
        #expect(Self.frames([UInt8](room[..<written])).map(\.payload.count) == [300])
    }

    @Test("A request that does not end is refused at its limit", arguments: [1, 7, 5000])
    func endless(size: Int) {
        let stream = WebSocketStream(Self.rules)
        var count = 0
        let request = Array("GET /".utf8) + [UInt8](repeating: 97, count: 12_000)
        while count < 6000 {
            let piece = [UInt8](request[count..<(count + size)])
            count += size
            switch piece.withUnsafeBytes({ stream.open($0) }) {
            case .incomplete: #expect(count < Self.rules.headCountMax)
            case .opened, .joined: Issue.record("opened")
            case .refused(let reason):
                #expect(reason == "request too large" && count >= Self.rules.headCountMax)
                return
            }
        }
        Issue.record("no limit")
    }
}
