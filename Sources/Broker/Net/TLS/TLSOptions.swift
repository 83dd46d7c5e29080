// SPDX-License-Identifier: Apache-2.0
// What a TLS listener is made from.

/// The options of a TLS listener.
package struct TLSOptions: Sendable {
    /// The port; part of the name that keeps sessions of listeners apart.
    package var port = 0
    /// The certificate chain.
    package var certificateFile: String?
    /// The private key.
    package var keyFile: String?
    /// Authorities trusted for client certificates.
    package var authorityFile: String?
    /// A directory of such authorities, hashed.
    package var authorityDirectory: String?
    /// Revoked certificates.
    package var revocationFile: String?
    /// Lowest version as written; nil for 1.2.
    package var minimumVersion: String?
    /// Cipher list up to TLS 1.2.
    package var ciphers: String?
    /// Cipher suites of TLS 1.3.
    package var cipherSuites: String?
    /// Whether clients must show a certificate.
    package var requiresCertificate = false
    /// Whether the dates of client certificates are of no account.
    package var ignoresCertificateDates = false
    /// The hint of pre-shared keys; nil for certificates.
    package var pskHint: String?
    /// The subprotocol to choose when a client offers several (ALPN).
    package var applicationProtocol = "mqtt"
    /// Where secrets are appended for reading captured traffic.
    package var keyLogFile: String?

    package init() {}
}

/// A question for a pre-shared key.
package struct PSKQuery: Sendable {
    /// The hint of the listener.
    package let hint: String
    /// The identity the client names.
    package let identity: String
    /// Who asks.
    package let peer: PeerAddress
}

/// An answer to a question for a pre-shared key.
package enum PSKAnswer: Sendable, Equatable {
    /// The key.
    case key([UInt8])
    /// Nobody knows the identity: the handshake fails.
    case unknown
}

/// Finds pre-shared keys.
package struct PSKSource: Sendable {
    /// Whether an answer may take long: then handshakes are made on threads of the pool.
    let mayWait: Bool
    let find: @Sendable (PSKQuery) -> PSKAnswer

    package init(mayWait: Bool, find: @escaping @Sendable (PSKQuery) -> PSKAnswer) {
        self.mayWait = mayWait
        self.find = find
    }
}
