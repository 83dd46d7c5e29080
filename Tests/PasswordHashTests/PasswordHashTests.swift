// SPDX-License-Identifier: Apache-2.0
// Encoded passwords.

import PasswordHash
import TestSupport
import Testing

@Suite("Password hashes")
struct PasswordHashTests {
    @Test("Hashes of the original's tools are verified", arguments: PasswordVectors.all)
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
            PasswordHash(hashing: password, with: .sha512, salt: salt)?.encoded
                == PasswordVectors.all[0]
        )
        #expect(
            PasswordHash(hashing: password, with: .pbkdf2(iterations: 101), salt: salt)?.encoded
                == PasswordVectors.all[2]
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
            String(PasswordVectors.all[0].dropLast(2)),
            PasswordVectors.all[2].replacingIterations(with: "0"),
            PasswordVectors.all[2].replacingIterations(with: "x"),
            PasswordVectors.all[0] + "$x", PasswordVectors.all[0].dropLast(3) + "*==",
        ]
    )
    func malformed(text: String) {
        #expect(PasswordHash(decoding: text.utf8) == nil)
    }

    @Test("A new Argon2id hash is a PHC string with salt and hash of 64 bytes")
    func argon2id() throws {
        let hash = try #require(PasswordHash(hashing: Array("secret".utf8), with: .argon2id))
        #expect(hash.encoded.hasPrefix("$argon2id$v=19$m=47104,t=1,p=1$"))
        #expect(hash.encoded.split(separator: "$").suffix(2).map(\.count) == [86, 86])
    }

    @Test("A malformed Argon2id text may be kept, but no password is its own")
    func uncheckedArgon2() throws {
        let text = "$argon2id$v=19$m=0,t=1,p=1$AAAA$*"
        #expect(PasswordHash(decoding: text.utf8) == nil)
        let hash = try #require(PasswordHash(decoding: text.utf8, checksArgon2: false))
        #expect(hash.encoded == text)
        #expect(!hash.verify([]))
    }

    @Test("Random bytes are of the number asked for, and secrets are compared as a whole")
    func secrets() throws {
        let bytes = try #require(SystemRandom.bytes(64))
        #expect(bytes.count == 64)
        #expect(bytes != SystemRandom.bytes(64))
        #expect(isEqualInConstantTime(bytes, bytes))
        #expect(!isEqualInConstantTime(bytes, Array(bytes.dropLast())))
        #expect(!isEqualInConstantTime([1, 2, 3], [1, 2, 4]))
        #expect(isEqualInConstantTime([], []))
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
