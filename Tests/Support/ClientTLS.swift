// SPDX-License-Identifier: Apache-2.0
// How a test client uses TLS.

/// How a test client uses TLS.
package struct ClientTLS: Sendable {
    /// The authorities it trusts; nil to trust everybody.
    package var authorities: String?
    /// Its certificate chain and key.
    package var certificate: (chain: String, key: String)?
    /// Identity and key in place of certificates.
    package var psk: (identity: String, key: Bytes)?
    /// The highest version: `TLS1_2_VERSION` and so on.
    package var maximumVersion: CInt?
    /// The lowest version.
    package var minimumVersion: CInt?
    /// The protocols it offers by ALPN.
    package var protocols: [String] = []
    /// The session to resume.
    package var session: TLSSessionTicket?

    /// Trusts everybody unless told whom.
    package init(authorities: String? = nil) {
        self.authorities = authorities
    }
}
