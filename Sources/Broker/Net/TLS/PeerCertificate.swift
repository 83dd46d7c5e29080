// SPDX-License-Identifier: Apache-2.0
// The certificate a client has shown.

import COpenSSL
import Glibc

/// A verified X.509 certificate; shared between threads and kept for as long as anybody needs it.
package final class PeerCertificate: Sendable {
    // The address instead of the pointer, because pointers are not Sendable. OpenSSL counts
    // references atomically and nobody changes a certificate.
    private let address: UInt

    private var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }

    /// Takes over one reference.
    ///
    /// OpenSSL hands out what it has verified; a certificate has a subject, if only an empty one.
    init(owned pointer: OpaquePointer) {
        assert(X509_get_subject_name(pointer) != nil, "a certificate was parsed")
        address = UInt(bitPattern: pointer)
    }

    deinit { X509_free(pointer) }

    /// The `X509 *` with a reference of its own, which the receiver gives back with `X509_free`.
    package func addReference() -> OpaquePointer? {
        guard let pointer, X509_up_ref(pointer) == 1 else { return nil }
        return pointer
    }

    /// The certificate in DER; empty if there is no memory for it.
    package var der: [UInt8] {
        let count = i2d_X509(pointer, nil)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, written in
            var place = buffer.baseAddress
            written = max(0, Int(i2d_X509(pointer, &place)))
            assert(written == buffer.count, "a certificate is as long as it was")
        }
    }

    /// An `X509 *` of its own, made from DER, which the receiver gives back with `X509_free`; nil for what
    /// is no certificate.
    package static func parse(_ der: [UInt8]) -> OpaquePointer? {
        der.withUnsafeBufferPointer { buffer in
            var place = buffer.baseAddress
            return d2i_X509(nil, &place, buffer.count)
        }
    }

    /// The first common name of the subject; nil when there is none or when it is no text that
    /// MQTT can carry.
    package var commonName: String? {
        guard let name = X509_get_subject_name(pointer) else { return nil }
        let index = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(name, index) else { return nil }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(entry))
        guard count >= 0, let bytes else { return nil }
        defer { CRYPTO_free(bytes, nil, 0) }
        return Self.userName(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    /// The whole subject in the order and spelling of RFC 2253.
    package var subject: String? {
        guard let name = X509_get_subject_name(pointer), let bio = BIO_new(BIO_s_mem()) else {
            return nil
        }
        defer { BIO_free(bio) }
        guard X509_NAME_print_ex(bio, name, 0, Self.rfc2253) >= 0 else { return nil }
        var text: UnsafeMutableRawPointer?
        let count = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &text)
        guard count > 0, let text else { return nil }
        return Self.userName(UnsafeRawBufferPointer(start: text, count: count))
    }

    /// XN_FLAG_RFC2253 spelt out: escapes 2253, control and 8-bit characters; converts to UTF-8;
    /// dumps what it does not know; commas and pluses; last part first.
    private static let rfc2253: UInt = 0x317 | 1 << 16 | 1 << 20 | 1 << 24

    /// The bytes as a user name; nil when they are not UTF-8, contain NUL, or are too many.
    package static func userName(_ bytes: some Collection<UInt8>) -> String? {
        guard !bytes.isEmpty, bytes.count <= 65535, !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
