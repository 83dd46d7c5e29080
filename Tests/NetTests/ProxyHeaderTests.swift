// SPDX-License-Identifier: Apache-2.0
// PROXY headers: every beginning of a good one is incomplete, none traps.

import Testing

@testable import Net

@Suite("PROXY headers")
struct ProxyHeaderTests {
    private static let text = Array("PROXY TCP4 192.0.2.5 10.0.0.1 6275 1883\r\n".utf8)
    private static let binary: [UInt8] =
        [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 20]
        + [192, 0, 2, 5, 10, 0, 0, 1, 0x18, 0x83, 7, 0x5B] + [0x20, 0, 5, 1, 0, 0, 0, 0]

    @Test("Every beginning of a header is incomplete", arguments: [(text, 1), (binary, 2)])
    func beginnings(header: [UInt8], version: Int) throws {
        for count in 0..<header.count {
            #expect(try ProxyHeader.parse([UInt8](header[..<count]), version: version) == nil)
        }
        let parsed = try #require(try ProxyHeader.parse(header + [1, 2], version: version))
        #expect(parsed.length == header.count)
        #expect(parsed.peer?.host == "192.0.2.5" && parsed.peer?.port == 6275)
    }

    @Test("Every change of one byte is refused or understood", arguments: [(text, 1), (binary, 2)])
    func changes(header: [UInt8], version: Int) {
        for index in header.indices {
            for value in UInt8.min...UInt8.max {
                var changed = header
                changed[index] = value
                let parsed = try? ProxyHeader.parse(changed, version: version)
                #expect((parsed?.length ?? 0) <= changed.count)
            }
        }
    }

    @Test("The TLS part is read")
    func tls() throws {
        let parsed = try #require(try ProxyHeader.parse(Self.binary, version: 2))
        let tls = try #require(parsed.tls)
        #expect(tls.isEncrypted && !tls.hasCertificate && tls.isVerified)
    }
}

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
