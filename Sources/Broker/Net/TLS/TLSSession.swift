// SPDX-License-Identifier: Apache-2.0
// One TLS connection's state in OpenSSL.

import COpenSSL
import Glibc
import Synchronization

/// One TLS connection: an `SSL` object.
///
/// Worked on by one thread at a time: its reactor, or while it shakes hands a thread of the pool. It
/// is handed over in a job, an outcome or a detached connection, each of which passes through a
/// `Mutex`, and who handed it over lets it alone; that makes `@unchecked Sendable` true.
final class TLSSession: @unchecked Sendable {
    /// What one step of a handshake led to.
    enum Step {
        case wantsMore
        case done
        case failed(TLSFailure)
    }

    /// What became of received bytes.
    enum Received {
        case open
        case closed
        case failed(String)
    }

    let context: TLSContext
    /// Who is at the other end, for those who look keys up; behind a proxy its client.
    var peer: PeerAddress
    /// The identity a pre-shared key was found for.
    fileprivate(set) var pskIdentity: String?
    /// The identity that the client has named and nobody has found a key for.
    private var unknownIdentity: String?
    /// What the client has begun with.
    private var firstByte: UInt8?
    /// OpenSSL's object; made by the first bytes of a client.
    private var ssl: OpaquePointer?
    /// When its first bytes came, in nanoseconds.
    private var beganAt: Int64 = 0
    /// Whether the handshake is done: from then on there are bytes to decrypt and to encrypt.
    private var isEstablished = false
    /// Whether a thread is at work here; debug builds look.
    private let isBusy = Atomic(false)

    /// The name the server must prove to have; nil on the server's side.
    private let serverName: String?

    init(_ context: TLSContext, peer: PeerAddress, serverName: String? = nil) {
        assert(context.isClient == (serverName != nil), "clients know whom they talk to")
        self.context = context
        self.peer = peer
        self.serverName = serverName
    }

    deinit { SSL_free(ssl) }

    /// The object of OpenSSL; nil where nothing could be made.
    var object: OpaquePointer? { ssl }

    /// Marks the beginning of work, which one thread does at a time; for assertions.
    private func begin() -> Bool { !isBusy.exchange(true, ordering: .acquiring) }

    /// Marks the end of work; for assertions.
    private func end() -> Bool { isBusy.exchange(false, ordering: .releasing) }

    /// An object that reads and writes through a pipe; nil when memory is out.
    private func makeSSL() -> OpaquePointer? {
        ERR_clear_error()
        guard let ssl = SSL_new(context.pointer) else { return nil }
        guard let bio = PipeBIO.make() else {
            SSL_free(ssl)
            return nil
        }
        SSL_set_bio(ssl, bio, bio)
        if let serverName {
            SSL_set_connect_state(ssl)
            guard context.expect(serverName, of: ssl) else {
                SSL_free(ssl)
                return nil
            }
        } else {
            SSL_set_accept_state(ssl)
        }
        _ = SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        return ssl
    }

    /// The session behind the pointer that OpenSSL gives to callbacks.
    static func of(_ ssl: OpaquePointer?) -> TLSSession? {
        guard let ssl, let pointer = SSL_get_ex_data(ssl, 0) else { return nil }
        let session = Unmanaged<TLSSession>.fromOpaque(pointer).takeUnretainedValue()
        assert(session.ssl == nil || session.ssl == ssl, "a session has one object of OpenSSL")
        return session
    }

    /// Notes the identity that a key was found for, which is asked for by the handshake.
    func notePSKIdentity(_ identity: String) {
        assert(!isEstablished, "identities are named in the handshake")
        pskIdentity = identity
    }

    /// Notes an identity that no key was found for, which is asked for by the handshake.
    func noteUnknownIdentity(_ identity: String) {
        assert(!isEstablished, "identities are named in the handshake")
        unknownIdentity = identity
    }

    /// Whether nothing has come from the client yet.
    var isUntouched: Bool { ssl == nil }

    // MARK: Handshake

    /// Goes on with the handshake with the pipe's input.
    func handshake(_ pipe: TLSPipe) -> Step {
        assert(begin(), "one thread at a time")
        defer { assert(end(), "work that ends has begun") }
        assert(!isEstablished, "a connection has one handshake")
        if ssl == nil {
            beganAt = Clock.monotonicNanoseconds()
            firstByte = serverName == nil ? pipe.input.first : nil
            ssl = makeSSL()
        }
        guard let ssl else { return .failed(TLSFailure("out of memory")) }
        attach(ssl, pipe)
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            isEstablished = true
            context.figures.noteDone(after: Clock.monotonicNanoseconds() - beganAt)
            return .done
        }
        let error = SSL_get_error(ssl, result)
        if error == SSL_ERROR_WANT_READ { return .wantsMore }
        context.figures.noteFailure()
        if serverName != nil { return .failed(TLSFailure(ofServer: ssl)) }
        return .failed(
            TLSFailure(
                ssl,
                firstByte: firstByte,
                pskIdentity: unknownIdentity ?? pskIdentity,
                isKnown: unknownIdentity == nil
            )
        )
    }

    // MARK: Bytes

    /// Decrypts the pipe's input to its plaintext buffer behind `offset` bytes; `count` grows by
    /// what came out.
    ///
    /// Only after the handshake.
    func decrypt(_ pipe: TLSPipe, after offset: Int, count: inout Int) -> Received {
        assert(begin(), "one thread at a time")
        defer { assert(end(), "work that ends has begun") }
        assert(isEstablished, "bytes come after the handshake")
        assert(offset >= 0 && count >= 0, "plaintext goes behind what is there")
        guard let ssl else { return .failed("no handshake") }
        attach(ssl, pipe)
        while !pipe.input.isEmpty || SSL_pending(ssl) > 0 {
            let room = pipe.plaintext.count - offset - count
            // One read of the socket and a record that was incomplete fit in.
            precondition(room > 0, "there is room for what was received")
            let target = pipe.plaintext.baseAddress.map { $0 + offset + count }
            let result = SSL_read(ssl, target, CInt(room))
            if result > 0 {
                assert(result <= room, "OpenSSL writes no more than there is room for")
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
    ///
    /// Only after the handshake.
    func encrypt(_ bytes: UnsafeRawBufferPointer, _ pipe: TLSPipe) -> Bool {
        assert(begin(), "one thread at a time")
        defer { assert(end(), "work that ends has begun") }
        assert(isEstablished, "bytes go after the handshake")
        assert(!bytes.isEmpty, "there are no records of nothing")
        guard let ssl else { return false }
        attach(ssl, pipe)
        return SSL_write(ssl, bytes.baseAddress, CInt(bytes.count)) == CInt(bytes.count)
    }

    /// Writes close_notify to the pipe's output.
    ///
    /// Only after the handshake.
    func shutDown(_ pipe: TLSPipe) {
        assert(begin(), "one thread at a time")
        defer { assert(end(), "work that ends has begun") }
        assert(isEstablished, "what was never open is not closed")
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

    /// What is known of the peer after the handshake.
    var security: ConnectionSecurity {
        guard let ssl else { return ConnectionSecurity() }
        return ConnectionSecurity(
            version: String(cString: SSL_get_version(ssl)),
            cipher: SSL_get_current_cipher(ssl).flatMap(SSL_CIPHER_get_name)
                .map { String(cString: $0) },
            certificate: SSL_get1_peer_certificate(ssl).map(PeerCertificate.init(owned:)),
            pskIdentity: pskIdentity
        )
    }

    /// 32 bytes that only the two ends of this connection know: `tls-exporter` (RFC 9266 section
    /// 4.2, with TLS 1.3).
    var channelBinding: [UInt8]? {
        guard let ssl, SSL_version(ssl) == TLS1_3_VERSION else { return nil }
        let label = "EXPORTER-Channel-Binding"
        var bytes = [UInt8](repeating: 0, count: 32)
        let result = SSL_export_keying_material(ssl, &bytes, 32, label, label.utf8.count, nil, 0, 0)
        assert(bytes.count == 32, "RFC 9266 section 4.2")
        return result == 1 ? bytes : nil
    }
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
