// SPDX-License-Identifier: Apache-2.0
// How a connection is protected.

/// How a connection is protected.
///
/// A server's certificate must come from an authority that is trusted, and be for the host that one
/// connects to.
public struct MQTTTLS: Sendable, Hashable {
    /// A version of TLS.
    public enum Version: Sendable, Hashable {
        /// TLS 1.2.
        case v12
        /// TLS 1.3.
        case v13
    }

    /// A pre-shared key and what the server knows it by.
    public struct PreSharedKey: Sendable, Hashable {
        /// What the server knows the key by.
        public var identity: String
        /// The key.
        public var key: [UInt8]

        /// Puts them together.
        public init(identity: String, key: [UInt8]) {
            self.identity = identity
            self.key = key
        }
    }

    /// Whether the authorities that the operating system trusts are trusted.
    public var trustsSystem: Bool
    /// A file with the certificates of authorities that are trusted, in PEM form.
    public var authorityFile: String?
    /// A folder with such certificates, under the names that OpenSSL looks for.
    public var authorityFolder: String?
    /// The client's own certificate and those that lead to its authority, in PEM form.
    public var certificateFile: String?
    /// The private key of the client's certificate, in PEM form.
    public var keyFile: String?
    /// A pre-shared key in place of certificates; TLS 1.2.
    public var preSharedKey: PreSharedKey?
    /// The oldest version that is spoken.
    public var minimumVersion = Version.v12
    /// Ciphers up to TLS 1.2, as OpenSSL lists them; nil for what is usual.
    public var ciphers: String?
    /// Cipher suites of TLS 1.3; nil for what is usual.
    public var cipherSuites: String?
    /// The application protocol that is offered (ALPN); nil for none.
    public var applicationProtocol: String?
    /// Whether the certificate may be for another host; an authority must have issued it all the same.
    public var ignoresHostName = false
    /// Whether the certificate is not looked at at all: anybody on the way can read and change everything.
    public var verifiesNothing = false
    /// A file that the secrets of connections are appended to, in the NSS key log format.
    public var keyLogFile: String?
    /// An engine of OpenSSL; those are not supported.
    package var engine: String?

    /// Trusts what the system trusts, or the authorities in a file.
    public init(authorityFile: String? = nil) {
        self.authorityFile = authorityFile
        trustsSystem = authorityFile == nil
    }
}
