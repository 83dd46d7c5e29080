// SPDX-License-Identifier: Apache-2.0
// The client's side of a TLS context: whom it trusts, who it is.

import CLinux
import COpenSSL
import Glibc

extension TLSContext {
    /// Whether this side begins the handshake.
    var isClient: Bool { client != nil }

    static func prepare(
        _ context: OpaquePointer,
        for options: TLSClientOptions
    ) throws(TLSError) {
        let minimum = options.requiresTLS13 ? TLS1_3_VERSION : TLS1_2_VERSION
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(minimum), nil)
        _ = SSL_CTX_ctrl(context, SSL_CTRL_MODE, ClientFlag.releaseBuffers, nil)
        _ = SSL_CTX_set_options(context, ClientFlag.noCompression | ClientFlag.noRenegotiation)
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
        try setCiphers(context, options)
        try setProtocol(context, options)
        if let key = options.preSharedKey {
            setKey(context, key)
        } else {
            try trust(context, options)
            try identify(context, options)
            if options.requiresStatus { StapledStatus.require(context) }
        }
    }

    private static func setCiphers(
        _ context: OpaquePointer,
        _ options: TLSClientOptions
    ) throws(TLSError) {
        let list = options.ciphers ?? (options.preSharedKey == nil ? nil : "PSK")
        if let list, SSL_CTX_set_cipher_list(context, list) != 1 {
            let name = options.prefix + "ciphers"
            throw TLSError(
                "Error: Unable to set TLS ciphers. Check cipher list \"\(list)\".",
                about: name
            )
        }
        if let suites = options.cipherSuites, SSL_CTX_set_ciphersuites(context, suites) != 1 {
            throw TLSError(
                "Error: Unable to set TLS 1.3 ciphersuites. Check cipher_tls13 list \"\(suites)\".",
                about: options.prefix + "ciphers_tls1.3"
            )
        }
    }

    private static func setProtocol(
        _ context: OpaquePointer,
        _ options: TLSClientOptions
    ) throws(TLSError) {
        guard let name = options.applicationProtocol.map({ Array($0.utf8) }) else { return }
        let list = [UInt8(truncatingIfNeeded: name.count)] + name
        // Other than all the others, this function returns 0 where it has done what it was asked for.
        guard (1...255).contains(name.count),
            SSL_CTX_set_alpn_protos(context, list, CUnsignedInt(list.count)) == 0
        else {
            throw TLSError(
                "Error: Unable to set the ALPN protocol.",
                about: options.prefix + "alpn"
            )
        }
    }

    private static func trust(
        _ context: OpaquePointer,
        _ options: TLSClientOptions
    ) throws(TLSError) {
        SSL_CTX_set_verify(
            context,
            options.verifiesNothing ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
            nil
        )
        if let file = options.authorityFile, SSL_CTX_load_verify_file(context, file) != 1 {
            throw TLSError(
                "Error: Unable to load CA certificates, check \(options.prefix)cafile \"\(file)\"",
                file: file,
                option: options.prefix + "cafile"
            )
        }
        if let directory = options.authorityDirectory {
            // OpenSSL takes any name and finds no certificate there later.
            guard access(directory + "/.", R_OK | X_OK) == 0,
                SSL_CTX_load_verify_dir(context, directory) == 1
            else {
                throw TLSError(
                    "Error: Unable to load CA certificates, check \(options.prefix)capath "
                        + "\"\(directory)\"",
                    file: directory + "/.",
                    option: options.prefix + "capath"
                )
            }
        }
        if options.usesSystemAuthorities, SSL_CTX_set_default_verify_paths(context) != 1 {
            throw TLSError(
                "Error: Unable to load the system's CA certificates.",
                about: options.prefix + "tls_use_os_certs"
            )
        }
    }

    /// The option of a bridge to look at; a client's have no names.
    private static func hint(_ options: TLSClientOptions, _ name: String) -> String {
        options.prefix.isEmpty ? "" : ", check \(options.prefix)\(name)"
    }

    private static func identify(
        _ context: OpaquePointer,
        _ options: TLSClientOptions
    ) throws(TLSError) {
        if let password = options.keyPassword {
            SSL_CTX_set_default_passwd_cb(context, password.callback)
            SSL_CTX_set_default_passwd_cb_userdata(context, password.userData)
        }
        if let file = options.certificateFile,
            SSL_CTX_use_certificate_chain_file(context, file) != 1
        {
            throw TLSError(
                "Error: Unable to load client certificate\(hint(options, "certfile")) \"\(file)\"",
                file: file,
                option: options.prefix + "certfile"
            )
        }
        guard let file = options.keyFile else { return }
        guard SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) == 1 else {
            throw TLSError(
                "Error: Unable to load client key file\(hint(options, "keyfile")) \"\(file)\"",
                file: file,
                option: options.prefix + "keyfile",
                reason: { reasons in
                    reasons.contains("key values mismatch") ? "it is not the certificate's" : nil
                }
            )
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw TLSError(
                "Error: Client certificate/key are inconsistent.",
                about: options.prefix + "keyfile"
            )
        }
    }

    /// Keys of 1.3 would be offered in another way; brokers know those of 1.2.
    private static func setKey(
        _ context: OpaquePointer,
        _ key: TLSClientOptions.PreSharedKey
    ) {
        _ = SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        SSL_CTX_set_psk_client_callback(context) { ssl, _, identity, identityRoom, target, room in
            guard let identity, let target, let key = TLSContext.of(ssl)?.client?.preSharedKey
            else { return 0 }
            let name = key.identity.utf8CString
            guard name.count <= Int(identityRoom), key.key.count <= Int(room) else { return 0 }
            name.withUnsafeBufferPointer { bytes in
                bytes.baseAddress.map { identity.update(from: $0, count: bytes.count) }
            }
            target.update(from: key.key, count: key.key.count)
            return CUnsignedInt(key.key.count)
        }
    }

    /// Has a handshake tell the server's name and expect it in the certificate.
    func expect(_ name: String, of ssl: OpaquePointer) -> Bool {
        guard let client else { return false }
        var address = in6_addr()
        let isAddress =
            inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1
        if !isAddress {
            // An address is no name that a server could be told apart by (RFC 6066 section 3).
            let kind = Int(TLSEXT_NAMETYPE_host_name)
            let result = name.withCString {
                SSL_ctrl(
                    ssl,
                    SSL_CTRL_SET_TLSEXT_HOSTNAME,
                    kind,
                    UnsafeMutableRawPointer(mutating: $0)
                )
            }
            guard result == 1 else { return false }
        }
        if client.ignoresHostName || client.preSharedKey != nil { return true }
        if isAddress { return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1 }
        return SSL_set1_host(ssl, name) == 1
    }

    /// Values of OpenSSL's macros that Swift cannot see.
    private enum ClientFlag {
        static let noCompression: UInt64 = 1 << 17
        static let noRenegotiation: UInt64 = 1 << 30
        static let releaseBuffers = 0x10
    }
}
