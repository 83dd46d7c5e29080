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

    @Test("[PROXY-2.2.3] The checksum is CRC-32C of the header with zeros in its place")
    func checksum() {
        // The test value of RFC 3720, appendix B.4: 32 bytes of zeros.
        let zeros = [UInt8](repeating: 0, count: 32)[...]
        #expect(ProxyChecksum.value(of: zeros, withoutFourAt: 7) == 0x8A91_36AA)
        var other = zeros
        other.replaceSubrange(7..<11, with: [1, 2, 3, 4])
        #expect(ProxyChecksum.value(of: other, withoutFourAt: 7) == 0x8A91_36AA)
        other[11] = 1
        #expect(ProxyChecksum.value(of: other, withoutFourAt: 7) != 0x8A91_36AA)
    }

    @Test("[PROXY-2.2] LOCAL is complete with its body, whatever that holds")
    func local() throws {
        var header = Self.binary
        header[12] = 0x20
        for family in UInt8.min...UInt8.max {
            header[13] = family
            #expect(try ProxyHeader.parse([UInt8](header.dropLast()), version: 2) == nil)
            let parsed = try #require(try ProxyHeader.parse(header, version: 2))
            #expect(parsed.peer == nil && parsed.tls == nil && parsed.length == header.count)
        }
    }

    @Test("The TLS part is read")
    func tls() throws {
        let parsed = try #require(try ProxyHeader.parse(Self.binary, version: 2))
        let tls = try #require(parsed.tls)
        #expect(tls.isEncrypted && !tls.hasCertificate && tls.isVerified)
    }
}
