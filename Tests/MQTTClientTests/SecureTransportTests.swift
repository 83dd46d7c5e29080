// SPDX-License-Identifier: Apache-2.0
// The client through TLS, pre-shared keys and proxies, against Debian's broker.

import MQTTClient
import TestSupport
import Testing

@Suite("The client on protected connections")
struct SecureTransportTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var soon: Deadline { Deadline(in: .seconds(10)) }

    private func openssl(_ arguments: String...) throws {
        let outcome = try ChildProcess.run(
            "/usr/bin/openssl",
            arguments,
            directory: folder.path
        )
        guard outcome.status == 0 else { throw Mismatch("openssl: \(outcome.errors)") }
    }

    /// Makes an authority, `ca.crt`, and a certificate by it for `name`.
    private func makeCertificates() throws {
        try openssl(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.crt",
            "-subj",
            "/CN=Test CA",
            "-days",
            "2"
        )
        try makeCertificate("server", alternative: "DNS:localhost")
        try makeCertificate("client", alternative: "DNS:client")
    }

    private func makeCertificate(_ name: String, alternative: String) throws {
        try openssl(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "\(name).key",
            "-out",
            "\(name).csr",
            "-subj",
            "/CN=\(name)"
        )
        try folder.write("\(name).ext", "subjectAltName=\(alternative)\n")
        try openssl(
            "x509",
            "-req",
            "-in",
            "\(name).csr",
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            "\(name).crt",
            "-days",
            "2",
            "-extfile",
            "\(name).ext"
        )
    }

    private func broker(_ more: String = "") throws -> Broker {
        try makeCertificates()
        return try Broker.debian(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous true
            cafile %DIR%/ca.crt
            certfile %DIR%/server.crt
            keyfile %DIR%/server.key
            \(more)

            """,
            in: folder.path
        )
    }

    private func options(
        _ broker: Broker,
        _ tls: MQTTTLS,
        host: String = "localhost"
    )
        -> MQTTConfiguration
    {
        var options = MQTTConfiguration(.tcp(host: host, port: UInt16(broker.port)))
        options.tls = tls
        return options
    }

    private func expectTLSFailure(_ options: MQTTConfiguration, _ text: String) {
        let error = #expect(throws: MQTTError.self) { try BlockingClient(connecting: options) }
        guard case .tls(let reason) = error, reason.contains(text) else {
            Issue.record("not '\(text)' but \(String(describing: error))")
            return
        }
    }

    @Test("a broker with a certificate of a trusted authority is accepted")
    func trusted() throws {
        let broker = try broker()
        var tls = MQTTTLS()
        tls.authorityFile = folder.file("ca.crt")
        let client = try BlockingClient(connecting: options(broker, tls))
        _ = try client.subscribe(to: "t", qos: 1, soon)
        let payload = [UInt8](repeating: 7, count: 100_000)
        _ = try client.publish(to: "t", payload: payload, qos: 1, soon)
        #expect(try client.receive(soon).payload == MQTTPayload(payload))
        client.disconnect()
    }

    @Test("another name than the certificate's is refused, unless it is not to be looked at")
    func otherName() throws {
        let broker = try broker()
        var tls = MQTTTLS()
        tls.authorityFile = folder.file("ca.crt")
        expectTLSFailure(options(broker, tls, host: "127.0.0.1"), "is for another address")
        tls.ignoresHostName = true
        let client = try BlockingClient(connecting: options(broker, tls, host: "127.0.0.1"))
        try client.keepAlive()
    }

    @Test("an unknown authority is refused, even when the name is not looked at")
    func unknownAuthority() throws {
        let broker = try broker()
        var tls = MQTTTLS()
        tls.ignoresHostName = true
        expectTLSFailure(options(broker, tls), "no known authority")
        tls.authorityFile = folder.file("none.crt")
        expectTLSFailure(options(broker, tls), "Unable to load CA certificates")
    }

    @Test("a client certificate identifies the client")
    func clientCertificate() throws {
        let broker = try broker("require_certificate true")
        var tls = MQTTTLS()
        tls.authorityFile = folder.file("ca.crt")
        #expect(throws: MQTTError.self) { try BlockingClient(connecting: options(broker, tls)) }
        tls.certificateFile = folder.file("client.crt")
        tls.keyFile = folder.file("client.key")
        try BlockingClient(connecting: options(broker, tls)).keepAlive()
        tls.keyFile = folder.file("server.key")
        expectTLSFailure(options(broker, tls), "Unable to load client key file")
    }

    @Test("the oldest TLS version accepted can be set", arguments: [MQTTTLS.Version.v12, .v13])
    func version(_ version: MQTTTLS.Version) throws {
        let broker = try broker("tls_version tlsv1.2\nciphers ECDHE-ECDSA-AES128-GCM-SHA256")
        var tls = MQTTTLS()
        tls.authorityFile = folder.file("ca.crt")
        tls.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"
        tls.minimumVersion = version
        try BlockingClient(connecting: options(broker, tls)).keepAlive()
        tls.ciphers = "no such cipher"
        expectTLSFailure(options(broker, tls), "Unable to set TLS ciphers")
    }

    @Test("a pre-shared key opens the door, another one does not")
    func presharedKey() throws {
        try folder.write("psk", "me:00112233445566778899aabbccddeeff\n")
        let broker = try Broker.debian(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\npsk_hint hint\npsk_file %DIR%/psk\n",
            in: folder.path
        )
        var tls = MQTTTLS()
        tls.preSharedKey = MQTTTLS.PreSharedKey(
            identity: "me",
            key: hex("00112233445566778899AABBCCDDEEFF")
        )
        try BlockingClient(connecting: options(broker, tls)).keepAlive()
        tls.preSharedKey?.key = [0]
        #expect(throws: MQTTError.self) { try BlockingClient(connecting: options(broker, tls)) }
    }

    @Test("nothing is verified where that is asked for, and secrets are logged")
    func nothing() throws {
        let broker = try broker()
        var tls = MQTTTLS()
        tls.verifiesNothing = true
        tls.keyLogFile = folder.file("keys")
        let client = try BlockingClient(connecting: options(broker, tls, host: "127.0.0.1"))
        #expect(try !client.publish(to: "t", payload: [1], qos: 1, soon).isError)
        #expect(try folder.read("keys").contains("CLIENT_TRAFFIC_SECRET_0"))
        tls.engine = "pkcs11"
        #expect(throws: MQTTError.self) { try BlockingClient(connecting: options(broker, tls)) }
    }

    @Test("a SOCKS5 proxy connects, with and without login", arguments: [true, false])
    func proxy(_ hasLogin: Bool) throws {
        let broker = try Broker.debian("listener %PORT% 127.0.0.1\nallow_anonymous true\n")
        let proxy = try SOCKSProxyProcess(login: hasLogin ? "user:pass" : "")
        var options = MQTTConfiguration(.tcp(host: "localhost", port: UInt16(broker.port)))
        options.proxy = MQTTProxy(host: "127.0.0.1", port: UInt16(proxy.port))
        if hasLogin {
            options.proxy?.userName = "user"
            options.proxy?.password = "bad"
            #expect(throws: MQTTError.proxy("authentication failed")) {
                try BlockingClient(connecting: options)
            }
            options.proxy?.password = "pass"
        }
        try BlockingClient(connecting: options).keepAlive()
        options.server = .tcp(host: "localhost", port: UInt16(try Broker.freePort()))
        #expect(throws: MQTTError.proxy("host unreachable")) {
            try BlockingClient(connecting: options)
        }
    }
}
