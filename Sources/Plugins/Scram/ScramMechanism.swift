// SPDX-License-Identifier: Apache-2.0
// The hash functions behind the SCRAM mechanisms.

import COpenSSL
import PluginSDK

/// A SCRAM mechanism without its channel-binding variant (RFC 5802, RFC 7677).
enum ScramMechanism: String, CaseIterable, Sendable {
    case sha256 = "SCRAM-SHA-256"
    case sha512 = "SCRAM-SHA-512"

    /// The suffix of the variant that requires channel binding.
    static let plusSuffix = "-PLUS"

    /// The length of the hash in bytes.
    var hashLength: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        }
    }

    private var digest: OpaquePointer? {
        switch self {
        case .sha256: EVP_sha256()
        case .sha512: EVP_sha512()
        }
    }

    /// `H(data)`; `nil` if the library fails.
    func hash(_ data: [UInt8]) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: hashLength)
        return EVP_Digest(data, data.count, &result, nil, digest, nil) == 1 ? result : nil
    }

    /// `HMAC(key, data)`; `nil` if the library fails.
    func hmac(_ key: [UInt8], _ data: [UInt8]) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: hashLength)
        let made = HMAC(digest, key, CInt(key.count), data, data.count, &result, nil)
        return made == nil ? nil : result
    }

    /// `Hi(password, salt, iterations)`, which is PBKDF2; `nil` if the library fails.
    func saltedPassword(_ password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8]? {
        guard let count = CInt(exactly: iterations), count > 0 else { return nil }
        var result = [UInt8](repeating: 0, count: hashLength)
        let code = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(password.count),
                salt,
                CInt(salt.count),
                count,
                digest,
                CInt(hashLength),
                &result
            )
        }
        return code == 1 ? result : nil
    }
}
