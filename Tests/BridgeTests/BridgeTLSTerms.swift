// SPDX-License-Identifier: Apache-2.0
// What a bridge and its remote agree on over TLS, and whose word a bridge takes.

import Foundation
import TestSupport
import Testing

@Suite("Terms of bridges over TLS", .enabled(if: isOwn))
struct BridgeTLSTerms {
    private static let strong = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384"
    private static let other = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"

    private func far(_ certificates: Certificates, _ lines: String) throws -> Broker {
        try Broker(
            Broker.plain + """
                listener %PORT2% 127.0.0.1
                certfile \(certificates.path("server.crt"))
                keyfile \(certificates.path("server.key"))
                \(lines)

                """,
            workers: 1
        )
    }

    private func near(
        _ far: Broker,
        _ lines: String,
        environment: [String: String] = [:]
    ) throws -> Broker {
        try Broker(
            Broker.plain + """
                connection b
                address localhost:\(far.ports[1])
                restart_timeout 1
                topic # both 1
                \(lines)

                """,
            workers: 1,
            environment: environment
        )
    }

    @Test("The system's authorities count where the option says so, and no others")
    func systemAuthorities() throws {
        let certificates = try Certificates.shared.get()
        let far = try far(certificates, "")
        // OpenSSL looks there for what the system trusts.
        func environment(_ name: String) -> [String: String] {
            ["SSL_CERT_FILE": certificates.path(name), "SSL_CERT_DIR": "/nonexistent"]
        }
        let lines = "bridge_tls_use_os_certs true"
        let trusting = try near(far, lines, environment: environment("root.crt"))
        try BridgeAddresses.checkBothWays(trusting, far)
        try trusting.stop()
        let mark = far.logMark
        let refusing = try near(far, lines, environment: environment("other.crt"))
        try refusing.waitForLog(containing: "certificate")
        #expect(!far.process.errors.lines.dropFirst(mark).contains { $0.contains("New bridge") })
    }

    @Test("The ciphers of 1.3 are those of the bridge", arguments: [true, false])
    func suites(isCommon: Bool) throws {
        let certificates = try Certificates.shared.get()
        let far = try far(
            certificates,
            "ciphers_tls1.3 TLS_AES_256_GCM_SHA384\ntls_version tlsv1.3"
        )
        let suite = isCommon ? "TLS_AES_256_GCM_SHA384" : "TLS_CHACHA20_POLY1305_SHA256"
        let near = try near(
            far,
            "bridge_cafile \(certificates.path("root.crt"))\nbridge_ciphers_tls1.3 \(suite)"
        )
        guard !isCommon else { return try BridgeAddresses.checkBothWays(near, far) }
        try near.waitForLog(containing: "handshake failure")
        #expect(!far.process.errors.text.contains("New bridge"))
        try RawClient.connected(to: near).expectSilence()
    }

    @Test("The ciphers of 1.2 are those of the bridge", arguments: [true, false])
    func ciphers(isCommon: Bool) throws {
        let certificates = try Certificates.shared.get()
        // A server that knows nothing newer.
        let folder = try TemporaryFolder()
        let server = try ChildProcess(
            "/bin/sh",
            [
                // It ends where its input does.
                "-c", "mkfifo \"$0\" && exec openssl s_server \"$@\" <>\"$0\"",
                folder.file("input"),
                "-accept", "127.0.0.1:0", "-tls1_2", "-cipher", Self.strong,
                "-cert", certificates.path("server.crt"), "-key", certificates.path("server.key"),
                "-cert_chain", certificates.path("server.crt"),
            ]
        )
        let line = try #require(server.output.wait(seconds: 20) { $0.hasPrefix("ACCEPT") })
        let port = try #require(line.split(separator: ":").last)
        let near = try Broker(
            Broker.plain + """
                connection b
                address localhost:\(port)
                restart_timeout 1
                topic # both 1
                bridge_cafile \(certificates.path("root.crt"))
                bridge_ciphers \(isCommon ? Self.strong : Self.other)

                """,
            workers: 1
        )
        if isCommon {
            let cipher = server.output.wait(seconds: 20) { $0.contains("CIPHER is") }
            #expect(cipher?.contains("AES256-GCM-SHA384") == true)
        } else {
            try near.waitForLog(containing: "handshake failure")
            #expect(!server.output.text.contains("CIPHER is"))
        }
        server.signal(SIGKILL)
    }
}
