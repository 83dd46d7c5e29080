// SPDX-License-Identifier: Apache-2.0
// TLS on top of a socket, by OpenSSL.

import COpenSSL
import Encoding
import Glibc

/// A TLS session as client, over a socket.
final class TLSSession {
    private let socket: Socket
    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let key: PresharedKey?

    /// Sets up TLS and shakes hands; `host` is what the broker's certificate must be for.
    init(
        over socket: Socket,
        host: String,
        options: TLSOptions,
        deadline: Deadline
    ) throws(ClientError) {
        key = try PresharedKey(options)
        let oldest = try Self.oldestVersion(options)
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw Self.failure() }
        SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(oldest), nil)
        guard let ssl = SSL_new(context) else {
            SSL_CTX_free(context)
            throw Self.failure()
        }
        self.socket = socket
        self.context = context
        self.ssl = ssl
        key?.install(on: ssl)
        try prepare(host: host, options: options)
        SSL_set_fd(ssl, socket.descriptor)
        try repeating(deadline) { SSL_connect(ssl) }
    }

    /// Refuses options that no session can follow.
    static func check(_ options: TLSOptions) throws(ClientError) {
        _ = try PresharedKey(options)
        _ = try oldestVersion(options)
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    /// Bytes that can be read without waiting for the socket.
    var hasBufferedBytes: Bool { SSL_pending(ssl) > 0 }

    /// Reads what is there, at least one byte; empty when the peer has closed.
    func read(_ countMax: Int, _ deadline: Deadline) throws(ClientError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: countMax)
        do {
            let count = try repeating(deadline) { SSL_read(ssl, &bytes, Int32(countMax)) }
            return Array(bytes.prefix(Int(count)))
        } catch .closed {
            return []
        }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8], _ deadline: Deadline) throws(ClientError) {
        guard !bytes.isEmpty else { return }
        try repeating(deadline) { SSL_write(ssl, bytes, Int32(bytes.count)) }
    }

    /// Tells the peer that nothing follows; whether it hears it does not matter.
    func shutdown() { SSL_shutdown(ssl) }

    // MARK: Setting up

    private func prepare(host: String, options: TLSOptions) throws(ClientError) {
        try trust(options)
        try identify(options)
        if let ciphers = options.ciphers, SSL_set_cipher_list(ssl, ciphers) != 1 {
            throw Self.failure("Unable to set TLS ciphers")
        }
        if let alpn = options.alpn {
            let name = Array(alpn.utf8.prefix(255))
            SSL_set_alpn_protos(ssl, [UInt8(name.count)] + name, UInt32(name.count + 1))
        }
        guard options.psk == nil else { return }
        SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
        if !options.isInsecure { try expect(host: host) }
    }

    private static func oldestVersion(_ options: TLSOptions) throws(ClientError) -> CInt {
        switch options.minimumVersion {
        case nil, "tlsv1.2": return TLS1_2_VERSION
        case "tlsv1.3": return TLS1_3_VERSION
        case .some:
            throw .options("Problem setting TLS options, check the options are valid.")
        }
    }

    private func trust(_ options: TLSOptions) throws(ClientError) {
        guard options.psk == nil else { return }
        let hasOwn = options.caFile != nil || options.caPath != nil
        if options.usesSystemCertificates || !hasOwn {
            guard SSL_CTX_set_default_verify_paths(context) == 1 else { throw Self.failure() }
        }
        guard hasOwn else { return }
        guard SSL_CTX_load_verify_locations(context, options.caFile, options.caPath) == 1 else {
            throw Self.failure("Unable to load CA certificates")
        }
    }

    private func identify(_ options: TLSOptions) throws(ClientError) {
        guard let certificate = options.certificateFile, let key = options.keyFile else { return }
        guard SSL_use_certificate_chain_file(ssl, certificate) == 1 else {
            throw Self.failure("Unable to load client certificate \"\(certificate)\"")
        }
        guard SSL_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) == 1,
            SSL_check_private_key(ssl) == 1
        else { throw Self.failure("Unable to load client key file \"\(key)\"") }
    }

    /// Has the certificate checked for `host`, and names it to brokers that serve several.
    private func expect(host: String) throws(ClientError) {
        let parameters = SSL_get0_param(ssl)
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return }
        guard X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1 else { throw Self.failure() }
        let serverName = Int(TLSEXT_NAMETYPE_host_name)
        host.withCString { name in
            _ = SSL_ctrl(
                ssl,
                SSL_CTRL_SET_TLSEXT_HOSTNAME,
                serverName,
                UnsafeMutableRawPointer(mutating: name)
            )
        }
    }

    // MARK: Waiting

    /// Repeats an OpenSSL call until it succeeds, waiting for the socket as it asks.
    @discardableResult
    private func repeating(
        _ deadline: Deadline,
        _ call: () -> Int32
    ) throws(ClientError) -> Int32 {
        while true {
            ERR_clear_error()
            let result = call()
            if result > 0 { return result }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: try socket.wait(for: Int16(POLLIN), deadline)
            case SSL_ERROR_WANT_WRITE: try socket.wait(for: Int16(POLLOUT), deadline)
            case SSL_ERROR_ZERO_RETURN: throw .closed
            case SSL_ERROR_SYSCALL where ERR_peek_error() == 0: throw .closed
            default: throw verificationFailure ?? Self.failure()
            }
        }
    }

    private var verificationFailure: ClientError? {
        let result = SSL_get_verify_result(ssl)
        guard result != X509_V_OK else { return nil }
        let reason = String(cString: X509_verify_cert_error_string(result))
        return .tls("The broker's certificate was not accepted: \(reason)")
    }

    /// The newest error OpenSSL remembers, behind what was being done.
    fileprivate static func failure(_ doing: String = "A TLS error occurred") -> ClientError {
        let code = ERR_get_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return .tls(doing) }
        return .tls("\(doing): \(String(cString: reason))")
    }
}

/// A pre-shared key and its identity, kept where OpenSSL's callback finds them.
private final class PresharedKey {
    private let identity: [CChar]
    private let key: [UInt8]

    /// Takes the key from the options, nil when they hold none.
    init?(_ options: TLSOptions) throws(ClientError) {
        guard let text = options.psk else { return nil }
        let bytes = Hexadecimal.decode(text.utf8, allowsOddCount: true)
        guard let bytes, !bytes.isEmpty else { throw .options("Problem setting TLS-PSK options.") }
        key = bytes
        identity = Array((options.pskIdentity ?? "").utf8CString)
    }

    /// Makes OpenSSL ask for this key; the object must outlive the session.
    func install(on ssl: OpaquePointer) {
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        SSL_set_psk_client_callback(ssl) { session, _, name, nameRoom, secret, secretRoom in
            guard let session, let name, let secret, let stored = SSL_get_ex_data(session, 0) else {
                return 0
            }
            return Unmanaged<PresharedKey>.fromOpaque(stored).takeUnretainedValue().copy(
                to: name,
                Int(nameRoom),
                secret,
                Int(secretRoom)
            )
        }
    }

    private func copy(
        to name: UnsafeMutablePointer<CChar>,
        _ nameRoom: Int,
        _ secret: UnsafeMutablePointer<UInt8>,
        _ secretRoom: Int
    ) -> UInt32 {
        guard identity.count <= nameRoom, key.count <= secretRoom else { return 0 }
        name.update(from: identity, count: identity.count)
        secret.update(from: key, count: key.count)
        return UInt32(key.count)
    }
}
