// SPDX-License-Identifier: Apache-2.0
// How a connection is protected.

/// How a connection is protected.
package struct TLSOptions: Sendable, Equatable {
    /// File with the certificates to trust.
    package var caFile: String?
    /// Folder with the certificates to trust.
    package var caPath: String?
    /// Trust what the operating system trusts.
    package var usesSystemCertificates = false
    /// The client's own certificate chain, PEM.
    package var certificateFile: String?
    /// The key to the client's certificate, PEM.
    package var keyFile: String?
    /// OpenSSL cipher list for TLS 1.2 and older.
    package var ciphers: String?
    /// The oldest version to accept: `tlsv1.2` or `tlsv1.3`.
    package var minimumVersion: String?
    /// The application protocol to ask for.
    package var alpn: String?
    /// Do not compare the broker's name with its certificate; the chain is still checked.
    package var isInsecure = false
    /// The pre-shared key, in hexadecimal.
    package var psk: String?
    /// Who the pre-shared key belongs to.
    package var pskIdentity: String?

    /// Creates options that check the broker's certificate against nothing yet.
    package init() {}
}
