// SPDX-License-Identifier: Apache-2.0
// TLS with pre-shared keys.

import COpenSSL
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Pre-shared keys")
struct PSKTests {
    private static let config = """
        allow_anonymous true
        log_type all
        psk_file %DIR%/keys
        listener %PORT% 127.0.0.1
        psk_hint hint
        listener %PORT2% 127.0.0.1
        psk_hint hint
        use_identity_as_username true

        """

    private static let keys =
        "# keys\njoe:00abcdef0123\nann : beef42 \n:11\nbob:\njoe:ffff\nodd:abc\n"

    private static func broker(workers: Int = 1) throws -> Broker {
        try Broker(config, workers: workers, files: ["keys": keys])
    }

    private static func options(_ identity: String, _ key: String, _ version: CInt) -> ClientTLS {
        var options = ClientTLS()
        options.psk = (identity, hex(key))
        options.maximumVersion = version
        return options
    }

    @Test(
        "Who knows the key of his identity gets in",
        arguments: [TLS1_2_VERSION, TLS1_3_VERSION]
    )
    func accepted(version: CInt) throws {
        let broker = try Self.broker()
        for (identity, key) in [("joe", "00abcdef0123"), ("ann", "beef42"), ("odd", "0abc")] {
            let options = Self.options(identity, key, version)
            try RawClient.overTLS(broker, options).expectEcho()
        }
        try broker.stop()
    }

    @Test(
        "A wrong key, an unknown identity or none end the handshake",
        arguments: [("joe", "00abcdef0124"), ("joe", "abcdef0123"), ("eve", "beef42")],
        [TLS1_2_VERSION, TLS1_3_VERSION]
    )
    func refused(row: (identity: String, key: String), version: CInt) throws {
        let broker = try Self.broker()
        let mark = broker.logMark
        try expectRefusal(Self.options(row.identity, row.key, version), port: broker.port)
        let words =
            row.identity == "eve"
            ? "nobody knows the pre-shared key of 'eve'"
            : "the client has another pre-shared key for 'joe'"
        // Other rows share the broker.
        let line = try broker.waitForLog(containing: " Reason: \(words), from ", from: mark)
        #expect(line.hasPrefix("Client connection from 127.0.0.1 failed: "))
        try expectRefusal(ClientTLS(), port: broker.port)
    }

    @Test("use_identity_as_username takes the identity", arguments: Broker.reactorCounts)
    func identity(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let name = unique("psk")
        let client = try RawClient.overTLS(
            broker,
            Self.options("joe", "00abcdef0123", TLS1_3_VERSION),
            port: broker.ports[1],
            identifier: name
        )
        try client.expectEcho()
        let line = try broker.waitForLog(containing: " as \(name) (")
        #expect(line.hasSuffix("u'joe')."))
    }

    @Test("Lines that cannot be used are logged and skipped")
    func remarks() throws {
        let broker = try Self.broker()
        let path = broker.directory + "/keys"
        for line in [
            "Warning: Invalid line in psk file '\(path)': bob",
            "Error: Duplicate user 'joe' in password file '\(path)', ignoring.",
        ] {
            try broker.waitForLog(exactly: line)
        }
    }

    @Test("SIGHUP reads the file again and leaves connections alone")
    func reload() throws {
        let broker = try Self.broker()
        let old = Self.options("joe", "00abcdef0123", TLS1_3_VERSION)
        let client = try RawClient.overTLS(broker, old)
        try "joe:aabb\n".write(
            toFile: broker.directory + "/keys",
            atomically: true,
            encoding: .utf8
        )
        #expect(chmod(broker.directory + "/keys", 0o600) == 0)
        let mark = broker.logMark
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "Reloading config.", from: mark)
        let new = Self.options("joe", "aabb", TLS1_3_VERSION)
        try eventually { _ = try RawClient.overTLS(broker, new) }
        try expectRefusal(old, port: broker.port)
        try client.expectEcho()
        try "joe:nonsense\n".write(
            toFile: broker.directory + "/keys",
            atomically: true,
            encoding: .utf8
        )
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "non-hexadecimal characters", from: mark)
        try eventually { _ = try RawClient.overTLS(broker, new) }
        try broker.stop()
    }

    @Test("Debian's mosquitto_pub and openssl s_client connect")
    func foreignClients() throws {
        let broker = try Self.broker()
        let client = try RawClient.overTLS(
            broker,
            Self.options("ann", "beef42", TLS1_2_VERSION)
        )
        try client.subscribe("from/pub", 0)
        let arguments = [
            "-h", "127.0.0.1", "-p", "\(broker.port)", "--psk", "00abcdef0123", "--psk-identity",
            "joe", "-t", "from/pub", "-m", "hello",
        ]
        let outcome = try ChildProcess.run("/usr/bin/mosquitto_pub", arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        try client.expectPublish("from/pub", "hello")
        let shell = try ChildProcess.run(
            "/usr/bin/openssl",
            [
                "s_client", "-connect", "127.0.0.1:\(broker.port)", "-psk_identity", "ann", "-psk",
                "beef42", "-tls1_2", "-brief",
            ]
        )
        #expect(shell.errors.contains("CONNECTION ESTABLISHED"), "\(shell.errors)")
    }
}
