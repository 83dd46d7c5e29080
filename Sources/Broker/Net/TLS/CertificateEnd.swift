// SPDX-License-Identifier: Apache-2.0
// When certificates end, for those who watch them.

import COpenSSL
import Glibc

/// When a certificate of a listener ends.
package struct CertificateEnd: Sendable, Equatable {
    /// Whose certificate it is.
    package enum Kind: String, Sendable {
        /// The broker's own.
        case server
        /// Of the authorities that clients' certificates come from, the one that ends first.
        case authority
    }

    package let kind: Kind
    /// The last second since 1970 in which it is good.
    package let second: Int64

    /// The ends of what a context was given; empty with pre-shared keys.
    static func all(of context: OpaquePointer) -> [CertificateEnd] {
        var ends: [CertificateEnd] = []
        if let second = SSL_CTX_get0_certificate(context).flatMap(second) {
            ends.append(CertificateEnd(kind: .server, second: second))
        }
        if let second = authorities(of: context).min() {
            ends.append(CertificateEnd(kind: .authority, second: second))
        }
        return ends
    }

    private static func authorities(of context: OpaquePointer) -> [Int64] {
        guard let store = SSL_CTX_get_cert_store(context),
            let list = X509_STORE_get1_all_certs(store)
        else { return [] }
        defer { OPENSSL_sk_pop_free(list) { X509_free(OpaquePointer($0)) } }
        return (0..<OPENSSL_sk_num(list)).compactMap { index in
            OPENSSL_sk_value(list, index).flatMap { second(OpaquePointer($0)) }
        }
    }

    private static func second(_ certificate: OpaquePointer) -> Int64? {
        guard let end = X509_get0_notAfter(certificate) else { return nil }
        var parts = tm()
        guard ASN1_TIME_to_tm(end, &parts) == 1 else { return nil }
        return Int64(timegm(&parts))
    }
}
