// SPDX-License-Identifier: Apache-2.0
// Handshakes that fail: one line in the log, with the reason an administrator can act on.

import TestSupport
import Testing

@Suite("TLS failures", .serialized)
struct TLSFailureTests {
    private static func broker() throws -> Broker {
        // With an option of its own no other suite shares it.
        try Broker.shared(open + "connection_messages true\n" + tlsListener(), workers: 1)
    }

    /// Arguments of `openssl s_client`, and what the log says then [RFC8446-6.2].
    static let rows: [(arguments: [String], reason: String, words: String)] = [
        (["-verify_return_error", "-tls1_2"], "alert unknown ca", unknownAuthority),
        (["-verify_return_error", "-tls1_3"], "alert unknown ca", unknownAuthority),
        (
            ["-CAfile", "%CA%", "-verify_return_error", "-verify_hostname", "other.example"],
            "alert bad certificate",
            "the client rejects the listener's certificate, perhaps because it is for another host"
                + " name (alert bad certificate)"
        ),
        (
            ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "unsupported protocol",
            "the client speaks no TLS version that the listener takes"
        ),
        (
            ["-tls1_2", "-cipher", "NULL-SHA256@SECLEVEL=0"], "no shared cipher",
            "client and listener have no cipher in common"
        ),
    ]

    private static let unknownAuthority =
        "the client does not know the authority of the listener's certificate (alert unknown CA)"

    @Test("The reason of a failed handshake is in the log, once", arguments: rows)
    func failure(arguments: [String], reason: String, words: String) throws {
        let broker = try Self.broker()
        let mark = broker.logMark
        let authority = try certificates().path("ca.crt")
        let outcome = try ChildProcess.run(
            "/usr/bin/openssl",
            ["s_client", "-connect", "127.0.0.1:\(broker.port)"]
                + arguments.map { $0 == "%CA%" ? authority : $0 }
        )
        #expect(outcome.status != 0)
        let line = try broker.waitForLog(containing: "::", from: mark)
        #expect(line.hasPrefix("Client connection from 127.0.0.1 failed: error:"))
        #expect(line.contains("\(reason). Reason: \(words), from 127.0.0.1:"), "\(line)")
        #expect(line.hasSuffix(" on port \(broker.port)."), "\(line)")
    }

    @Test(
        "Who does not speak TLS at a TLS listener is told apart",
        arguments: [
            (
                utf8("GET / HTTP/1.1\r\n\r\n"), "http request",
                "the client sends plain text, such as HTTP, instead of TLS"
            ),
            (
                Wire.connect("plain"), "wrong version number",
                "the client speaks MQTT without TLS"
            ),
        ]
    )
    func plain(bytes: Bytes, reason: String, words: String) throws {
        let broker = try Self.broker()
        let mark = broker.logMark
        let client = try RawClient(port: broker.port)
        client.sendRaw(bytes)
        try client.expectClosed()
        let line = try broker.waitForLog(containing: "::", from: mark)
        let ending = "\(words), from 127.0.0.1:\(client.localPort) on port \(broker.port)."
        #expect(line.hasSuffix("::\(reason). Reason: \(ending)"), "\(line)")
    }
}
