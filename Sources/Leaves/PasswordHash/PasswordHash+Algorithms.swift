// SPDX-License-Identifier: Apache-2.0
// The three hash functions, as OpenSSL and libargon2 compute them.

import CArgon2
import COpenSSL

extension PasswordHash {
    /// Bytes of every hash.
    static let hashLength = 64

    /// SHA-512 of password and salt.
    static func sha512(_ password: [UInt8], _ salt: [UInt8]) -> [UInt8]? {
        var input = password + salt
        defer { OPENSSL_cleanse(&input, input.count) }
        var hash = [UInt8](repeating: 0, count: hashLength)
        return EVP_Digest(input, input.count, &hash, nil, EVP_sha512(), nil) == 1 ? hash : nil
    }

    /// PBKDF2-HMAC-SHA512; nil for less than one iteration.
    static func pbkdf2(_ password: [UInt8], _ salt: [UInt8], _ iterations: Int) -> [UInt8]? {
        guard let count = CInt(exactly: iterations), count >= 1 else { return nil }
        var hash = [UInt8](repeating: 0, count: hashLength)
        let code = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(password.count),
                salt,
                CInt(salt.count),
                count,
                EVP_sha512(),
                CInt(hashLength),
                &hash
            )
        }
        return code == 1 ? hash : nil
    }

    /// The text of an Argon2id hash, at the costs of the original's tools.
    static func argon2(_ password: [UInt8], _ salt: [UInt8]) -> String? {
        let (passes, kibibytes, lanes): (UInt32, UInt32, UInt32) = (1, 47_104, 1)
        let length = argon2_encodedlen(
            passes,
            kibibytes,
            lanes,
            UInt32(salt.count),
            UInt32(hashLength),
            Argon2_id
        )
        var text = [CChar](repeating: 0, count: length)
        let code = argon2id_hash_encoded(
            passes,
            kibibytes,
            lanes,
            password,
            password.count,
            salt,
            salt.count,
            hashLength,
            &text,
            length
        )
        guard code == ARGON2_OK.rawValue else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether a text is the Argon2id hash of a password.
    static func verifyArgon2(_ password: [UInt8], _ encoded: String) -> Bool {
        argon2id_verify(encoded, password, password.count) == ARGON2_OK.rawValue
    }
}
