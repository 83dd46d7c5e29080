// SPDX-License-Identifier: Apache-2.0
// How a listener protects its connections.

/// The options of certificate TLS on a listener.
package struct TLSConfiguration: Sendable, Equatable {
    /// The file of certificate authorities trusted for client certificates.
    package var cafile: String?
    /// The directory of such authorities.
    package var capath: String?
    /// The server's certificate chain.
    package var certfile: String?
    /// The server's private key.
    package var keyfile: String?
    /// The cipher list up to TLS 1.2.
    package var ciphers: String?
    /// The cipher suites of TLS 1.3.
    package var ciphersTls13: String?
    /// The file of revoked certificates.
    package var crlfile: String?
    /// Whether expired and not yet valid client certificates are accepted.
    package var disableClientCertDateChecks = false
    /// Whether clients must show a certificate.
    package var requireCertificate = false
    /// The OpenSSL engine.
    package var tlsEngine: String?
    /// The SHA-1 of the engine's password, 40 hexadecimal digits.
    package var tlsEngineKpassSha1: String?
    /// Whether `keyfile` names a key of the engine.
    package var isEngineKey = false
    /// The lowest TLS version as written; nil is 1.2.
    package var tlsVersion: String?
    /// Whether the certificate's common name or the PSK identity becomes the username.
    package var useIdentityAsUsername = false
    /// Whether the certificate's subject becomes the username.
    package var useSubjectAsUsername = false

    /// TLS switched off.
    package init() {}

    /// Whether the listener speaks TLS with a certificate.
    package var isEnabled: Bool { certfile != nil && keyfile != nil }
}
