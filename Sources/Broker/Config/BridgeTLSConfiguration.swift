// SPDX-License-Identifier: Apache-2.0
// How a bridge protects its connection.

/// The TLS options of a bridge.
package struct BridgeTLSConfiguration: Sendable, Hashable {
    /// The file of trusted certificate authorities.
    package var cafile: String?
    /// The directory of trusted certificate authorities.
    package var capath: String?
    /// The certificate shown to the remote.
    package var certfile: String?
    /// The key of that certificate.
    package var keyfile: String?
    /// Whether the authorities of the operating system are trusted.
    package var useOsCerts = false
    /// The cipher list up to TLS 1.2.
    package var ciphers: String?
    /// The cipher suites of TLS 1.3.
    package var ciphersTls13: String?
    /// The lowest TLS version as written; nil is 1.2.
    package var version: String?
    /// Whether the remote's certificate is not verified.
    package var insecure = false
    /// Whether the remote must staple an OCSP response.
    package var requireOcsp = false
    /// The one ALPN protocol offered.
    package var alpn: String?
    /// The PSK identity.
    package var identity: String?
    /// The pre-shared key in hexadecimal.
    package var psk: String?

    /// TLS switched off.
    package init() {}

    /// Whether the bridge speaks TLS, with certificates or a pre-shared key.
    package var isSwitchedOn: Bool { cafile != nil || capath != nil || useOsCerts || psk != nil }
}
