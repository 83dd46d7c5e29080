// SPDX-License-Identifier: Apache-2.0
// The client's side of TLS, on a blocking socket.

import COpenSSL
import Glibc

/// A session that can be resumed.
package final class TLSSessionTicket: @unchecked Sendable {
    // `@unchecked Sendable`: the pointer never changes and OpenSSL counts references atomically.
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { SSL_SESSION_free(pointer) }
}

/// TLS over a socket.
package final class TLSChannel {
    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let psk: (identity: String, key: Bytes)?
    /// What OpenSSL said when reading or shaking hands failed.
    package private(set) var failure: String?
    /// Whether the last read was only told to come back later.
    private(set) var isWaiting = false

    /// Prepares a connection over a socket.
    init(_ descriptor: CInt, _ options: ClientTLS) throws {
        signal(SIGPIPE, SIG_IGN)
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw Mismatch("SSL_CTX_new") }
        guard let ssl = SSL_new(context) else { throw Mismatch("SSL_new") }
        self.context = context
        self.ssl = ssl
        psk = options.psk
        SSL_set_fd(ssl, descriptor)
        if let version = options.maximumVersion { ctrl(SSL_CTRL_SET_MAX_PROTO_VERSION, version) }
        if let version = options.minimumVersion { ctrl(SSL_CTRL_SET_MIN_PROTO_VERSION, version) }
        if let file = options.authorities {
            guard SSL_CTX_load_verify_file(context, file) == 1,
                let store = SSL_CTX_get_cert_store(context), SSL_set1_verify_store(store) == 1
            else { throw Mismatch("cannot load \(file)") }
            SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
        }
        if let (chain, key) = options.certificate {
            guard SSL_use_certificate_chain_file(ssl, chain) == 1,
                SSL_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) == 1
            else { throw Mismatch("cannot load \(chain) and \(key)") }
        }
        if !options.protocols.isEmpty {
            let list = options.protocols.flatMap { [UInt8($0.utf8.count)] + utf8($0) }
            SSL_set_alpn_protos(ssl, list, CUnsignedInt(list.count))
        }
        if let session = options.session { SSL_set_session(ssl, session.pointer) }
        if psk != nil { usePSK() }
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    private func SSL_set1_verify_store(_ store: OpaquePointer) -> CInt {
        // SSL_CTRL_SET_VERIFY_CERT_STORE with a reference of its own.
        CInt(SSL_ctrl(ssl, SSL_CTRL_SET_VERIFY_CERT_STORE, 1, UnsafeMutableRawPointer(store)))
    }

    private func ctrl(_ command: CInt, _ version: CInt) {
        _ = SSL_ctrl(ssl, command, Int(version), nil)
    }

    private func usePSK() {
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        SSL_set_psk_client_callback(ssl) { ssl, _, identity, identityRoom, key, keyRoom in
            guard let ssl, let pointer = SSL_get_ex_data(ssl, 0), let identity, let key else {
                return 0
            }
            let channel = Unmanaged<TLSChannel>.fromOpaque(pointer).takeUnretainedValue()
            guard let psk = channel.psk, psk.key.count <= Int(keyRoom) else { return 0 }
            let name = psk.identity.utf8CString
            guard name.count <= Int(identityRoom) else { return 0 }
            for (index, byte) in name.enumerated() { identity[index] = byte }
            for (index, byte) in psk.key.enumerated() { key[index] = byte }
            return CUnsignedInt(psk.key.count)
        }
    }

    /// Shakes hands; throws with OpenSSL's reason.
    func handshake() throws {
        guard SSL_connect(ssl) == 1 else {
            noteFailure()
            throw Mismatch("TLS handshake: \(failure ?? "connection closed")")
        }
    }

    func send(_ bytes: Bytes) {
        if !bytes.isEmpty { _ = SSL_write(ssl, bytes, CInt(bytes.count)) }
    }

    var hasPending: Bool { SSL_pending(ssl) > 0 }

    /// Reads one record; 0 at the end.
    func receive(_ chunk: inout Bytes) -> Int {
        ERR_clear_error()
        let count = SSL_read(ssl, &chunk, CInt(chunk.count))
        isWaiting = false
        if count > 0 { return Int(count) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_ZERO_RETURN: return 0
        case SSL_ERROR_WANT_READ:
            isWaiting = true
            return -1
        default:
            noteFailure()
            return 0
        }
    }

    private func noteFailure() {
        var texts: [String] = []
        while case let code = ERR_get_error(), code != 0 {
            if let reason = ERR_reason_error_string(code) { texts.append(String(cString: reason)) }
        }
        failure = texts.isEmpty ? nil : texts.joined(separator: ", ")
    }

    // MARK: Facts

    /// The version in use: `TLSv1.3`.
    package var version: String { String(cString: SSL_get_version(ssl)) }

    /// Whether the handshake resumed an earlier session.
    package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

    /// The session, to be resumed by another connection.
    package var session: TLSSessionTicket? { SSL_get1_session(ssl).map(TLSSessionTicket.init) }

    /// The protocol agreed on by ALPN.
    package var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// The common name of the broker's certificate.
    package var serverName: String? {
        guard let certificate = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(certificate) }
        var buffer = [CChar](repeating: 0, count: 256)
        let name = X509_get_subject_name(certificate)
        let count = X509_NAME_get_text_by_NID(name, NID_commonName, &buffer, 256)
        guard count >= 0 else { return nil }
        return String(
            decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}

/// Sends the first flight of a handshake and nothing more.
package struct ClientHello {
    private let channel: TLSChannel

    /// Writes to a socket that does not block.
    package init(descriptor: CInt) throws {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        channel = try TLSChannel(descriptor, ClientTLS())
    }

    /// Sends it.
    package func start() {
        do {
            try channel.handshake()
        } catch {
            // Nobody answers, so the handshake cannot get further.
            return
        }
    }
}
