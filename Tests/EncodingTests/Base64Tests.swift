// SPDX-License-Identifier: Apache-2.0
// Base64 both ways, and what is refused.

import Encoding
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "RFC 4648 section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ]
    )
    func vectors(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
        #expect(Base64.decode(encoded.utf8) == Array(plain.utf8))
        let bare = encoded.filter { $0 != "=" }
        #expect(Base64.encode(plain.utf8, isPadded: false) == bare)
        #expect(Base64.decode(bare.utf8, isPadded: false) == Array(plain.utf8))
    }

    @Test("All bytes come back, whatever their number", arguments: 0...5)
    func roundTrip(count: Int) {
        for first in UInt8.min...UInt8.max {
            let bytes = (0..<count).map { first &+ 37 &* UInt8($0) }
            for isPadded in [true, false] {
                let text = Base64.encode(bytes, isPadded: isPadded)
                #expect(Base64.decode(text.utf8, isPadded: isPadded) == bytes)
            }
        }
    }

    @Test(
        "What is no padded Base64 is refused",
        arguments: [
            "Zg", "Zg=", "Z===", "Zm 9v", "Zg==Zg==", "Z", "-_-_", "====", "=Zm9", "Zm9v\n",
            "Zm9v\0AAA",
        ]
    )
    func malformed(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
        #expect(Base64.decode(text.utf8, isCanonical: false) == nil)
    }

    @Test(
        "Without padding there is no =, and no character on its own",
        arguments: ["Zg==", "Z", "Zm9vZ"]
    )
    func malformedWithoutPadding(text: String) {
        #expect(Base64.decode(text.utf8, isPadded: false) == nil)
        #expect(Base64.decode(text.utf8, isPadded: false, isCanonical: false) == nil)
    }

    @Test(
        "Bits that mean nothing must be zero where the form is canonical",
        arguments: ["Zh==", "Zm9="]
    )
    func unusedBits(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
        #expect(Base64.decode(text.utf8, isCanonical: false)?.first == UInt8(ascii: "f"))
    }
}
