// SPDX-License-Identifier: Apache-2.0
// TLS with certificates and with pre-shared keys, seen by Debian's clients.

import Foundation
import TestSupport
import Testing

@Suite("TLS with Debian's clients")
struct TLSWithDebianClients {
    /// A directory with `ca.crt`, `other.crt`, `server.crt/key`, `client.crt/key`, `stranger.crt/key`.
    static let certificates = Result { try makeCertificates() }

    private static func makeCertificates() throws -> String {
        let directory = try Broker.makeDirectory()
        func openssl(_ text: String) throws {
            let words = text.split(separator: " ").map { $0.replacing("~", with: " ") }
            let outcome = try ChildProcess.run(
                "/usr/bin/openssl",
                words.map { String($0) },
                directory: directory
            )
            guard outcome.status == 0 else { throw Mismatch("openssl \(text): \(outcome.errors)") }
        }
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        for authority in ["ca", "other"] {
            try openssl(
                "req -x509 \(key) -keyout \(authority).key -out \(authority).crt -days 2 -subj /CN=\(authority)"
            )
        }
        try "subjectAltName=IP:127.0.0.1,DNS:localhost\n".write(
            toFile: directory + "/names",
            atomically: false,
            encoding: .utf8
        )
        for (name, authority, subject) in [
            ("server", "ca", "/CN=localhost"), ("client", "ca", "/C=GB/O=Tests/CN=test~client"),
            ("stranger", "other", "/CN=stranger"),
        ] {
            try openssl("req \(key) -keyout \(name).key -out \(name).csr -subj \(subject)")
            try openssl(
                "x509 -req -in \(name).csr -CA \(authority).crt -CAkey \(authority).key -CAcreateserial -out \(name).crt -days 2 -extfile names"
            )
        }
        return directory
    }

    static func listener(_ more: String = "") throws -> String {
        let folder = try certificates.get()
        return """
            log_type all
            listener %PORT% 127.0.0.1
            allow_anonymous true
            cafile \(folder)/ca.crt
            certfile \(folder)/server.crt
            keyfile \(folder)/server.key
            \(more)
            listener %PORT2% 127.0.0.1

            """
    }

    static func publish(_ broker: Broker, _ arguments: [String]) throws -> Outcome {
        try ChildProcess.run(
            "/usr/bin/mosquitto_pub",
            ["-h", "127.0.0.1", "-p", "\(broker.port)", "-t", "tls/t", "-m", "secret", "-q", "1"]
                + arguments
        )
    }

    static func authority(_ name: String = "ca") throws -> [String] {
        ["--cafile", try certificates.get() + "/\(name).crt"]
    }

    static func identity(_ name: String) throws -> [String] {
        let folder = try certificates.get()
        return ["--cert", "\(folder)/\(name).crt", "--key", "\(folder)/\(name).key"]
    }

    @Test(
        "Clients meet over TLS 1.2, TLS 1.3 and plain connections of one broker",
        arguments: ["tlsv1.2", "tlsv1.3"],
        reactors
    )
    func versions(version: String, workers: Int) throws {
        let broker = try Broker.shared(try Self.listener(), workers: workers)
        let watcher = try RawClient.connected(to: broker, port: broker.ports[1])
        try watcher.subscribe("tls/t", 1)
        let id = unique("tls")
        let outcome = try Self.publish(
            broker,
            try Self.authority() + ["--tls-version", version, "-i", id]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        try watcher.take1("tls/t", "secret", id: 1)
        let line = try broker.waitForLog(containing: "Client \(id) negotiated TLSv")
        #expect(line.contains(" cipher "))
    }

    @Test("Large messages pass both ways over TLS", arguments: reactors)
    func large(workers: Int) throws {
        let broker = try Broker.shared(try Self.listener(), workers: workers)
        let text = String(repeating: "0123456789", count: 100_000)
        let path = broker.directory + "/" + unique("large")
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        let (id, topic) = (unique("sub"), unique("t"))
        let base =
            ["-h", "127.0.0.1", "-p", "\(broker.port)", "-t", topic, "-q", "2"]
            + (try Self.authority())
        let child = try ChildProcess(
            "/usr/bin/mosquitto_sub",
            base + ["-i", id, "-C", "3", "-N", "-W", "20"]
        )
        try broker.waitForLog(exactly: "Sending SUBACK to \(id)")
        let outcome = try ChildProcess.run(
            "/usr/bin/mosquitto_pub",
            base + ["-f", path, "--repeat", "3"]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(child.wait()?.output == text + text + text)
    }

    @Test(
        "A client that does not trust the broker stays away, the broker goes on",
        arguments: reactors
    )
    func untrusted(workers: Int) throws {
        let broker = try Broker.shared(try Self.listener(), workers: workers)
        #expect(try Self.publish(broker, try Self.authority("other")).status != 0)
        let plain = try RawClient(broker)
        plain.send(Wire.connect("plain", .v4))
        _ = plain.nextPacket(seconds: 5)
        #expect(plain.isClosed)
        #expect(try Self.publish(broker, try Self.authority()).status == 0)
    }

    @Test("require_certificate wants one of our authority", arguments: reactors)
    func required(workers: Int) throws {
        let broker = try Broker.shared(
            try Self.listener("require_certificate true\nuse_identity_as_username true"),
            workers: workers
        )
        #expect(try Self.publish(broker, try Self.authority()).status != 0)
        #expect(
            try Self.publish(broker, try Self.authority() + Self.identity("stranger")).status != 0
        )
        let id = unique("tls")
        let outcome = try Self.publish(
            broker,
            try Self.authority() + Self.identity("client") + ["-i", id, "-u", "ignored"]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let line = try broker.waitForLog(containing: " as \(id) (")
        #expect(line.hasSuffix("u'test client')."))
    }

    @Test(
        "The subject can be the username; without certificate the name is missing",
        arguments: reactors
    )
    func subject(workers: Int) throws {
        let broker = try Broker.shared(
            try Self.listener("use_subject_as_username true\nrequire_certificate true"),
            workers: workers
        )
        let id = unique("tls")
        let outcome = try Self.publish(
            broker,
            try Self.authority() + Self.identity("client") + ["-i", id]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let line = try broker.waitForLog(containing: " as \(id) (")
        #expect(line.hasSuffix("u'CN=test client,O=Tests,C=GB')."))
        let optional = try Broker.shared(
            try Self.listener("use_identity_as_username true"),
            workers: workers
        )
        let refused = try Self.publish(optional, try Self.authority())
        #expect(refused.status == 4, "\(refused.errors)")
    }

    @Test("Pre-shared keys: the right one opens, another does not", arguments: reactors)
    func presharedKey(workers: Int) throws {
        let broker = try Broker(
            """
            log_type all
            psk_file %DIR%/psk
            listener %PORT% 127.0.0.1
            allow_anonymous true
            psk_hint hint
            use_identity_as_username true

            """,
            workers: workers,
            files: ["psk": "# keys\nsomebody:deadbeef12345678\n"]
        )
        let id = unique("psk")
        let good = try Self.publish(
            broker,
            ["--psk", "deadbeef12345678", "--psk-identity", "somebody", "-i", id]
        )
        #expect(good.status == 0, "\(good.errors)")
        let line = try broker.waitForLog(containing: " as \(id) (")
        #expect(line.hasSuffix("u'somebody')."))
        for (key, identity) in [("deadbeef", "somebody"), ("deadbeef12345678", "nobody")] {
            #expect(
                try Self.publish(broker, ["--psk", key, "--psk-identity", identity]).status != 0
            )
        }
    }

    static let brokenSettings = [
        "certfile %C%/ca.crt\nkeyfile %C%/server.key",
        "certfile /nonexistent\nkeyfile %C%/server.key",
        "certfile %C%/server.crt\nkeyfile /nonexistent",
        "certfile %C%/names\nkeyfile %C%/server.key",
        "certfile %C%/server.crt\nkeyfile %C%/server.key\ntls_version tlsv9",
        "certfile %C%/server.crt\nkeyfile %C%/server.key\nciphers NO-SUCH-CIPHER",
        "certfile %C%/server.crt\nkeyfile %C%/server.key\ncrlfile /nonexistent",
        "certfile %C%/server.crt\nkeyfile %C%/server.key\ncafile /nonexistent",
    ]

    @Test("Broken TLS settings end the broker with status 1", arguments: brokenSettings)
    func broken(lines: String) throws {
        let folder = try Self.certificates.get()
        let path = try Broker.makeDirectory() + "/m.conf"
        let text = "user root\nlistener \(try Broker.freePort()) 127.0.0.1\n\(lines)\n"
        try CommandLine.write(text.replacing("%C%", with: folder), to: path)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("Error"), "\(outcome.errors)")
    }
}
