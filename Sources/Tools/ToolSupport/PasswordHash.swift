// SPDX-License-Identifier: Apache-2.0
// Encodes passwords the way password files and dynamic-security files store them.

import CArgon2
import COpenSSL
import Encoding

/// The ways a password may be stored, by the names `mosquitto_passwd -H` knows.
package enum PasswordAlgorithm: String, Sendable, CaseIterable {
    /// Argon2id in PHC string form, one pass over 46 MiB.
    case argon2id
    /// PBKDF2-HMAC-SHA512, prefix `$7$`. What the original writes unless told otherwise.
    case sha512PBKDF2 = "sha512-pbkdf2"
    /// One round of SHA-512 over password and salt, prefix `$6$`. Weak; for old brokers only.
    case sha512
}

/// Why a password could not be encoded.
package enum PasswordHashError: Error {
    /// The operating system gave no random bytes for the salt.
    case noRandomness
    /// The hash function refused its input or ran out of memory.
    case hashFailed
}

/// Turns passwords into their stored form.
package struct PasswordHasher: Sendable {
    /// Bytes of random salt in every encoded password.
    package static let saltLength = 64
    private static let hashLength = 64

    /// How to store the password.
    package var algorithm: PasswordAlgorithm
    /// Rounds of PBKDF2, at least 1; the other algorithms ignore it.
    package var iterations: Int32

    /// Creates a hasher; the defaults are those of the original tools.
    package init(algorithm: PasswordAlgorithm = .sha512PBKDF2, iterations: Int32 = 1000) {
        self.algorithm = algorithm
        self.iterations = iterations
    }

    /// Encodes `password` with a fresh random salt.
    package func encode(_ password: [UInt8]) throws(PasswordHashError) -> String {
        var salt = [UInt8](repeating: 0, count: Self.saltLength)
        guard RAND_bytes(&salt, Int32(salt.count)) == 1 else { throw .noRandomness }
        return try encode(password, salt: salt)
    }

    /// Encodes `password` with the salt given; the same input gives the same text.
    package func encode(
        _ password: [UInt8],
        salt: [UInt8]
    ) throws(PasswordHashError) -> String {
        switch algorithm {
        case .argon2id:
            return try argon2id(password, salt: salt)
        case .sha512PBKDF2:
            let hash = try pbkdf2(password, salt: salt)
            return "$7$\(iterations)$\(Base64.encode(salt))$\(Base64.encode(hash))"
        case .sha512:
            let hash = try sha512(password + salt)
            return "$6$\(Base64.encode(salt))$\(Base64.encode(hash))"
        }
    }

    private func sha512(_ bytes: [UInt8]) throws(PasswordHashError) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: Self.hashLength)
        var length: UInt32 = 0
        guard EVP_Digest(bytes, bytes.count, &hash, &length, EVP_sha512(), nil) == 1,
            length == Self.hashLength
        else { throw .hashFailed }
        return hash
    }

    private func pbkdf2(
        _ password: [UInt8],
        salt: [UInt8]
    ) throws(PasswordHashError) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: Self.hashLength)
        let characters = password.map { CChar(bitPattern: $0) }
        let done = PKCS5_PBKDF2_HMAC(
            characters,
            Int32(characters.count),
            salt,
            Int32(salt.count),
            iterations,
            EVP_sha512(),
            Int32(hash.count),
            &hash
        )
        guard done == 1 else { throw .hashFailed }
        return hash
    }

    private func argon2id(
        _ password: [UInt8],
        salt: [UInt8]
    ) throws(PasswordHashError) -> String {
        let passes: UInt32 = 1
        let memoryKiB: UInt32 = 47_104
        let lanes: UInt32 = 1
        let capacity = argon2_encodedlen(
            passes,
            memoryKiB,
            lanes,
            UInt32(salt.count),
            UInt32(Self.hashLength),
            Argon2_id
        )
        var text = [CChar](repeating: 0, count: capacity)
        let done = argon2id_hash_encoded(
            passes,
            memoryKiB,
            lanes,
            password,
            password.count,
            salt,
            salt.count,
            Self.hashLength,
            &text,
            text.count
        )
        guard done == 0 else { throw .hashFailed }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
