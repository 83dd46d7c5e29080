// SPDX-License-Identifier: Apache-2.0
// SCRAM on the client's side (RFC 5802, RFC 7677).

import COpenSSL
import Encoding
package import MQTTClient

/// A hash function that SCRAM is used with.
package enum ScramHash: String, Sendable, CaseIterable {
    case sha256 = "SCRAM-SHA-256"
    case sha512 = "SCRAM-SHA-512"

    /// The hash of an authentication method; nil if that is none of SCRAM's.
    package init?(method: String) { self.init(rawValue: method) }

    /// Bytes of a hash.
    var byteCount: Int { self == .sha256 ? 32 : 64 }

    private var function: OpaquePointer? { self == .sha256 ? EVP_sha256() : EVP_sha512() }

    func hash(_ bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: byteCount)
        EVP_Digest(bytes, bytes.count, &result, nil, function, nil)
        return result
    }

    func hmac(_ key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: byteCount)
        _ = HMAC(function, key, CInt(key.count), bytes, bytes.count, &result, nil)
        return result
    }

    /// PBKDF2 with HMAC of this hash: `Hi` of RFC 5802.
    func stretch(_ password: [UInt8], salt: [UInt8], iterations: Int32) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: byteCount)
        password.withUnsafeBytes { bytes in
            _ = PKCS5_PBKDF2_HMAC(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(bytes.count),
                salt,
                CInt(salt.count),
                iterations,
                function,
                CInt(byteCount),
                &result
            )
        }
        return result
    }
}

/// Proves with SCRAM that one knows a password, without sending it, and has the server prove that it knows
/// what belongs to it.
///
/// User name and password are sent as they are: they are not prepared (RFC 4013), so ones beyond ASCII should be
/// given in the form in which the server has them.
package struct ScramAuthentication: MQTTAuthentication {
    private let hash: ScramHash
    private let userName: String
    private let password: [UInt8]
    private let fixedNonce: String?

    /// Authenticates a user; `nonce` is for tests, it is random otherwise.
    package init(hash: ScramHash, userName: String, password: [UInt8], nonce: String? = nil) {
        self.hash = hash
        self.userName = userName
        self.password = password
        fixedNonce = nonce
    }

    package var method: String { hash.rawValue }

    package func begin() throws -> any MQTTAuthenticationExchange {
        var bytes = [UInt8](repeating: 0, count: 24)
        guard RAND_bytes(&bytes, CInt(bytes.count)) == 1 else { throw ScramProblem.noRandomness }
        return ScramExchange(
            hash: hash,
            userName: userName,
            password: password,
            nonce: fixedNonce ?? Base64.encode(bytes)
        )
    }
}

/// Why an exchange cannot go on.
package enum ScramProblem: Error, CustomStringConvertible {
    case noRandomness
    case malformed
    case wrongNonce
    case tooManyIterations
    case serverNotProven

    package var description: String {
        switch self {
        case .noRandomness: "no random bytes"
        case .malformed: "the broker's challenge is malformed"
        case .wrongNonce: "the broker answered somebody else"
        case .tooManyIterations: "the broker wants too many or too few iterations"
        case .serverNotProven: "the broker does not know the password"
        }
    }
}
