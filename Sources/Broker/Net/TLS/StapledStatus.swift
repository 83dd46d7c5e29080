// SPDX-License-Identifier: Apache-2.0
// What an authority says of a server's certificate, as the server hands it on (RFC 6066 section 8).

import COpenSSL

/// Demands a stapled OCSP response: signed by the certificate's authority or on its behalf, in force now,
/// and saying that the certificate is good (RFC 6960).
enum StapledStatus {
    /// Seconds by which clocks may differ.
    private static let clockSkew = 300

    /// Has every handshake of a client's context ask for a response, and fail without a good one.
    static func require(_ context: OpaquePointer) {
        _ = SSL_CTX_ctrl(
            context,
            SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE,
            Int(TLSEXT_STATUSTYPE_ocsp),
            nil
        )
        let callback: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt = {
            ssl,
            _ in
            guard let ssl else { return 0 }
            // What was wrong in particular would be taken for the reason of the handshake.
            defer { ERR_clear_error() }
            return StapledStatus.isGood(ssl) ? 1 : 0
        }
        _ = SSL_CTX_callback_ctrl(
            context,
            SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
            unsafeBitCast(callback, to: (@convention(c) () -> Void).self)
        )
    }

    private static func isGood(_ ssl: OpaquePointer) -> Bool {
        var bytes: UnsafePointer<UInt8>?
        let count = withUnsafeMutablePointer(to: &bytes) {
            SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, $0)
        }
        guard count > 0, let response = d2i_OCSP_RESPONSE(nil, &bytes, count) else { return false }
        defer { OCSP_RESPONSE_free(response) }
        guard OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL,
            let basic = OCSP_response_get1_basic(response)
        else { return false }
        defer { OCSP_BASICRESP_free(basic) }
        guard let store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl)),
            let chain = SSL_get0_verified_chain(ssl),
            let certificate = SSL_get0_peer_certificate(ssl),
            OCSP_basic_verify(basic, chain, store, 0) == 1
        else { return false }
        // A certificate that signs itself is its own authority.
        let issuer = OPENSSL_sk_value(chain, 1) ?? OPENSSL_sk_value(chain, 0)
        guard let issuer = issuer.map({ OpaquePointer($0) }) else { return false }
        return isGood(certificate, issuer, basic)
    }

    /// Whether one of the responses says so of this certificate, in whatever hash it names it.
    private static func isGood(
        _ certificate: OpaquePointer,
        _ issuer: OpaquePointer,
        _ basic: OpaquePointer
    ) -> Bool {
        for digest in [EVP_sha1(), EVP_sha256()] {
            guard let identifier = OCSP_cert_to_id(digest, certificate, issuer) else { continue }
            defer { OCSP_CERTID_free(identifier) }
            var status: CInt = -1
            var thisUpdate: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
            var nextUpdate: UnsafeMutablePointer<ASN1_GENERALIZEDTIME>?
            guard
                OCSP_resp_find_status(
                    basic,
                    identifier,
                    &status,
                    nil,
                    nil,
                    &thisUpdate,
                    &nextUpdate
                ) == 1
            else { continue }
            return status == V_OCSP_CERTSTATUS_GOOD
                && OCSP_check_validity(thisUpdate, nextUpdate, clockSkew, -1) == 1
        }
        return false
    }
}
