// SPDX-License-Identifier: Apache-2.0
// Collects a PROXY header that arrives in pieces.

/// What a listener behind a proxy asks for.
package struct ProxyRules: Sendable {
    /// The version of the PROXY protocol, 1 or 2.
    package let version: Int
    /// Whether the client must have used TLS.
    package let requiresTLS: Bool
    /// Whether the client must have shown a certificate that the proxy verified.
    package let requiresCertificate: Bool

    package init(version: Int, requiresTLS: Bool, requiresCertificate: Bool) {
        self.version = version
        self.requiresTLS = requiresTLS
        self.requiresCertificate = requiresCertificate
    }
}

/// Collects a PROXY header and checks it.
///
/// Holds at most one header and what came with it.
struct ProxyHeaderReader {
    private let rules: ProxyRules
    private var bytes: [UInt8] = []

    init(_ rules: ProxyRules) {
        self.rules = rules
    }

    /// Whether nothing has come yet.
    var isUntouched: Bool { bytes.isEmpty }

    /// Takes bytes from the front of the stream.
    ///
    /// Returns the header when it is complete, and how many bytes of `more` belong to it; the rest
    /// is the client's.
    mutating func read(
        _ more: UnsafeRawBufferPointer
    ) throws(ProxyHeader.Failure) -> (header: ProxyHeader, used: Int)? {
        let known = bytes.count
        bytes.append(contentsOf: more.prefix(ProxyHeader.bodyCountMax + 16))
        guard let header = try ProxyHeader.parse(bytes, version: rules.version) else { return nil }
        if rules.version == 2 { try check(header) }
        return (header, header.length - known)
    }

    private func check(_ header: ProxyHeader) throws(ProxyHeader.Failure) {
        let peer = header.peer
        if rules.requiresTLS, header.tls?.isEncrypted != true { throw .noTLS(peer) }
        if rules.requiresCertificate {
            guard let tls = header.tls, tls.isEncrypted, tls.hasCertificate, tls.isVerified else {
                throw .noCertificate(peer)
            }
        }
    }
}

/// Keeps what a proxy told out of the way: most connections have nothing of the kind.
final class ProxyTLSBox {
    let tls: ProxyHeader.TLS

    init(_ tls: ProxyHeader.TLS) {
        self.tls = tls
    }
}
