// SPDX-License-Identifier: Apache-2.0
// Certificates of clients: who gets in, and under which name.

import COpenSSL
import TestSupport
import Testing

@Suite("Client certificates")
struct ClientCertificateTests {
    private static func broker(_ more: String..., anonymous: Bool = true) throws -> Broker {
        let options = try ([clientCertificates()] + more).joined(separator: "\n")
        let start = anonymous ? open : "log_type all\n"
        return try Broker.shared(start + tlsListener("%PORT%", options), workers: 1)
    }

    @Test(
        "require_certificate lets in whoever has a valid one",
        arguments: [TLS1_2_VERSION, TLS1_3_VERSION]
    )
    func valid(version: CInt) throws {
        var options = try certificates().client("client")
        options.maximumVersion = version
        try RawClient.overTLS(Self.broker(), options).expectEcho()
    }

    @Test(
        "require_certificate refuses all others, and the log says why",
        arguments: [
            ("expired", "certificate verify failed", "the client's certificate has expired"),
            ("future", "certificate verify failed", "the client's certificate is not valid yet"),
            ("stranger", "certificate verify failed", "no known authority has issued"),
            ("wrong-usage", "certificate verify failed", "certificate is not for clients"),
            (nil, "peer did not return a certificate", "the client has no certificate"),
        ],
        [TLS1_2_VERSION, TLS1_3_VERSION]
    )
    func invalid(row: (name: String?, reason: String, words: String), version: CInt) throws {
        let broker = try Self.broker()
        var options = try row.name.map { try certificates().client($0) } ?? certificates().client
        options.maximumVersion = version
        let mark = broker.logMark
        try expectRefusal(options, port: broker.port)
        // Other rows share the broker.
        let line = try broker.waitForLog(containing: row.words, from: mark)
        #expect(line.hasPrefix("Client connection from 127.0.0.1 failed: error:"))
        #expect(line.contains("::\(row.reason). Reason: "), "\(line)")
    }

    @Test("A certificate is not asked for without require_certificate")
    func notRequired() throws {
        let authorities = try certificates().path("ca.crt")
        let broker = try Broker.shared(
            open + tlsListener("%PORT%", "cafile \(authorities)"),
            workers: 1
        )
        _ = try RawClient.overTLS(broker, certificates().client)
        _ = try RawClient.overTLS(broker, certificates().client("stranger"))
    }

    @Test("capath does the same as cafile")
    func directory() throws {
        let files = try certificates()
        let options = "require_certificate true\ncapath \(files.path("hashed"))"
        let broker = try Broker.shared(open + tlsListener("%PORT%", options), workers: 1)
        try RawClient.overTLS(broker, files.client("client")).expectEcho()
        try expectRefusal(files.client("stranger"), port: broker.port)
    }

    @Test("crlfile refuses revoked certificates, and the log says why")
    func revoked() throws {
        let files = try certificates()
        _ = try RawClient.overTLS(Self.broker(), files.client("revoked"))
        let broker = try Self.broker("crlfile \(files.path("crl.pem"))")
        let mark = broker.logMark
        try expectRefusal(files.client("revoked"), port: broker.port)
        try broker.waitForLog(containing: "the client's certificate is revoked", from: mark)
        try RawClient.overTLS(broker, files.client("client")).expectEcho()
    }

    @Test(
        "disable_client_cert_date_checks lets in what has expired or is not yet valid, nothing else",
        arguments: [("expired", true), ("future", true), ("client", true), ("stranger", false)]
    )
    func dates(name: String, isAllowed: Bool) throws {
        let broker = try Self.broker("disable_client_cert_date_checks true")
        let options = try certificates().client(name)
        if isAllowed {
            try RawClient.overTLS(broker, options).expectEcho()
        } else {
            try expectRefusal(options, port: broker.port)
        }
    }

    // MARK: Names

    @Test(
        "use_identity_as_username takes the common name, use_subject_as_username the subject",
        arguments: [
            ("use_identity_as_username true", "test client"),
            (
                "use_subject_as_username true",
                "CN=test client,OU=Section,O=Tests,L=Derby,ST=Derby,C=GB"
            ),
            ("use_subject_as_username true\nuse_identity_as_username true", "test client"),
        ],
        Broker.reactorCounts
    )
    func names(row: (option: String, name: String), workers: Int) throws {
        let options = try clientCertificates() + "\n" + row.option
        // Nobody may come in without a name, and names of CONNECT are of no account.
        let broker = try Broker.shared(
            "log_type all\n" + tlsListener("%PORT%", options),
            workers: workers
        )
        let identifier = unique("subject")
        let client = try RawClient(
            port: broker.port,
            over: .tls(certificates().client("client"))
        )
        client.send(Wire.connect(identifier, username: "admin", password: "admin"))
        try client.expect(Wire.connack(.v4))
        try client.expectEcho()
        let line = try broker.waitForLog(containing: " as \(identifier) (")
        #expect(line.hasSuffix("u'\(row.name)')."))
    }

    @Test(
        "Without a name to take the client is refused: 4 in 3.x, 0x86 in 5.0",
        arguments: [Version.v4, .v5],
        [true, false]
    )
    func nameless(version: Version, hasCertificate: Bool) throws {
        let more = hasCertificate ? try clientCertificates() : ""
        let broker = try Broker.shared(
            open + tlsListener("%PORT%", more, "use_identity_as_username true"),
            workers: 1
        )
        let options =
            try hasCertificate ? certificates().client("nameless") : certificates().client
        let client = try RawClient(port: broker.port, over: .tls(options))
        let name = unique("nameless")
        client.send(Wire.connect(name, version, username: "joe", password: "joe"))
        let answer = try client.readPacket()
        #expect(answer[0] == 0x20 && answer[3] == (version == .v5 ? 0x86 : 4))
        try client.expectClosed()
        let port = client.localPort
        try broker.waitForLog(
            exactly: "Client \(name) [127.0.0.1:\(port)] disconnected: not authorised."
        )
    }

    @Test("A resumed session keeps the name of its certificate")
    func resumed() throws {
        let broker = try Self.broker("use_identity_as_username true", anonymous: false)
        var options = try certificates().client("client")
        let first = try RawClient.overTLS(broker, options)
        try first.expectEcho()
        options.session = try #require(first.channel?.session)
        try first.disconnect()
        let name = unique("again")
        let second = try RawClient.overTLS(broker, options, identifier: name)
        #expect(second.channel?.isResumed == true)
        let line = try broker.waitForLog(containing: " as \(name) (")
        #expect(line.contains("u'test client'"))
    }
}
