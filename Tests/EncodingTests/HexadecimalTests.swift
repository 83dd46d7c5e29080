// SPDX-License-Identifier: Apache-2.0
// Hexadecimal digits both ways, and what is refused.

import Encoding
import Testing

@Suite("Hexadecimal digits")
struct HexadecimalTests {
    @Test("Every byte is two digits and comes back from either case")
    func everyByte() {
        for byte in UInt8.min...UInt8.max {
            let digits = String(decoding: Hexadecimal.encode([byte]), as: UTF8.self)
            let text = String(byte, radix: 16)
            #expect(digits == (text.count == 1 ? "0" : "") + text)
            let capitals = Hexadecimal.encode([byte], letters: .uppercase)
            #expect(String(decoding: capitals, as: UTF8.self) == digits.uppercased())
            #expect(Hexadecimal.decode(digits.utf8) == [byte])
            #expect(Hexadecimal.decode(capitals) == [byte])
        }
    }

    @Test("The high half comes first, and no bytes are no digits")
    func order() {
        #expect(Hexadecimal.encode([0x12, 0xAB]) == Array("12ab".utf8))
        #expect(Hexadecimal.encode([]).isEmpty)
        #expect(Hexadecimal.decode([]) == [])
    }

    @Test("A first digit on its own is a byte only where that is allowed")
    func oddCount() {
        #expect(Hexadecimal.decode("abc".utf8) == nil)
        #expect(Hexadecimal.decode("abc".utf8, allowsOddCount: true) == [0x0A, 0xBC])
        #expect(Hexadecimal.decode("f".utf8, allowsOddCount: true) == [0x0F])
    }

    @Test(
        "What is no digit is refused",
        arguments: ["0g", "/0", ":0", "@0", "G0", "`0", " 1", "0x", "é"]
    )
    func malformed(text: String) {
        #expect(Hexadecimal.decode(text.utf8) == nil)
        #expect(Hexadecimal.decode(text.utf8, allowsOddCount: true) == nil)
    }
}
