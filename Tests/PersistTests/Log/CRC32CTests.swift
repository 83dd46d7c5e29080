// SPDX-License-Identifier: Apache-2.0
// The checksum of the session log.

import Testing

@testable import Persist

@Suite("CRC-32C")
struct CRC32CTests {
    private static func checksum(_ bytes: [UInt8], cutAt cuts: [Int] = []) -> UInt32 {
        var crc = CRC32C()
        bytes.withUnsafeBytes { all in
            var start = 0
            for end in cuts + [all.count] {
                crc.update(UnsafeRawBufferPointer(rebasing: all[start..<end]))
                start = end
            }
        }
        return crc.value
    }

    @Test("The values of RFC 3720, appendix B.4, and of the usual check word")
    func knownValues() {
        #expect(Self.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(Self.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(Self.checksum(Array(0..<32)) == 0x46DD_794E)
        #expect(Self.checksum((0..<32).reversed()) == 0x113F_DB5C)
        #expect(Self.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(Self.checksum([]) == 0)
    }

    @Test("Pieces give what the whole gives, wherever it is cut")
    func pieces() {
        let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
        let whole = Self.checksum(bytes)
        for first in 0...bytes.count {
            #expect(Self.checksum(bytes, cutAt: [first]) == whole)
            #expect(Self.checksum(bytes, cutAt: [first / 2, first]) == whole)
        }
    }
}
