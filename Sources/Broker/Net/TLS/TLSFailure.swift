// SPDX-License-Identifier: Apache-2.0
// Why a handshake has failed, in words.

import COpenSSL

/// Why a TLS handshake has failed.
package struct TLSFailure: Sendable, Equatable {
    /// OpenSSL's words.
    package let error: String
    /// The same for people, a few words without a full stop; nil where nobody knows better.
    package let explanation: String?

    init(_ error: String) {
        self.error = error
        explanation = nil
    }

    /// The first error that OpenSSL has noted on this thread, about `ssl`.
    ///
    /// - Parameters:
    ///   - firstByte: what the client began with
    ///   - pskIdentity: the identity it named, if the connection has pre-shared keys
    ///   - isKnown: whether a key was found for it
    init(_ ssl: OpaquePointer, firstByte: UInt8?, pskIdentity: String?, isKnown: Bool) {
        let code = ERR_get_error()
        ERR_clear_error()
        error = code == 0 ? "unexpected end" : TLSError.text(code)
        // Reasons are numbered by the part of OpenSSL that gives them: bits 23 to 30.
        let isOfTLS = CInt(truncatingIfNeeded: code >> 23 & 0xFF) == ERR_LIB_SSL
        let reason = isOfTLS ? CInt(truncatingIfNeeded: code & 0x7F_FFFF) : 0
        if let firstByte, firstByte != Self.handshakeRecord {
            explanation = Self.notTLS(firstByte)
        } else if let pskIdentity, !isKnown {
            explanation = "nobody knows the pre-shared key of '\(pskIdentity)'"
        } else if reason == SSL_R_CERTIFICATE_VERIFY_FAILED {
            explanation = Self.verification(SSL_get_verify_result(ssl))
        } else if let pskIdentity, Self.isWrongKey(reason, isOfTLS: isOfTLS, code) {
            explanation = "the client has another pre-shared key for '\(pskIdentity)'"
        } else {
            explanation = Self.words[reason]
        }
    }

    /// The first error that OpenSSL has noted on this thread, about `ssl`, whose peer is a server.
    init(ofServer ssl: OpaquePointer) {
        let code = ERR_get_error()
        ERR_clear_error()
        error = code == 0 ? "unexpected end" : TLSError.text(code)
        let isOfTLS = CInt(truncatingIfNeeded: code >> 23 & 0xFF) == ERR_LIB_SSL
        let reason = isOfTLS ? CInt(truncatingIfNeeded: code & 0x7F_FFFF) : 0
        explanation =
            reason == SSL_R_CERTIFICATE_VERIFY_FAILED
            ? Self.verification(SSL_get_verify_result(ssl), of: "the server's")
            : Self.wordsAboutServer[reason]
    }

    /// The first byte of every TLS connection: a record of type handshake.
    private static let handshakeRecord: UInt8 = 0x16

    private static func notTLS(_ firstByte: UInt8) -> String {
        switch firstByte {
        case 0x10: "the client speaks MQTT without TLS"
        case 0x41...0x5A: "the client sends plain text, such as HTTP, instead of TLS"
        default: "what the client sends is no TLS"
        }
    }

    /// What is wrong with the certificate that the peer has shown.
    private static func verification(_ result: Int, of whose: String = "the client's") -> String {
        switch CInt(truncatingIfNeeded: result) {
        case X509_V_ERR_CERT_HAS_EXPIRED: "\(whose) certificate has expired"
        case X509_V_ERR_CERT_NOT_YET_VALID: "\(whose) certificate is not valid yet"
        case X509_V_ERR_CERT_REVOKED: "\(whose) certificate is revoked"
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            "no known authority has issued \(whose) certificate"
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: "\(whose) certificate is self-signed"
        case X509_V_ERR_CRL_HAS_EXPIRED: "the list of revoked certificates (crlfile) has expired"
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            "the list of revoked certificates (crlfile) is not of the certificate's authority"
        case X509_V_ERR_INVALID_PURPOSE:
            "\(whose) certificate is not for \(whose == "the client's" ? "clients" : "servers")"
        case X509_V_ERR_HOSTNAME_MISMATCH: "\(whose) certificate is for another host name"
        case X509_V_ERR_IP_ADDRESS_MISMATCH: "\(whose) certificate is for another address"
        default:
            "\(whose) certificate: "
                + (X509_verify_cert_error_string(result).map { String(cString: $0) } ?? "\(result)")
        }
    }

    /// Whether the two sides have different pre-shared keys: what one has encrypted the other cannot
    /// read, of which with TLS 1.2 only the cipher complains.
    private static func isWrongKey(_ reason: CInt, isOfTLS: Bool, _ code: UInt) -> Bool {
        isOfTLS ? wrongKeyReasons.contains(reason) : code != 0
    }

    /// What OpenSSL says when the two sides have different keys.
    private static let wrongKeyReasons: Set<CInt> = [
        SSL_R_DIGEST_CHECK_FAILED, SSL_R_BINDER_DOES_NOT_VERIFY,
        SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_R_BAD_DIGEST_LENGTH,
    ]

    /// Reasons of OpenSSL in other words; alerts are what the client has told about its view.
    private static let words: [CInt: String] = [
        SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: "the client has no certificate",
        SSL_R_NO_SHARED_CIPHER: "client and listener have no cipher in common",
        SSL_R_UNSUPPORTED_PROTOCOL: "the client speaks no TLS version that the listener takes",
        SSL_R_WRONG_VERSION_NUMBER: "the client speaks no TLS version that the listener takes",
        SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
            "the client takes no signature that the listener's key can make",
        SSL_R_NO_SHARED_GROUPS: "client and listener have no group in common",
        SSL_R_UNEXPECTED_EOF_WHILE_READING: "the client has closed the connection meanwhile",
        SSL_R_HTTP_REQUEST: "the client speaks HTTP without TLS",
        SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            "the client finds nothing in common (alert handshake failure)",
        SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
            "the client rejects the listener's certificate, perhaps because it is for another host"
            + " name (alert bad certificate)",
        SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
            "the client cannot use the listener's certificate (alert unsupported certificate)",
        SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
            "the client takes the listener's certificate for revoked (alert certificate revoked)",
        SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            "the client takes the listener's certificate for expired (alert certificate expired)",
        SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
            "the client rejects the listener's certificate (alert certificate unknown)",
        SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            "the client does not know the authority of the listener's certificate (alert unknown CA)",
        SSL_R_TLSV1_ALERT_ACCESS_DENIED:
            "the client rejects the listener's certificate (alert access denied)",
        SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
            "the client cannot verify what the listener has signed (alert decrypt error)",
        SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            "the client does not take the TLS version (alert protocol version)",
        SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
            "the listener's ciphers are too weak for the client (alert insufficient security)",
        SSL_R_TLSV1_ALERT_INTERNAL_ERROR: "the client has failed (alert internal error)",
        SSL_R_TLSV1_ALERT_USER_CANCELLED: "the client has given up (alert user cancelled)",
        SSL_R_TLSV1_UNRECOGNIZED_NAME: "the client is told another name (alert unrecognized name)",
    ]

    /// Reasons of OpenSSL in other words, on the client's side; alerts are what the server has told.
    private static let wordsAboutServer: [CInt: String] = [
        SSL_R_UNSUPPORTED_PROTOCOL: "the server speaks no TLS version that is taken here",
        SSL_R_WRONG_VERSION_NUMBER: "the server does not speak TLS here",
        SSL_R_INVALID_STATUS_RESPONSE:
            "the server does not show that its authority still vouches for its certificate (OCSP)",
        SSL_R_UNEXPECTED_EOF_WHILE_READING: "the server has closed the connection meanwhile",
        SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            "the server finds nothing in common (alert handshake failure)",
        SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
            "the server rejects the client's certificate (alert bad certificate)",
        SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
            "the server takes the client's certificate for revoked (alert certificate revoked)",
        SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            "the server takes the client's certificate for expired (alert certificate expired)",
        SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            "the server does not know the authority of the client's certificate (alert unknown CA)",
        SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
            "the server asks for a certificate of the client (alert certificate required)",
        SSL_R_TLSV1_ALERT_ACCESS_DENIED: "the server lets this client not in (alert access denied)",
        SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
            "the server has another pre-shared key, or cannot verify a signature (alert decrypt error)",
        SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            "the server does not take the TLS version (alert protocol version)",
        SSL_R_TLSV1_UNRECOGNIZED_NAME: "the server has no such name (alert unrecognized name)",
        SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
            "the server does not speak the protocol of bridge_alpn (alert no application protocol)",
    ]
}
