// SPDX-License-Identifier: Apache-2.0
// Encoded passwords.

import PluginSDK
import Testing

@Suite("Password hashes")
struct PasswordHashTests {
    /// The password `secret`, hashed by the original's tools.
    static let vectors = [
        "$6$AAECAwQFBgcICQoL$JqsxEv/ucyxjA5DKsQ+Y8CDWaQDNQI9FpAkmfwAqWfwZLk/JEGgM0EpylrJHAZKKyFQjJeZ3nFaHjPzOzPPmPw==",
        "$6$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$wEYf8F4/yHDmlCt3YmMXwFi//Ux0IOce8NucN+r/9QAuqoVaYz7SU9131YSsyqLHn9NUpM/F4yTaDANhOFpYTQ==",
        "$7$101$AAECAwQFBgcICQoL$Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJNBvA+By+TXUqU6qCblO00w==",
        "$7$1000$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$j5aX3DstWRgO5cjjfvKvsf7Z/KK812T4wGDMih+DCHQg8P7++fmj4sZcMp1smkEafZL0QZ29tE5ezahL/nyffw==",
    ]

    @Test("Hashes of the original's tools are verified", arguments: vectors)
    func known(text: String) throws {
        let hash = try #require(PasswordHash(decoding: text.utf8))
        #expect(hash.verify(Array("secret".utf8)))
        #expect(!hash.verify(Array("Secret".utf8)))
        #expect(!hash.verify([]))
        #expect(hash.encoded == text)
    }

    @Test("Computing a known hash again gives the same text")
    func recomputed() {
        let salt = (0..<12).map { UInt8($0) }
        let password = Array("secret".utf8)
        #expect(
            PasswordHash(hashing: password, with: .sha512, salt: salt)?.encoded == Self.vectors[0]
        )
        #expect(
            PasswordHash(hashing: password, with: .pbkdf2(iterations: 101), salt: salt)?.encoded
                == Self.vectors[2]
        )
    }

    @Test(
        "New hashes are salted and verify",
        arguments: [PasswordHash.Algorithm.sha512, .pbkdf2(iterations: 7), .argon2id]
    )
    func fresh(algorithm: PasswordHash.Algorithm) throws {
        let password = Array("a b:c".utf8)
        let first = try #require(PasswordHash(hashing: password, with: algorithm))
        let second = try #require(PasswordHash(hashing: password, with: algorithm))
        #expect(first.encoded != second.encoded)
        let read = try #require(PasswordHash(decoding: first.encoded.utf8))
        #expect(read.algorithm == algorithm)
        #expect(read.verify(password))
        #expect(!read.verify(Array("a b:d".utf8)))
    }

    @Test(
        "What is not an encoded password is refused",
        arguments: [
            "", "plain", "$", "$6$", "$6$AAEC", "$5$AAECAwQFBgcICQoL$AAAA",
            "x$6$AAECAwQFBgcICQoL$AAAA",
            "$6$AAECAwQFBgcICQoL$AAAA", "$7$AAECAwQFBgcICQoL$AAAA",
            "$argon2id$v=19$m=1,t=1,p=1$AAAA",
            "$argon2id$v=16$m=8,t=1,p=1$AAECAwQFBgcICQoL$AAECAwQFBgcICQoL",
            String(vectors[0].dropLast(2)), vectors[2].replacingIterations(with: "0"),
            vectors[2].replacingIterations(with: "x"),
            vectors[0] + "$x", vectors[0].dropLast(3) + "*==",
        ]
    )
    func malformed(text: String) {
        #expect(PasswordHash(decoding: text.utf8) == nil)
    }
}

extension String {
    /// A `$7$` text with other iterations.
    fileprivate func replacingIterations(with text: String) -> String {
        var fields = split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        fields[2] = text
        return fields.joined(separator: "$")
    }
}
