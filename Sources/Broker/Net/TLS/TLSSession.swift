// SPDX-License-Identifier: Apache-2.0
// One TLS connection's state in OpenSSL.

import COpenSSL
import Glibc

/// One TLS connection: an `SSL` object, and after the handshake, with the usual ciphers, nothing but
/// keys.
///
/// Worked on by one thread at a time: its reactor, or while it shakes hands a thread of the pool. It
/// is handed over in a job, an outcome or a detached connection, each of which passes through a
/// `Mutex`, and who handed it over lets it alone; that makes `@unchecked Sendable` true.
final class TLSSession: @unchecked Sendable {
    /// What one step of a handshake led to.
    enum Step {
        case wantsMore
        case done
        case failed(String)
    }

    /// What became of received bytes.
    enum Received {
        case open
        case closed
        case failed(String)
    }

    /// What is known after a handshake whose `SSL` object is gone.
    private struct Facts {
        /// Constants of OpenSSL.
        let version: UnsafePointer<CChar>?
        let cipher: UnsafePointer<CChar>?
        let certificate: PeerCertificate?
    }

    let context: TLSContext
    /// Who is at the other end, for those who look keys up; behind a proxy its client.
    var peer: PeerAddress
    /// The identity a pre-shared key was found for.
    fileprivate(set) var pskIdentity: String?
    // Made by the first bytes of a client, freed when `records` takes over.
    private var ssl: OpaquePointer?
    private var secrets: TrafficSecretsBox?
    private var records: TLSRecords?
    private var facts: Facts?
    /// Kept for whoever reads the CONNECT packet, while `ssl` is gone.
    private var exporter: [UInt8]?

    init(_ context: TLSContext, peer: PeerAddress) {
        self.context = context
        self.peer = peer
    }

    deinit { SSL_free(ssl) }

    /// The session behind the pointer that OpenSSL gives to callbacks.
    static func of(_ ssl: OpaquePointer?) -> TLSSession? {
        guard let ssl, let pointer = SSL_get_ex_data(ssl, 0) else { return nil }
        return Unmanaged<TLSSession>.fromOpaque(pointer).takeUnretainedValue()
    }

    func notePSKIdentity(_ identity: String) { pskIdentity = identity }

    /// Takes a line meant for a key log.
    func noteSecret(_ line: UnsafePointer<CChar>) { secrets?.secrets.note(line) }

    // MARK: Handshake

    /// Goes on with the handshake with the pipe's input.
    func shakeHands(_ pipe: TLSPipe) -> Step {
        guard let ssl = ssl ?? makeSSL() else { return .failed("out of memory") }
        attach(ssl, pipe)
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            takeOver(ssl, pipe)
            return .done
        }
        let error = SSL_get_error(ssl, result)
        return error == SSL_ERROR_WANT_READ ? .wantsMore : .failed(Self.reason())
    }

    private func makeSSL() -> OpaquePointer? {
        guard let ssl = SSL_new(context.pointer) else { return nil }
        guard let bio = PipeBIO.make() else {
            SSL_free(ssl)
            return nil
        }
        SSL_set_bio(ssl, bio, bio)
        SSL_set_accept_state(ssl)
        _ = SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        secrets = TrafficSecretsBox()
        self.ssl = ssl
        return ssl
    }

    /// Does without OpenSSL's object from now on, if version and suite allow it.
    private func takeOver(_ ssl: OpaquePointer, _ pipe: TLSPipe) {
        defer { secrets = nil }
        guard SSL_has_pending(ssl) == 0, let cipher = SSL_get_current_cipher(ssl),
            let suite = RecordSuite(cipher)
        else { return }
        switch SSL_version(ssl) {
        case TLS1_3_VERSION: records = records13(suite, pipe)
        case TLS1_2_VERSION: records = Self.records12(ssl, suite, pipe)
        default: return
        }
        guard records != nil else { return }
        facts = Facts(
            version: SSL_get_version(ssl),
            cipher: SSL_CIPHER_get_name(cipher),
            certificate: SSL_get1_peer_certificate(ssl).map(PeerCertificate.init(owned:))
        )
        exporter = TLSSession.export(ssl)
        SSL_free(ssl)
        self.ssl = nil
    }

    /// The step that ended the handshake has sent tickets and nothing else, each in a record of its
    /// own under the keys that are used from now on.
    private func records13(_ suite: RecordSuite, _ pipe: TLSPipe) -> TLSRecords? {
        guard let secrets = secrets?.secrets, secrets.fit(suite),
            let sent = TLSRecords.count(in: pipe.output)
        else { return nil }
        return TLSRecords(suite, secrets, sentRecords: sent, pipe.ciphers)
    }

    private static func records12(
        _ ssl: OpaquePointer,
        _ suite: RecordSuite,
        _ pipe: TLSPipe
    ) -> TLSRecords? {
        var master = [UInt8](repeating: 0, count: Int(SSL_MAX_MASTER_KEY_LENGTH))
        defer { OPENSSL_cleanse(&master, master.count) }
        var server = [UInt8](repeating: 0, count: Int(SSL3_RANDOM_SIZE))
        var client = server
        let count = SSL_SESSION_get_master_key(SSL_get_session(ssl), &master, master.count)
        guard count == master.count,
            SSL_get_server_random(ssl, &server, server.count) == server.count,
            SSL_get_client_random(ssl, &client, client.count) == client.count
        else { return nil }
        return TLSRecords(
            suite,
            masterSecret: master,
            serverRandom: server,
            clientRandom: client,
            pipe.ciphers
        )
    }

    // MARK: Bytes

    /// Decrypts the pipe's input to its plaintext buffer behind `offset` bytes; `count` grows by
    /// what came out.
    func decrypt(_ pipe: TLSPipe, after offset: Int, count: inout Int) -> Received {
        if let records { return records.open(pipe, after: offset, count: &count) }
        guard let ssl else { return .failed("no handshake") }
        attach(ssl, pipe)
        while !pipe.input.isEmpty || SSL_pending(ssl) > 0 {
            let room = pipe.plaintext.count - offset - count
            let target = pipe.plaintext.baseAddress.map { $0 + offset + count }
            let result = SSL_read(ssl, target, CInt(room))
            if result > 0 {
                count += Int(result)
                continue
            }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: return .open
            case SSL_ERROR_ZERO_RETURN: return .closed
            default: return .failed(Self.reason())
            }
        }
        return .open
    }

    /// Encrypts all of `bytes`, which are not empty, to the pipe's output.
    func encrypt(_ bytes: UnsafeRawBufferPointer, _ pipe: TLSPipe) -> Bool {
        if let records { return records.seal(bytes, pipe) }
        guard let ssl else { return false }
        attach(ssl, pipe)
        return SSL_write(ssl, bytes.baseAddress, CInt(bytes.count)) == CInt(bytes.count)
    }

    /// Writes close_notify to the pipe's output.
    func shutDown(_ pipe: TLSPipe) {
        if let records { return records.sealEnd(pipe) }
        guard let ssl else { return }
        attach(ssl, pipe)
        _ = SSL_shutdown(ssl)
    }

    private func attach(_ ssl: OpaquePointer, _ pipe: TLSPipe) {
        BIO_set_data(SSL_get_rbio(ssl), pipe.ends)
        ERR_clear_error()
    }

    /// The first error that OpenSSL has noted on this thread.
    private static func reason() -> String {
        let code = ERR_get_error()
        defer { ERR_clear_error() }
        return code == 0 ? "unexpected end" : TLSError.text(code)
    }

    // MARK: Facts

    /// Whether OpenSSL's object is still there.
    var usesOpenSSL: Bool { ssl != nil }

    /// What is known of the peer after the handshake.
    var security: ConnectionSecurity {
        let facts = facts ?? factsOfSSL()
        return ConnectionSecurity(
            version: facts.version.map { String(cString: $0) },
            cipher: facts.cipher.map { String(cString: $0) },
            certificate: facts.certificate,
            pskIdentity: pskIdentity
        )
    }

    private func factsOfSSL() -> Facts {
        guard let ssl else { return Facts(version: nil, cipher: nil, certificate: nil) }
        return Facts(
            version: SSL_get_version(ssl),
            cipher: SSL_get_current_cipher(ssl).flatMap(SSL_CIPHER_get_name),
            certificate: SSL_get1_peer_certificate(ssl).map(PeerCertificate.init(owned:))
        )
    }

    /// Hands out 32 bytes that only the two ends of this connection know, once: `tls-exporter` (RFC 9266
    /// section 4.2, with TLS 1.3).
    func takeChannelBinding() -> [UInt8]? {
        defer { exporter = nil }
        return exporter ?? ssl.flatMap(TLSSession.export)
    }

    private static func export(_ ssl: OpaquePointer) -> [UInt8]? {
        guard SSL_version(ssl) == TLS1_3_VERSION else { return nil }
        let label = "EXPORTER-Channel-Binding"
        var bytes = [UInt8](repeating: 0, count: 32)
        let result = SSL_export_keying_material(ssl, &bytes, 32, label, label.utf8.count, nil, 0, 0)
        return result == 1 ? bytes : nil
    }
}

/// Secrets for the time of a handshake.
private final class TrafficSecretsBox {
    var secrets = TrafficSecrets()

    deinit { secrets.clear() }
}

/// What the layers below MQTT have found out about a peer.
package struct ConnectionSecurity: Sendable {
    /// The version of TLS in OpenSSL's spelling: `TLSv1.3`.
    package var version: String?
    /// The cipher suite in OpenSSL's spelling.
    package var cipher: String?
    /// The certificate the client has shown and the broker has verified.
    package var certificate: PeerCertificate?
    /// The identity of the pre-shared key in use.
    package var pskIdentity: String?
    /// The channel binding `tls-exporter`, where somebody may ask for it.
    package var channelBinding: [UInt8]?
    /// What a proxy has told about the client's own TLS connection.
    package var proxy: ProxyHeader.TLS?
}
