// SPDX-License-Identifier: Apache-2.0
// The TLS settings of a listener in OpenSSL's form.

import COpenSSL
import Glibc

/// The certificate, key, authorities and ciphers of one listener, read once.
///
/// A reload makes another one; connections keep theirs.
package final class TLSContext: Sendable {
    // The address instead of the pointer, because pointers are not Sendable. Nothing changes an
    // `SSL_CTX` after `init`, and OpenSSL counts references atomically.
    private let address: UInt

    /// The threads that shake hands.
    let pool: HandshakePool
    let pskHint: String?
    let keyLogFile: String?
    /// The protocol that is chosen by ALPN, in wire form: a length and the name.
    let applicationProtocol: [UInt8]
    private let pskSource: PSKSource?
    /// How handshakes go.
    package let figures: TLSFigures
    /// Whether this side begins the handshake; then who it is and whom it trusts.
    let client: TLSClientRules?
    /// When the certificates end that were read.
    package let certificateEnds: [CertificateEnd]

    /// Whether reactors may make the steps of a handshake: each takes about a millisecond at most
    /// and waits for nobody.
    var isQuick: Bool {
        if let pskSource { return !pskSource.mayWait }
        return EVP_PKEY_get_bits(SSL_CTX_get0_privatekey(pointer)) <= Self.quickKeyBitsMax
    }

    /// A signature with a longer RSA key takes several milliseconds; keys of curves are all shorter.
    private static let quickKeyBitsMax: CInt = 2048

    var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }

    /// Reads every file.
    ///
    /// Blocks; not for reactors.
    package init(
        _ options: TLSOptions,
        pool: HandshakePool,
        pskSource: PSKSource? = nil,
        figures: TLSFigures = TLSFigures()
    ) throws(TLSError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw TLSError("Error: Unable to create TLS context.")
        }
        address = UInt(bitPattern: context)
        self.pool = pool
        self.pskSource = pskSource
        self.figures = figures
        client = nil
        pskHint = options.pskHint
        keyLogFile = options.keyLogFile
        let name = Array(options.applicationProtocol.utf8)
        precondition((1...255).contains(name.count), "ALPN writes the length in a byte")
        applicationProtocol = [UInt8(name.count)] + name
        try Self.setProtocol(context, options)
        try Self.setCiphers(context, options)
        if options.pskHint == nil {
            try Self.setCertificate(context, options)
            try Self.setAuthorities(context, options)
            Self.setVerification(context, options)
        } else {
            Self.setKeys(context, options)
        }
        certificateEnds = CertificateEnd.all(of: context)
        _ = SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(self).toOpaque())
        setSessions(context, options)
        setCallbacks(context)
    }

    /// Reads every file of a client's settings.
    ///
    /// Blocks; not for reactors.
    package init(client options: TLSClientOptions, pool: HandshakePool) throws(TLSError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw TLSError("Error: Unable to create TLS context.")
        }
        address = UInt(bitPattern: context)
        self.pool = pool
        pskSource = nil
        figures = TLSFigures()
        client = TLSClientRules(options)
        pskHint = nil
        keyLogFile = options.keyLogFile
        applicationProtocol = []
        try Self.prepare(context, for: options)
        certificateEnds = []
        logKeys(context)
        _ = SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { SSL_CTX_free(pointer) }

    /// The context behind the pointer that OpenSSL gives to callbacks.
    static func of(_ ssl: OpaquePointer?) -> TLSContext? {
        guard let ssl, let context = SSL_get_SSL_CTX(ssl),
            let pointer = SSL_CTX_get_ex_data(context, 0)
        else { return nil }
        let result = Unmanaged<TLSContext>.fromOpaque(pointer).takeUnretainedValue()
        assert(result.pointer == context, "a context has one object of OpenSSL")
        return result
    }

    // MARK: Settings

    private static func setProtocol(
        _ context: OpaquePointer,
        _ options: TLSOptions
    ) throws(TLSError) {
        let version: CInt
        switch options.minimumVersion {
        case nil, "tlsv1.2": version = TLS1_2_VERSION
        case "tlsv1.3": version = TLS1_3_VERSION
        case "tlsv1.1": version = TLS1_1_VERSION
        case .some(let text):
            throw TLSError("Error: Unsupported tls_version \"\(text)\".", about: "tls_version")
        }
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_DH_AUTO, 1, nil)
        let options =
            Flag.noCompression | Flag.noRenegotiation | Flag.serverPreference | Flag.noSSL3
        _ = SSL_CTX_set_options(context, options)
        _ = SSL_CTX_ctrl(context, SSL_CTRL_MODE, Flag.releaseBuffers, nil)
    }

    private static func setCiphers(_ context: OpaquePointer, _ options: TLSOptions) throws(TLSError)
    {
        let list = options.ciphers ?? "DEFAULT:!aNULL:!eNULL:!LOW:!EXPORT:!SSLv2:@STRENGTH"
        guard SSL_CTX_set_cipher_list(context, list) == 1 else {
            ERR_clear_error()
            let line = "Error: Unable to set TLS ciphers. Check cipher list \"\(list)\"."
            throw TLSError(line, about: "ciphers")
        }
        guard let suites = options.cipherSuites else { return }
        guard SSL_CTX_set_ciphersuites(context, suites) == 1 else {
            ERR_clear_error()
            throw TLSError(
                "Error: Unable to set TLS 1.3 ciphersuites. Check cipher_tls13 list \"\(suites)\".",
                about: "ciphers_tls1.3"
            )
        }
    }

    private static func setCertificate(
        _ context: OpaquePointer,
        _ options: TLSOptions
    ) throws(TLSError) {
        guard let certificate = options.certificateFile, let key = options.keyFile else { return }
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw TLSError(
                "Error: Unable to load server certificate \"\(certificate)\". Check certfile",
                file: certificate,
                option: "certfile"
            ) { $0.contains(Self.noPEM) ? "it holds no certificate in PEM form" : nil }
        }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            throw TLSError(
                "Error: Unable to load server key file \"\(key)\". Check keyfile",
                file: key,
                option: "keyfile"
            ) { reasons in
                if !reasons.isDisjoint(with: ["key values mismatch", "key type mismatch"]) {
                    return "it is not the key of certfile \"\(certificate)\""
                }
                return reasons.isDisjoint(with: [Self.noPEM, "unsupported"])
                    ? nil : "it holds no private key in PEM form"
            }
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            let line = "Error: Server certificate/key are inconsistent."
            throw TLSError(line, about: "keyfile")
        }
    }

    /// How OpenSSL says that a file has nothing of the kind in it.
    private static let noPEM = "no start line"

    /// The names in the file are sent to clients that are asked for a certificate.
    private static func setAuthorities(
        _ context: OpaquePointer,
        _ options: TLSOptions
    ) throws(TLSError) {
        if let file = options.authorityFile {
            guard SSL_CTX_load_verify_file(context, file) == 1,
                let names = SSL_load_client_CA_file(file)
            else {
                throw TLSError(
                    "Error: Unable to load CA certificates. Check cafile \"\(file)\"",
                    file: file,
                    option: "cafile"
                ) { reasons in
                    reasons.isDisjoint(with: [Self.noPEM, "no certificate or crl found"])
                        ? nil : "it holds no certificate in PEM form"
                }
            }
            SSL_CTX_set_client_CA_list(context, names)
        }
        if let directory = options.authorityDirectory {
            // OpenSSL takes any name and finds no certificate there later.
            guard access(directory + "/.", R_OK | X_OK) == 0,
                SSL_CTX_load_verify_dir(context, directory) == 1
            else {
                throw TLSError(
                    "Error: Unable to load CA certificates. Check capath \"\(directory)\"",
                    file: directory + "/.",
                    option: "capath"
                )
            }
        }
        guard let file = options.revocationFile else { return }
        guard let store = SSL_CTX_get_cert_store(context),
            let lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file()),
            X509_load_crl_file(lookup, file, X509_FILETYPE_PEM) > 0
        else {
            throw TLSError(
                "Error: Unable to load certificate revocation file \"\(file)\". Check crlfile",
                file: file,
                option: "crlfile"
            ) { $0.contains(Self.noPEM) ? "it holds no revocation list in PEM form" : nil }
        }
        _ = X509_STORE_set_flags(store, Flag.checkRevocation)
    }

    private static func setVerification(_ context: OpaquePointer, _ options: TLSOptions) {
        guard options.requiresCertificate else {
            return SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        }
        let mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        guard options.ignoresCertificateDates else { return SSL_CTX_set_verify(context, mode, nil) }
        SSL_CTX_set_verify(context, mode) { isGood, store in
            guard isGood == 0, let store, X509_STORE_CTX_get_error_depth(store) == 0 else {
                return isGood
            }
            switch X509_STORE_CTX_get_error(store) {
            case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
                X509_STORE_CTX_set_error(store, X509_V_OK)
                return 1
            default: return 0
            }
        }
    }

    private static func setKeys(_ context: OpaquePointer, _ options: TLSOptions) {
        _ = SSL_CTX_use_psk_identity_hint(context, options.pskHint)
        SSL_CTX_set_psk_server_callback(context) { ssl, identity, key, room in
            guard let identity, let key, let context = TLSContext.of(ssl) else { return 0 }
            return context.findKey(ssl, String(cString: identity), key, Int(room))
        }
    }

    /// Sessions are resumed with tickets alone, so nothing is kept for clients that are gone.
    ///
    /// A ticket is void with the context that made it: after a reload that revokes a certificate its
    /// owner cannot resume a session. With pre-shared keys every connection names its identity anew.
    private func setSessions(_ context: OpaquePointer, _ options: TLSOptions) {
        let name = Array("mosquitto-\(options.port)".utf8)
        _ = SSL_CTX_set_session_id_context(context, name, CUnsignedInt(name.count))
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
        let hasTickets = options.pskHint == nil
        if !hasTickets { _ = SSL_CTX_set_options(context, Flag.noTicket) }
        _ = SSL_CTX_set_num_tickets(context, hasTickets ? 1 : 0)
    }

    private func setCallbacks(_ context: OpaquePointer) {
        SSL_CTX_set_alpn_select_cb(
            context,
            { ssl, chosen, chosenCount, offered, offeredCount, _ in
                guard let context = TLSContext.of(ssl), let offered else {
                    return SSL_TLSEXT_ERR_NOACK
                }
                let list = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
                guard let index = context.index(in: list) else { return SSL_TLSEXT_ERR_NOACK }
                assert(
                    index + context.applicationProtocol.count - 1 <= list.count,
                    "the name lies in the list"
                )
                chosen?.pointee = offered + index
                chosenCount?.pointee = UInt8(context.applicationProtocol.count - 1)
                return SSL_TLSEXT_ERR_OK
            },
            nil
        )
        logKeys(context)
    }

    private func logKeys(_ context: OpaquePointer) {
        guard keyLogFile != nil else { return }
        SSL_CTX_set_keylog_callback(context) { ssl, line in
            guard let line, let path = TLSContext.of(ssl)?.keyLogFile else { return }
            KeyLog.append(String(cString: line), to: path)
        }
    }

    // MARK: Callbacks

    /// The place of our protocol's name in a client's ALPN list.
    private func index(in list: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        while index < list.count {
            let end = index + 1 + Int(list[index])
            guard end <= list.count else { return nil }
            if list[index..<end].elementsEqual(applicationProtocol) { return index + 1 }
            index = end
        }
        return nil
    }

    private func findKey(
        _ ssl: OpaquePointer?,
        _ identity: String,
        _ target: UnsafeMutablePointer<UInt8>,
        _ room: Int
    ) -> CUnsignedInt {
        assert(pskSource != nil && pskHint != nil, "keys are asked for where there is a source")
        guard let session = TLSSession.of(ssl), let pskSource else { return 0 }
        assert(session.context === self, "a session keeps the context that made it")
        let query = PSKQuery(hint: pskHint ?? "", identity: identity, peer: session.peer)
        guard case .key(let key) = pskSource.find(query), !key.isEmpty, key.count <= room else {
            session.noteUnknownIdentity(identity)
            return 0
        }
        target.update(from: key, count: key.count)
        session.notePSKIdentity(identity)
        return CUnsignedInt(key.count)
    }

    /// Values of OpenSSL's macros that Swift cannot see.
    private enum Flag {
        static let noTicket: UInt64 = 1 << 14
        static let noCompression: UInt64 = 1 << 17
        static let serverPreference: UInt64 = 1 << 22
        static let noSSL3: UInt64 = 1 << 25
        static let noRenegotiation: UInt64 = 1 << 30
        static let releaseBuffers = 0x10
        static let checkRevocation: UInt = 0x4
    }
}
