// SPDX-License-Identifier: Apache-2.0
// The options about TLS as they were given.

/// The options about TLS as they were given.
package struct ToolTLS: Sendable, Equatable {
    package var isOff = false
    package var caFile: String?
    package var caPath: String?
    package var usesSystemCertificates = false
    package var certificateFile: String?
    package var keyFile: String?
    package var keyForm: String?
    package var ciphers: String?
    package var minimumVersion: String?
    package var applicationProtocol: String?
    package var isInsecure = false
    package var psk: String?
    package var pskIdentity: String?
    package var engine: String?
    package var enginePassword: String?
    package var keyLogFile: String?

    /// Whether an option asks for certificates of its own to be trusted.
    package var hasAuthorities: Bool { caFile != nil || caPath != nil }
}
