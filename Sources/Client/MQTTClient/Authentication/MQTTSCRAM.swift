// SPDX-License-Identifier: Apache-2.0
// The client's side of SCRAM (RFC 5802, RFC 7677).

import COpenSSL
import Encoding

/// Authentication by user name and password without telling the server the password; the server proves that it
/// knows it, too.
///
/// Name and password are used as they are: what is not ASCII must be in the form that the server keeps
/// (RFC 4013). Connections are not bound to their TLS channel.
public struct MQTTSCRAM: MQTTAuthentication {
    /// The hash function.
    public enum Hash: Sendable, Hashable {
        /// SHA-256.
        case sha256
        /// SHA-512.
        case sha512

        var length: Int { self == .sha256 ? 32 : 64 }

        var digest: OpaquePointer? { self == .sha256 ? EVP_sha256() : EVP_sha512() }
    }

    /// Rounds that a server may ask for at most: more would keep the client busy for seconds.
    public static let iterationsMax = 1_000_000
    /// Rounds that a server must ask for (RFC 7677 section 4).
    public static let iterationsMin = 4096

    private let hash: Hash
    private let userName: String
    private let password: [UInt8]

    /// Prepares for authentications of a user.
    public init(_ hash: Hash = .sha256, userName: String, password: String) {
        self.hash = hash
        self.userName = userName
        self.password = Array(password.utf8)
    }

    /// `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    public var method: String { hash == .sha256 ? "SCRAM-SHA-256" : "SCRAM-SHA-512" }

    /// Begins with a random number of its own.
    public func begin() throws -> any MQTTAuthenticationExchange {
        var random = [UInt8](repeating: 0, count: 24)
        guard RAND_bytes(&random, CInt(random.count)) == 1 else {
            throw MQTTError.authentication("the system has no random numbers")
        }
        return begin(nonce: Base64.encode(random))
    }

    func begin(nonce: String) -> SCRAMExchange {
        SCRAMExchange(SCRAMKeys(hash), userName: userName, password: password, nonce: nonce)
    }
}
