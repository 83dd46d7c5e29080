// SPDX-License-Identifier: Apache-2.0
// Outgoing connections over TLS and WebSocket, to servers of our own and to bad ones.

import Glibc
import TestSupport
import Testing

@testable import Net

@Suite("Outgoing connections over TLS and WebSocket")
struct OutgoingLayersTests {
    private static let pool = Result { () throws(SystemError) in try HandshakePool(threadCount: 1) }

    private static func files() throws -> Certificates { try Certificates.shared.get() }

    /// A server with the certificate for localhost and 127.0.0.1.
    private static func server(
        _ change: (inout TLSOptions) -> Void = { _ in }
    ) throws -> TLSContext {
        var options = TLSOptions()
        options.certificateFile = try files().path("server.crt")
        options.keyFile = try files().path("server.key")
        options.authorityFile = try files().path("ca.crt")
        change(&options)
        return try TLSContext(options, pool: try pool.get())
    }

    private static func client(
        _ change: (inout TLSClientOptions) -> Void = { _ in }
    ) throws -> TLSContext {
        var options = TLSClientOptions()
        options.authorityFile = try files().path("root.crt")
        change(&options)
        return try TLSContext(client: options, pool: try pool.get())
    }

    private static func plan(
        _ port: UInt16,
        host: String = "127.0.0.1",
        _ tls: TLSContext?
    ) -> OutgoingPlan {
        var plan = OutgoingPlan(to: .host(host, port: port))
        plan.tls = tls
        plan.stepTimeout = 5000
        return plan
    }

    /// A resolver to whom every name is this machine's.
    private static func resolver(_ port: UInt16) throws -> NameResolver {
        let address = try OutgoingBench.loopback(port: port)
        return NameResolver { _ in .success(NameAnswer(addresses: [address])) }
    }

    /// Connects once; returns the echo or what went wrong.
    private static func outcome(
        _ server: TLSContext,
        _ client: TLSContext,
        host: String = "127.0.0.1",
        path: String? = nil
    ) throws -> String {
        let bench = try OutgoingBench()
        defer { bench.end() }
        var serverPlan = TransportPlan()
        serverPlan.tls = server
        if path != nil { serverPlan.webSocket = WebSocketRules(origins: [], headCountMax: 4096) }
        let port = try bench.listen(serverPlan)
        var plan = Self.plan(port, host: host, client)
        plan.webSocket = path.flatMap { WebSocketTarget(path: $0) }
        bench.connect(plan, by: try resolver(port))
        try bench.run { !bench.opened.isEmpty || !bench.failures.isEmpty }
        if let failure = bench.failures.first { return "\(failure)" }
        let text = String(repeating: "0123456789", count: 5000)
        let echo = try bench.echo(text, over: bench.opened[0])
        return echo == text ? "echo" : "\(bench.accepted.map { "\($0.reader.end as Any)" })"
    }

    @Test(
        "The server's certificate must be for the name or the address",
        arguments: [
            ("localhost", "echo"),
            ("127.0.0.1", "echo"),
            (
                "other.example",
                "the TLS handshake: the server's certificate is for another host name"
            ),
            ("127.0.0.2", "the TLS handshake: the server's certificate is for another address"),
        ]
    )
    func hostName(host: String, expected: String) throws {
        #expect(try Self.outcome(Self.server(), Self.client(), host: host) == expected)
    }

    @Test("bridge_insecure takes a certificate of another host, not one of a stranger")
    func ignoredHostName() throws {
        let trusting = try Self.client { $0.ignoresHostName = true }
        #expect(try Self.outcome(Self.server(), trusting, host: "other.example") == "echo")
        let other = try Self.files().path("other.crt")
        let strange = try Self.client {
            $0.ignoresHostName = true
            $0.authorityFile = other
        }
        #expect(
            try Self.outcome(Self.server(), strange)
                == "the TLS handshake: no known authority has issued the server's certificate"
        )
    }

    @Test("Authorities come from a directory, and without any there is no connection")
    func authorities() throws {
        let none = try Self.client { $0.authorityFile = nil }
        #expect(
            try Self.outcome(Self.server(), none).contains("no known authority")
                || Self.outcome(Self.server(), none).contains("self-signed")
        )
        let system = try Self.client {
            $0.authorityFile = nil
            $0.usesSystemAuthorities = true
        }
        #expect(try Self.outcome(Self.server(), system) != "echo")
    }

    @Test("A client certificate is shown where the server asks for one")
    func clientCertificate() throws {
        let files = try Self.files()
        let server = try Self.server { $0.requiresCertificate = true }
        let known = try Self.client {
            $0.certificateFile = files.path("client.crt")
            $0.keyFile = files.path("client.key")
        }
        #expect(try Self.outcome(server, known) == "echo")
        // With TLS 1.3 the refusal comes after the client's side of the handshake is done.
        let nameless = try Self.outcome(server, Self.client())
        #expect(nameless != "echo")
    }

    @Test("A client's long key is used on a thread of the pool")
    func longKey() throws {
        let files = try Self.files()
        let key = files.path("outgoing-rsa.key")
        let certificate = files.path("outgoing-rsa.crt")
        let outcome = try ChildProcess.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:4096", "-nodes", "-keyout", key, "-out",
                certificate,
                "-subj", "/O=Tests/CN=long", "-days", "2",
            ],
            seconds: 60
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let client = try Self.client {
            $0.certificateFile = certificate
            $0.keyFile = key
        }
        #expect(!client.isQuick)
        #expect(try Self.outcome(Self.server { $0.authorityFile = certificate }, client) == "echo")
        let server = try Self.server {
            $0.authorityFile = certificate
            $0.requiresCertificate = true
        }
        #expect(try Self.outcome(server, client) == "echo")
        #expect(try Self.outcome(server, client, path: "/mqtt") == "echo")
    }

    @Test("Versions, ciphers and the protocol are as set")
    func settings() throws {
        let files = try Self.files()
        #expect(try Self.outcome(Self.server(), Self.client { $0.requiresTLS13 = true }) == "echo")
        let old = try Self.client {
            $0.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"
            $0.cipherSuites = "TLS_AES_128_GCM_SHA256"
            $0.applicationProtocol = "mqtt"
        }
        let bench = try OutgoingBench()
        defer { bench.end() }
        var serverPlan = TransportPlan()
        serverPlan.tls = try Self.server()
        let port = try bench.listen(serverPlan)
        bench.connect(Self.plan(port, old))
        try bench.run { !bench.opened.isEmpty || !bench.failures.isEmpty }
        #expect(bench.failures.isEmpty)
        let security = try #require(bench.opened.first?.security)
        #expect(security.version == "TLSv1.3")
        #expect(security.cipher == "TLS_AES_128_GCM_SHA256")
        #expect(throws: TLSError.self) { try Self.client { $0.ciphers = "NONSENSE" } }
        #expect(throws: TLSError.self) { try Self.client { $0.authorityFile = "/nowhere" } }
        #expect(throws: TLSError.self) {
            try Self.client {
                $0.certificateFile = files.path("client.crt")
                $0.keyFile = files.path("server.key")
            }
        }
    }

    @Test("Pre-shared keys need no certificate, and a wrong one is told")
    func preSharedKey() throws {
        func key(_ bytes: [UInt8]) throws -> TLSContext {
            var options = TLSClientOptions()
            options.preSharedKey = .init(identity: "bridge", key: bytes)
            return try TLSContext(client: options, pool: try Self.pool.get())
        }
        var options = TLSOptions()
        options.pskHint = "hint"
        let source = PSKSource(mayWait: false) {
            $0.identity == "bridge" ? .key([1, 2, 3]) : .unknown
        }
        let server = try TLSContext(options, pool: try Self.pool.get(), pskSource: source)
        #expect(try Self.outcome(server, key([1, 2, 3])) == "echo")
        #expect(try Self.outcome(server, key([1, 2, 4])).hasPrefix("the TLS handshake: "))
    }

    @Test("MQTT goes in masked frames of a WebSocket, with and without TLS")
    func webSocket() throws {
        #expect(try Self.outcome(Self.server(), Self.client(), path: "/mqtt?x=1") == "echo")
        let bench = try OutgoingBench()
        defer { bench.end() }
        var serverPlan = TransportPlan()
        serverPlan.webSocket = WebSocketRules(origins: [], headCountMax: 4096)
        var plan = Self.plan(try bench.listen(serverPlan), nil)
        plan.webSocket = WebSocketTarget(path: "/")
        bench.connect(plan)
        try bench.run { !bench.opened.isEmpty }
        for size in [1, 125, 126, 65_535, 65_536, 200_000] {
            let text = String(repeating: "m", count: size)
            #expect(try bench.echo(text, over: bench.opened[0]) == text)
        }
        bench.opened[0].close()
        try bench.run { bench.accepted[0].reader.end != nil }
        #expect(bench.accepted[0].reader.end == .closedByPeer)
    }

    @Test(
        "Paths with blanks or without a slash are none",
        arguments: ["", "mqtt", "/a b", "/\r\n"]
    )
    func badPath(path: String) {
        #expect(WebSocketTarget(path: path) == nil)
    }

    // MARK: Bad servers

    @Test("What is no TLS is told, and silence ends when its time is over")
    func noTLS() throws {
        for (bytes, closes, expected) in [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", false, "the server does not speak TLS here"),
            ("", true, "the server closed the connection"),
            ("", false, "the TLS handshake took longer than 1 s"),
        ] {
            let bench = try OutgoingBench()
            defer { bench.end() }
            let listener = try ScriptedListener()
            var plan = Self.plan(listener.port, try Self.client())
            plan.stepTimeout = 1000
            bench.connect(plan)
            bench.reactor.turn(until: Clock.monotonicMilliseconds() + 1000)
            listener.serve(Array(bytes.utf8), closes: closes)
            try bench.run { !bench.failures.isEmpty }
            #expect("\(bench.failures[0])".contains(expected), "\(bench.failures)")
            #expect(bench.opened.isEmpty)
            for _ in 0..<3 { bench.reactor.turn() }
            #expect(bench.reactor.connectionCount == 0)
        }
    }

    @Test("A server that does not agree to a WebSocket is told")
    func noWebSocket() throws {
        for (bytes, expected) in [
            ("HTTP/1.1 404 Not Found\r\n\r\n", "the server answers 404 Not Found"),
            ("HTTP/1.1 101 OK\r\n\r\n", "does not agree to a WebSocket"),
            ("SSH-2.0\r\n", "the server does not speak HTTP"),
            ("HTTP/1.1 abc\r\n\r\n", "no status line"),
            ("HTTP/1.1 200 " + String(repeating: "x", count: 20_000), "the answer is too large"),
            ("HTTP/1.1 1", "opening the WebSocket took longer than 1 s"),
        ] {
            let bench = try OutgoingBench()
            defer { bench.end() }
            let listener = try ScriptedListener()
            var plan = Self.plan(listener.port, nil)
            plan.webSocket = WebSocketTarget(path: "/mqtt")
            plan.stepTimeout = 1000
            bench.connect(plan)
            bench.reactor.turn(until: Clock.monotonicMilliseconds() + 1000)
            listener.serve(Array(bytes.utf8))
            try bench.run { !bench.failures.isEmpty }
            #expect("\(bench.failures[0])".contains(expected), "\(bench.failures)")
        }
    }
}
