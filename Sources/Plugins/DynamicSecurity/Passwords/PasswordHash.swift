// SPDX-License-Identifier: Apache-2.0
// Password hashes: the encoded forms, their verification and making new ones.

import COpenSSL
import Glibc

/// Makes and verifies encoded password hashes.
///
/// ```
/// $6$<base64 salt>$<base64 hash>                 SHA-512 of password and salt
/// $7$<iterations>$<base64 salt>$<base64 hash>    PBKDF2 with HMAC-SHA-512
/// $argon2id$…                                    PHC string; needs libargon2 at run time
/// ```
package enum PasswordHash {
    /// The number of bytes in every hash and in new salts.
    private static let length = 64

    /// What an encoded hash consists of.
    private enum Parsed {
        case sha512(salt: [UInt8], hash: [UInt8])
        case pbkdf2(iterations: Int32, salt: [UInt8], hash: [UInt8])
        case argon2
    }

    /// Encodes a password with a new random salt; nil when the system has no randomness to give.
    package static func make(_ password: ByteString, iterations: Int32) -> ByteString? {
        var salt = [UInt8](repeating: 0, count: length)
        guard RAND_bytes(&salt, Int32(length)) == 1 else { return nil }
        guard let hash = pbkdf2(password.bytes, salt: salt, iterations: iterations) else {
            return nil
        }
        return encode(
            iterations: Int(iterations),
            salt: Base64.encode(salt),
            hash: Base64.encode(hash)
        )
    }

    /// The encoded form of the separate fields that version 2.0 saved; nil when they are no hash.
    package static func encode(hash: ByteString, salt: ByteString, iterations: Int) -> ByteString? {
        let encoded = encode(iterations: iterations, salt: salt.bytes, hash: hash.bytes)
        return parse(encoded) == nil ? nil : encoded
    }

    /// Whether the password is the one that was encoded; false for undecodable hashes.
    package static func verify(_ password: ByteString, against encoded: ByteString) -> Bool {
        switch parse(encoded) {
        case .sha512(let salt, let hash): isEqual(hash, sha512(password.bytes + salt))
        case .pbkdf2(let iterations, let salt, let hash):
            isEqual(hash, pbkdf2(password.bytes, salt: salt, iterations: iterations))
        case .argon2: Argon2.verify(password, against: encoded)
        case nil: false
        }
    }

    /// Whether a new hash with this many iterations would be harder to break than the stored one.
    package static func isWeaker(_ encoded: ByteString, than iterations: Int32) -> Bool {
        switch parse(encoded) {
        case .sha512: true
        case .pbkdf2(let stored, let salt, _): stored < iterations || salt.count < length
        case .argon2, nil: false
        }
    }

    // MARK: - Text form

    private static func encode(iterations: Int, salt: [UInt8], hash: [UInt8]) -> ByteString {
        let dollar = [UInt8(ascii: "$")]
        return ByteString(Array("$7$\(iterations)$".utf8) + salt + dollar + hash)
    }

    private static func parse(_ encoded: ByteString) -> Parsed? {
        let parts = encoded.bytes.split(
            separator: UInt8(ascii: "$"),
            omittingEmptySubsequences: false
        )
        guard parts.count >= 4, parts[0].isEmpty else { return nil }
        switch (String(decoding: parts[1], as: UTF8.self), parts.count) {
        case ("6", 4):
            guard let (salt, hash) = decode(salt: parts[2], hash: parts[3]) else { return nil }
            return .sha512(salt: salt, hash: hash)
        case ("7", 5):
            guard let iterations = Int32(String(decoding: parts[2], as: UTF8.self)), iterations > 0,
                let (salt, hash) = decode(salt: parts[3], hash: parts[4])
            else { return nil }
            return .pbkdf2(iterations: iterations, salt: salt, hash: hash)
        case ("argon2id", _): return .argon2
        default: return nil
        }
    }

    private static func decode(
        salt: ArraySlice<UInt8>,
        hash: ArraySlice<UInt8>
    ) -> ([UInt8], [UInt8])? {
        guard let salt = Base64.decode(Array(salt)), let hash = Base64.decode(Array(hash)),
            salt.count == 12 || salt.count == length, hash.count == length
        else { return nil }
        return (salt, hash)
    }

    // MARK: - Digests

    private static func pbkdf2(_ password: [UInt8], salt: [UInt8], iterations: Int32) -> [UInt8]? {
        var hash = [UInt8](repeating: 0, count: length)
        let isDone = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.bindMemory(to: CChar.self).baseAddress,
                Int32(password.count),
                salt,
                Int32(salt.count),
                iterations,
                EVP_sha512(),
                Int32(length),
                &hash
            )
        }
        return isDone == 1 ? hash : nil
    }

    private static func sha512(_ bytes: [UInt8]) -> [UInt8]? {
        var hash = [UInt8](repeating: 0, count: length)
        return EVP_Digest(bytes, bytes.count, &hash, nil, EVP_sha512(), nil) == 1 ? hash : nil
    }

    /// Takes the same time wherever the hashes differ.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]?) -> Bool {
        guard let right, left.count == right.count else { return false }
        return CRYPTO_memcmp(left, right, left.count) == 0
    }
}

/// The standard base64 alphabet with padding and without line breaks.
enum Base64 {
    /// The text form of some bytes.
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        let count = EVP_EncodeBlock(&text, bytes, Int32(bytes.count))
        return Array(text.prefix(Int(count)))
    }

    /// The bytes of a text form; nil when it is none or empty.
    static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard !text.isEmpty, text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).reduce(0) { $1 == UInt8(ascii: "=") ? $0 + 1 : $0 }
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3)
        let count = Int(EVP_DecodeBlock(&bytes, text, Int32(text.count)))
        guard count >= padding else { return nil }
        return Array(bytes.prefix(count - padding))
    }
}

/// Argon2 through libargon2 when the system has it; looked up only once such a hash is met.
enum Argon2 {
    private typealias Verify =
        @convention(c) (UnsafePointer<CChar>, UnsafeRawPointer?, Int) -> Int32

    private static let verifyFunction: Verify? = {
        guard let library = dlopen("libargon2.so.1", RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(library, "argon2id_verify")
        else { return nil }
        return unsafeBitCast(symbol, to: Verify.self)
    }()

    /// Whether the password is the one encoded in a PHC string.
    static func verify(_ password: ByteString, against encoded: ByteString) -> Bool {
        guard let verifyFunction else { return false }
        let terminated = encoded.bytes.map { CChar(bitPattern: $0) } + [0]
        return password.bytes.withUnsafeBytes {
            verifyFunction(terminated, $0.baseAddress, $0.count) == 0
        }
    }
}
