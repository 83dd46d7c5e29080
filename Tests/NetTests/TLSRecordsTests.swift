// SPDX-License-Identifier: Apache-2.0
// The broker's own records beside OpenSSL's.

import COpenSSL
import Foundation
import Glibc
import Testing

@testable import Net

@Suite("Records of TLS")
struct TLSRecordsTests {
    private static let suites = [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    ]

    private static let olderSuites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    ]

    @Test(
        "What OpenSSL seals is opened and the other way round",
        arguments: suites + olderSuites
    )
    func bothWays(suite: String) throws {
        let pair = try TLSPair(suite: suite)
        #expect(
            pair.server.security.version == (Self.suites.contains(suite) ? "TLSv1.3" : "TLSv1.2")
        )
        #expect(pair.server.security.cipher == suite)
        #expect(!pair.server.usesOpenSSL)
        for count in [1, 2, 100, 16383, 16384, 16385, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            #expect(try pair.upward(bytes) == bytes)
            #expect(try pair.downward(bytes) == bytes)
        }
    }

    @Test(
        "Records may arrive in pieces of any size",
        arguments: [1, 3, 5, 16, 21, 1000, 17000],
        [suites[0], olderSuites[0], olderSuites[2]]
    )
    func pieces(size: Int, suite: String) throws {
        let pair = try TLSPair(suite: suite)
        let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try pair.upward(bytes, pieces: size) == bytes)
    }

    @Test("Padding is taken off", arguments: suites)
    func padding(suite: String) throws {
        let pair = try TLSPair(suite: suite)
        #expect(SSL_set_block_padding(pair.client, 4096) == 1)
        let bytes: [UInt8] = [1, 0, 0, 2, 0, 0]
        #expect(try pair.upward(bytes) == bytes)
    }

    @Test(
        "A client may renew its keys and ask for new ones of the broker",
        arguments: suites,
        [SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED]
    )
    func keyUpdate(suite: String, kind: CInt) throws {
        let pair = try TLSPair(suite: suite)
        for round in 0..<5 {
            #expect(SSL_key_update(pair.client, kind) == 1)
            let bytes = Array("round \(round)".utf8)
            #expect(try pair.upward(bytes) == bytes)
            #expect(try pair.downward(bytes) == bytes)
            #expect(try pair.downward(bytes) == bytes)
        }
    }

    @Test("Renewing keys without end brings an alert and the end")
    func keyUpdatesWithoutEnd() throws {
        let pair = try TLSPair(suite: Self.suites[0])
        for _ in 0..<40 {
            #expect(SSL_key_update(pair.client, SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
            _ = SSL_do_handshake(pair.client)
        }
        guard case .failed(let reason) = pair.feed(pair.takeFromClient()).end else {
            throw Failure(text: "went on")
        }
        #expect(reason == "unexpected_message")
        #expect(pair.clientError()?.hasSuffix("alert unexpected message") == true)
    }

    @Test("Each side says that it ends", arguments: [suites[1], olderSuites[1], olderSuites[2]])
    func ends(suite: String) throws {
        let pair = try TLSPair(suite: suite)
        SSL_shutdown(pair.client)
        guard case .closed = pair.feed(pair.takeFromClient()).end else {
            throw Failure(text: "close_notify went unnoticed")
        }
        pair.pipe.clearOutput()
        pair.server.shutDown(pair.pipe)
        pair.give([UInt8](pair.pipe.output))
        #expect(SSL_shutdown(pair.client) == 1)
    }

    @Test(
        "What is no record of the client's is answered with an alert",
        arguments: [
            ([23, 3, 3, 0, 20] + [UInt8](repeating: 7, count: 20), "bad record mac"),
            ([23, 3, 3, 0, 16] + [UInt8](repeating: 7, count: 16), "bad record mac"),
            ([23, 3, 3, 0, 0], "bad record mac"),
            ([23, 3, 3, 0x41, 1, 0], "record overflow"),
            ([22, 3, 3, 0, 1, 0], "unexpected_message"),
            ([20, 3, 3, 0, 1, 1], "unexpected_message"),
            ([21, 3, 3, 0, 2, 1, 0], "unexpected_message"),
            (Array("GET / HTTP/1.1\r\n\r\n".utf8), "unexpected_message"),
        ] as [([UInt8], String)]
    )
    func garbage(bytes: [UInt8], alert: String) throws {
        let pair = try TLSPair(suite: Self.suites[2])
        #expect(try pair.upward([1, 2, 3]) == [1, 2, 3])
        guard case .failed(let reason) = pair.feed(bytes).end else {
            throw Failure(text: "not refused")
        }
        #expect(reason == alert)
        #expect(pair.clientError()?.hasSuffix("alert " + alert.replacing("_", with: " ")) == true)
    }

    @Test(
        "Every single bit counts",
        arguments: [0, 5, 6, 12, 20, 23],
        [suites[1], olderSuites[1], olderSuites[2]]
    )
    func tampered(index: Int, suite: String) throws {
        let pair = try TLSPair(suite: suite)
        SSL_write(pair.client, "abc", 3)
        var record = pair.takeFromClient()
        record[index] ^= 1
        guard case .failed = pair.feed(record).end else { throw Failure(text: "not noticed") }
    }

    @Test("A record counts once and in its order", arguments: suites + olderSuites)
    func replay(suite: String) throws {
        let pair = try TLSPair(suite: suite)
        SSL_write(pair.client, "abc", 3)
        let record = pair.takeFromClient()
        #expect(pair.feed(record).bytes == Array("abc".utf8))
        guard case .failed = pair.feed(record).end else { throw Failure(text: "replayed") }
    }

    @Test(
        "What is no record of an older client's is answered with an alert",
        arguments: olderSuites
    )
    func olderGarbage(suite: String) throws {
        for (bytes, alert) in [
            ([23, 3, 3, 0, 40] + [UInt8](repeating: 7, count: 40), "bad record mac"),
            ([22, 3, 3, 0, 40] + [UInt8](repeating: 7, count: 40), "bad record mac"),
            ([23, 3, 3, 0, 3, 1, 2, 3], "bad record mac"),
            ([23, 3, 3, 0x48, 1, 0], "record overflow"),
            ([20, 3, 3, 0, 1, 1], "unexpected_message"),
        ] as [([UInt8], String)] {
            let pair = try TLSPair(suite: suite)
            guard case .failed(let reason) = pair.feed(bytes).end else {
                throw Failure(text: "not refused")
            }
            #expect(reason == alert)
            let words = "alert " + alert.replacing("_", with: " ")
            #expect(pair.clientError()?.hasSuffix(words) == true)
        }
    }

    @Test("A client that wants to shake hands again is told no", arguments: olderSuites)
    func renegotiation(suite: String) throws {
        let pair = try TLSPair(suite: suite)
        #expect(SSL_renegotiate(pair.client) == 1)
        _ = SSL_do_handshake(pair.client)
        let (bytes, end) = pair.feed(pair.takeFromClient())
        guard case .open = end else { throw Failure(text: "\(end)") }
        #expect(bytes.isEmpty)
        #expect(pair.clientError()?.contains("renegotiation") == true)
    }

    @Test(
        "Other ciphers stay with OpenSSL",
        arguments: [
            "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-CCM", "TLS_AES_128_CCM_SHA256",
        ]
    )
    func others(suite: String) throws {
        let pair = try TLSPair(suite: suite)
        #expect(pair.server.security.cipher == suite)
        #expect(pair.server.usesOpenSSL)
        let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try pair.upward(bytes) == bytes)
        #expect(try pair.downward(bytes) == bytes)
    }
}

/// Why a test cannot go on.
private struct Failure: Error {
    let text: String
}

/// A server's session and a client of OpenSSL, joined in memory.
private final class TLSPair {
    let server: TLSSession
    let client: OpaquePointer
    let pipe = TLSPipe(plaintextCapacity: 320 << 10)
    private let clientContext: OpaquePointer
    private let fromClient: OpaquePointer
    private let toClient: OpaquePointer

    /// Shakes hands with a suite of TLS 1.3 or 1.2.
    init(suite: String) throws {
        let files = try Self.files.get()
        var options = TLSOptions()
        options.certificateFile = files + "/certificate.pem"
        options.keyFile = files + "/key.pem"
        options.ciphers = "ALL"
        options.cipherSuites =
            "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256"
        let context = try TLSContext(options, pool: HandshakePool(threadCount: 1))
        server = TLSSession(context, peer: .text("test", port: 0))
        guard let clientContext = SSL_CTX_new(TLS_client_method()),
            let client = SSL_new(clientContext),
            let fromClient = BIO_new(BIO_s_mem()), let toClient = BIO_new(BIO_s_mem())
        else { throw Failure(text: "no client") }
        self.clientContext = clientContext
        self.client = client
        self.fromClient = fromClient
        self.toClient = toClient
        SSL_set_bio(client, toClient, fromClient)
        SSL_set_connect_state(client)
        if suite.hasPrefix("TLS_") {
            #expect(SSL_set_ciphersuites(client, suite) == 1)
        } else {
            SSL_ctrl(client, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
            #expect(SSL_set_cipher_list(client, suite) == 1)
        }
        for _ in 0..<10 {
            let clientIsDone = SSL_do_handshake(client) == 1
            pipe.clearOutput()
            let bytes = takeFromClient()
            guard !bytes.isEmpty || !clientIsDone else { return }
            let step = bytes.withUnsafeBytes { bytes in
                pipe.input = bytes
                return server.shakeHands(pipe)
            }
            give([UInt8](pipe.output))
            switch step {
            case .done where clientIsDone: return
            case .failed(let reason): throw Failure(text: reason)
            case .done, .wantsMore: break
            }
        }
    }

    deinit {
        SSL_free(client)
        SSL_CTX_free(clientContext)
    }

    /// What arrives of bytes that the client sends.
    func upward(_ bytes: [UInt8], pieces: Int = .max) throws -> [UInt8] {
        guard SSL_write(client, bytes, CInt(bytes.count)) == CInt(bytes.count) else {
            throw Failure(text: "SSL_write")
        }
        var rest = takeFromClient()[...]
        var received: [UInt8] = []
        while !rest.isEmpty {
            let (bytes, end) = feed(Array(rest.prefix(pieces)))
            guard case .open = end else { throw Failure(text: "\(end)") }
            received += bytes
            rest = rest.dropFirst(pieces)
        }
        return received
    }

    /// What the client gets of bytes that the server sends.
    func downward(_ bytes: [UInt8]) throws -> [UInt8] {
        pipe.clearOutput()
        guard bytes.withUnsafeBytes({ server.encrypt($0, pipe) }) else {
            throw Failure(text: "not encrypted")
        }
        give([UInt8](pipe.output))
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 20_000)
        while case let count = SSL_read(client, &chunk, CInt(chunk.count)), count > 0 {
            received += chunk[..<Int(count)]
        }
        return received
    }

    /// Lets the server take bytes; the client gets what it answers.
    func feed(_ bytes: [UInt8]) -> (bytes: [UInt8], end: TLSSession.Received) {
        pipe.clearOutput()
        var count = 0
        let end = bytes.withUnsafeBytes { bytes in
            pipe.input = bytes
            return server.decrypt(pipe, after: 100, count: &count)
        }
        give([UInt8](pipe.output))
        return ([UInt8](pipe.plaintext[100..<(100 + count)]), end)
    }

    /// Takes what the client has sent.
    func takeFromClient() -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 20_000)
        while case let count = BIO_read(fromClient, &chunk, CInt(chunk.count)), count > 0 {
            bytes += chunk[..<Int(count)]
        }
        return bytes
    }

    func give(_ bytes: [UInt8]) {
        if !bytes.isEmpty { BIO_write(toClient, bytes, CInt(bytes.count)) }
    }

    /// What the client has to say about what it got.
    func clientError() -> String? {
        ERR_clear_error()
        var byte: UInt8 = 0
        guard SSL_read(client, &byte, 1) <= 0 else { return nil }
        return ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) }
    }

    /// A folder with a certificate and its key.
    private static let files = Result<String, any Error> {
        let folder = NSTemporaryDirectory() + "records-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-keyout", folder + "/key.pem", "-out", folder + "/certificate.pem", "-subj",
            "/CN=test", "-days", "2",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return folder
    }
}
