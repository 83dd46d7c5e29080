// SPDX-License-Identifier: Apache-2.0
// PROXY headers that come in pieces.

import Testing

@testable import Net

@Suite("PROXY reader")
struct ProxyHeaderReaderTests {
    private static let text = Array("PROXY TCP6 2001:db8::1 ::1 65535 1\r\n".utf8)

    /// A binary header with an address block of 12 bytes and `extra` bytes of entries nobody knows.
    private static func binary(extra: Int) -> [UInt8] {
        let count = 12 + extra
        let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
        let head: [UInt8] = [0x21, 0x11, UInt8(count >> 8), UInt8(count & 0xFF)]
        let body: [UInt8] = [192, 0, 2, 5, 10, 0, 0, 1, 0x18, 0x83, 7, 0x5B]
        guard extra > 0 else { return signature + head + body }
        let rest = extra - 3
        let entry: [UInt8] = [0xEE, UInt8(rest >> 8), UInt8(rest & 0xFF)]
        return signature + head + body + entry + [UInt8](repeating: 1, count: rest)
    }

    @Test("In any fragmentation the header ends where it ends", arguments: SeededGenerator.seeds)
    func fragments(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<400 {
            let version = 1 + round % 2
            let extra = [0, 3, 100, 488][round / 2 % 4]
            let header = version == 1 ? Self.text : Self.binary(extra: extra)
            let stream = header + random.bytes(random.number(upTo: 2000))
            let rules = ProxyRules(version: version, requiresTLS: false, requiresCertificate: false)
            var reader = ProxyHeaderReader(rules)
            var offset = 0
            var found: Int?
            while found == nil, offset < stream.count {
                let limit = random.once(in: 2) ? 10 : stream.count
                let count = 1 + random.number(upTo: min(limit, stream.count - offset) - 1)
                let piece = [UInt8](stream[offset..<(offset + count)])
                if let (parsed, used) = try piece.withUnsafeBytes({ try reader.read($0) }) {
                    #expect(used >= 0 && used <= count && parsed.length == header.count)
                    found = offset + used
                }
                offset += count
            }
            #expect(found == header.count)
        }
    }

    @Test("Broken headers are refused or end within what came", arguments: SeededGenerator.seeds)
    func broken(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<400 {
            let version = 1 + round % 2
            var stream = version == 1 ? Self.text : Self.binary(extra: 100)
            for _ in 0...random.number(upTo: 3) {
                stream[random.number(upTo: stream.count - 1)] = UInt8(random.number(upTo: 255))
            }
            stream += random.bytes(600)
            let rules = ProxyRules(version: version, requiresTLS: false, requiresCertificate: false)
            var reader = ProxyHeaderReader(rules)
            var offset = 0
            while offset < stream.count {
                let count = 1 + random.number(upTo: min(90, stream.count - offset) - 1)
                let piece = [UInt8](stream[offset..<(offset + count)])
                do {
                    if let (_, used) = try piece.withUnsafeBytes({ try reader.read($0) }) {
                        #expect(used >= 0 && used <= count)
                        break
                    }
                } catch {
                    break
                }
                offset += count
            }
            #expect(offset <= ProxyHeader.bodyCountMax + 16, "an endless header is refused")
        }
    }
}
