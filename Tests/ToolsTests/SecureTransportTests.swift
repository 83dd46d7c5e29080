// SPDX-License-Identifier: Apache-2.0
// The tools' client through TLS, pre-shared keys and proxies, against Debian's broker.

import MQTT
import MQTTClient
import TestSupport
import Testing

@Suite("The tools' client on protected connections")
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
        _ tls: TLSOptions,
        host: String = "localhost"
    )
        -> ClientOptions
    {
        var options = ClientOptions(address: .tcp(host: host, port: UInt16(broker.port)))
        options.tls = tls
        return options
    }

    private func expectTLSFailure(_ options: ClientOptions, _ text: String) {
        let error = #expect(throws: ClientError.self) { try MQTTConnection(connecting: options) }
        guard case .tls(let reason) = error, reason.contains(text) else {
            Issue.record("not '\(text)' but \(String(describing: error))")
            return
        }
    }

    @Test("a broker with a certificate of a trusted authority is accepted")
    func trusted() throws {
        let broker = try broker()
        var tls = TLSOptions()
        tls.caFile = folder.file("ca.crt")
        let client = try MQTTConnection(connecting: options(broker, tls))
        _ = try client.subscribe(to: "t", qos: 1, soon)
        let payload = [UInt8](repeating: 7, count: 100_000)
        _ = try client.publish(to: "t", payload: payload, qos: 1, soon)
        #expect(try client.receive(soon).payload == payload)
        client.disconnect()
    }

    @Test("another name than the certificate's is refused, unless it is not to be looked at")
    func otherName() throws {
        let broker = try broker()
        var tls = TLSOptions()
        tls.caFile = folder.file("ca.crt")
        expectTLSFailure(options(broker, tls, host: "127.0.0.1"), "IP address mismatch")
        tls.isInsecure = true
        let client = try MQTTConnection(connecting: options(broker, tls, host: "127.0.0.1"))
        try client.ping(soon)
    }

    @Test("an unknown authority is refused, even when the name is not looked at")
    func unknownAuthority() throws {
        let broker = try broker()
        var tls = TLSOptions()
        tls.isInsecure = true
        expectTLSFailure(options(broker, tls), "not accepted")
        tls.caFile = folder.file("none.crt")
        expectTLSFailure(options(broker, tls), "Unable to load CA certificates")
    }

    @Test("a client certificate identifies the client")
    func clientCertificate() throws {
        let broker = try broker("require_certificate true")
        var tls = TLSOptions()
        tls.caFile = folder.file("ca.crt")
        #expect(throws: ClientError.self) { try MQTTConnection(connecting: options(broker, tls)) }
        tls.certificateFile = folder.file("client.crt")
        tls.keyFile = folder.file("client.key")
        try MQTTConnection(connecting: options(broker, tls)).ping(soon)
        tls.keyFile = folder.file("server.key")
        expectTLSFailure(options(broker, tls), "Unable to load client key file")
    }

    @Test("the oldest TLS version accepted can be set", arguments: ["tlsv1.2", "tlsv1.3"])
    func version(_ version: String) throws {
        let broker = try broker("tls_version tlsv1.2\nciphers ECDHE-ECDSA-AES128-GCM-SHA256")
        var tls = TLSOptions()
        tls.caFile = folder.file("ca.crt")
        tls.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"
        tls.minimumVersion = version
        try MQTTConnection(connecting: options(broker, tls)).ping(soon)
        tls.minimumVersion = "tlsv9"
        let unknown = "Problem setting TLS options, check the options are valid."
        #expect(throws: ClientError.options(unknown)) {
            try MQTTConnection(connecting: options(broker, tls))
        }
        tls.minimumVersion = nil
        tls.ciphers = "no such cipher"
        expectTLSFailure(options(broker, tls), "Unable to set TLS ciphers")
    }

    @Test("a pre-shared key opens the door, another one does not")
    func presharedKey() throws {
        try folder.write("psk", "me:00112233445566778899aabbccddeeff\nodd:abc\n")
        let broker = try Broker.debian(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\npsk_hint hint\npsk_file %DIR%/psk\n",
            in: folder.path
        )
        var tls = TLSOptions()
        tls.psk = "00112233445566778899AABBCCDDEEFF"
        tls.pskIdentity = "me"
        try MQTTConnection(connecting: options(broker, tls)).ping(soon)
        tls.psk = "00"
        #expect(throws: ClientError.self) { try MQTTConnection(connecting: options(broker, tls)) }
        tls.psk = "0x"
        #expect(throws: ClientError.options("Problem setting TLS-PSK options.")) {
            try MQTTConnection(connecting: options(broker, tls))
        }
        tls.psk = "abc"
        tls.pskIdentity = "odd"
        try MQTTConnection(connecting: options(broker, tls)).ping(soon)
    }

    @Test("the system's certificates are trusted beside those of a file")
    func systemCertificates() throws {
        try makeCertificates()
        let broker = try Broker(
            "enable_control_api true\nallow_anonymous true\nlistener %PORT% 127.0.0.1\n"
                + "certfile \(folder.file("server.crt"))\nkeyfile \(folder.file("server.key"))\n",
            workers: 1
        )
        for (more, status) in [([], CInt(8)), (["--tls-use-os-certs"], 0)] {
            let outcome = try ChildProcess.run(
                ToolProgram.ctrl.path,
                ["-h", "localhost", "-p", "\(broker.port)", "--cafile", folder.file("client.crt")]
                    + more + ["broker", "listListeners"],
                environment: [
                    "SSL_CERT_FILE": folder.file("ca.crt"), "XDG_CONFIG_HOME": "/nonexistent",
                ]
            )
            #expect(outcome.status == status, "\(outcome.errors)")
        }
        let outcome = try ChildProcess.run(
            "/bin/sh",
            [
                "-c", "echo connect localhost:$1 | \"$0\" --tls-use-os-certs",
                ToolProgram.ctrl.path, "\(broker.port)",
            ],
            environment: [
                "SSL_CERT_FILE": folder.file("ca.crt"), "XDG_CONFIG_HOME": "/nonexistent",
            ]
        )
        #expect(!outcome.output.contains("Unable to connect"), "\(outcome.output)")
        try broker.stop()
    }

    @Test("a SOCKS5 proxy connects, with and without login", arguments: [true, false])
    func proxy(_ hasLogin: Bool) throws {
        let broker = try Broker.debian("listener %PORT% 127.0.0.1\nallow_anonymous true\n")
        let proxy = try SOCKSProxyProcess(login: hasLogin ? "user:pass" : "")
        var options = ClientOptions(address: .tcp(host: "localhost", port: UInt16(broker.port)))
        options.proxy = SOCKSProxy(host: "127.0.0.1", port: UInt16(proxy.port))
        if hasLogin {
            options.proxy?.username = "user"
            options.proxy?.password = "bad"
            #expect(throws: ClientError.proxy("authentication failed")) {
                try MQTTConnection(connecting: options)
            }
            options.proxy?.password = "pass"
        }
        try MQTTConnection(connecting: options).ping(soon)
        options.address = .tcp(host: "localhost", port: UInt16(try Broker.freePort()))
        #expect(throws: ClientError.proxy("host unreachable")) {
            try MQTTConnection(connecting: options)
        }
    }
}
