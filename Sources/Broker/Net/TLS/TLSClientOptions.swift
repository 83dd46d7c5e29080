// SPDX-License-Identifier: Apache-2.0
// What the client's side of TLS is made from.

/// The TLS settings of an outgoing connection.
package struct TLSClientOptions: Sendable {
    /// What the options are called in the configuration, in front of `cafile`, `certfile` and so on:
    /// for error lines.
    package var prefix = "bridge_"
    /// Authorities trusted for the server's certificate.
    package var authorityFile: String?
    /// A directory of such authorities, hashed.
    package var authorityDirectory: String?
    /// Whether the authorities of the system are trusted.
    package var usesSystemAuthorities = false
    /// The client's certificate chain.
    package var certificateFile: String?
    /// Its private key.
    package var keyFile: String?
    /// Whether the certificate may be for another host; an authority must have issued it all the same.
    package var ignoresHostName = false
    /// Whether the server's certificate is not looked at, whoever issued it: for tests.
    package var verifiesNothing = false
    /// Whether the server must show that its authority still vouches for its certificate.
    package var requiresStatus = false
    /// The protocol to offer (ALPN); nil for none.
    package var applicationProtocol: String?
    /// Whether nothing below TLS 1.3 is spoken; otherwise nothing below 1.2.
    package var requiresTLS13 = false
    /// Cipher list up to TLS 1.2.
    package var ciphers: String?
    /// Cipher suites of TLS 1.3.
    package var cipherSuites: String?
    /// A file that the secrets of connections are appended to, in the NSS key log format; nil for none.
    package var keyLogFile: String?
    /// A pre-shared key in place of certificates.
    package var preSharedKey: PreSharedKey?

    /// A pre-shared key and what it is known by.
    package struct PreSharedKey: Sendable, Equatable {
        /// What the server knows the key by.
        package let identity: String
        /// The key.
        package let key: [UInt8]

        /// Puts them together.
        package init(identity: String, key: [UInt8]) {
            self.identity = identity
            self.key = key
        }
    }

    package init() {}
}

/// What the client's side needs while it shakes hands.
struct TLSClientRules: Sendable {
    let ignoresHostName: Bool
    let preSharedKey: TLSClientOptions.PreSharedKey?

    init(_ options: TLSClientOptions) {
        ignoresHostName = options.ignoresHostName || options.verifiesNothing
        preSharedKey = options.preSharedKey
    }
}
