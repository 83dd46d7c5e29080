// SPDX-License-Identifier: Apache-2.0
// Encoded passwords against values made by the reference library.

import Testing
import ToolSupport

@Suite("Stored passwords")
struct PasswordHashTests {
    private static let vectors: [(PasswordAlgorithm, Int32, Int, String)] = [
        (
            .sha512, 1000, 12,
            "$6$AAECAwQFBgcICQoL$JqsxEv/ucyxjA5DKsQ+Y8CDWaQDNQI9FpAkmfwAqWfwZLk/JEGgM0EpylrJHAZKKyFQ"
                + "jJeZ3nFaHjPzOzPPmPw=="
        ),
        (
            .sha512, 1000, 64,
            "$6$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"
                + "Pw==$wEYf8F4/yHDmlCt3YmMXwFi//Ux0IOce8NucN+r/9QAuqoVaYz7SU9131YSsyqLHn9NUpM/F4yTaDANhOF"
                + "pYTQ=="
        ),
        (
            .sha512PBKDF2, 101, 12,
            "$7$101$AAECAwQFBgcICQoL$Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJ"
                + "NBvA+By+TXUqU6qCblO00w=="
        ),
        (
            .sha512PBKDF2, 1000, 64,
            "$7$1000$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7"
                + "PD0+Pw==$j5aX3DstWRgO5cjjfvKvsf7Z/KK812T4wGDMih+DCHQg8P7++fmj4sZcMp1smkEafZL0QZ29tE5eza"
                + "hL/nyffw=="
        ),
    ]

    @Test("the encoded form is that of the reference library", arguments: vectors)
    func vector(_ algorithm: PasswordAlgorithm, _ count: Int32, _ salt: Int, _ text: String) throws
    {
        let hasher = PasswordHasher(algorithm: algorithm, iterations: count)
        let encoded = try hasher.encode(Array("secret".utf8), salt: (0..<UInt8(salt)).map { $0 })
        #expect(encoded == text)
    }

    @Test("argon2id is a PHC string with salt and hash of 64 bytes")
    func argon2id() throws {
        let hasher = PasswordHasher(algorithm: .argon2id)
        let encoded = try hasher.encode(Array("secret".utf8))
        #expect(encoded.hasPrefix("$argon2id$v=19$m=47104,t=1,p=1$"))
        #expect(encoded.split(separator: "$").suffix(2).map(\.count) == [86, 86])
    }

    @Test("every password gets a salt of its own", arguments: PasswordAlgorithm.allCases)
    func salts(_ algorithm: PasswordAlgorithm) throws {
        let hasher = PasswordHasher(algorithm: algorithm, iterations: 1)
        let first = try hasher.encode(Array("x".utf8))
        #expect(try hasher.encode(Array("x".utf8)) != first)
    }
}
