// SPDX-License-Identifier: Apache-2.0
// The channel binding `tls-server-end-point` (RFC 5929 section 4.1).

import COpenSSL

/// The server's certificate as far as channel binding is concerned.
enum ServerCertificate {
    /// The certificate's hash, made with the hash function of its signature; `nil` if there is none.
    ///
    /// MD5 and SHA-1 are replaced by SHA-256, as the RFC demands; so is the lack of a hash function (Ed25519).
    static func endPoint(path: String) -> [UInt8]? {
        guard let file = BIO_new_file(path, "r") else { return nil }
        defer { BIO_free(file) }
        guard let certificate = PEM_read_bio_X509(file, nil, nil, nil) else { return nil }
        defer { X509_free(certificate) }
        var digestNumber: CInt = NID_undef
        OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digestNumber, nil)
        let isWeak = [NID_undef, NID_md5, NID_sha1].contains(digestNumber)
        guard let name = OBJ_nid2sn(isWeak ? NID_sha256 : digestNumber),
            let digest = EVP_get_digestbyname(name)
        else { return nil }
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: CUnsignedInt = 0
        guard X509_digest(certificate, digest, &hash, &length) == 1 else { return nil }
        return Array(hash.prefix(Int(length)))
    }
}
