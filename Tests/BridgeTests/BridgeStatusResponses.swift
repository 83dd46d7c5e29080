// SPDX-License-Identifier: Apache-2.0
// Bridges that ask their remote for a stapled OCSP response.

import Foundation
import TestSupport
import Testing

@Suite("Bridges that require OCSP", .enabled(if: isOwn))
struct BridgeStatusResponses {
    /// A TLS server that hands on what is in a file, if one is named, and says CONNACK to whoever gets
    /// through.
    private static func server(_ response: String?, _ port: Int) throws -> ChildProcess {
        let certificates = try Certificates.shared.get()
        let staple = response.map { "-status_file \(certificates.path($0))" } ?? ""
        let command = """
            { printf '\\040\\002\\000\\000'; sleep 30; } | exec openssl s_server -quiet \
            -accept 127.0.0.1:\(port) -cert \(certificates.path("server.leaf")) \
            -key \(certificates.path("server.key")) -cert_chain \(certificates.path("intermediate.crt")) \
            \(staple)
            """
        return try ChildProcess("/bin/bash", ["-c", command])
    }

    private static func outcome(_ response: String?, version: String) throws -> String {
        let port = try Broker.freePort()
        let server = try server(response, port)
        defer { server.signal(SIGKILL) }
        let certificates = try Certificates.shared.get()
        let near = try Broker(
            Broker.plain + """
                connection b
                address localhost:\(port)
                bridge_cafile \(certificates.path("root.crt"))
                bridge_require_ocsp true
                bridge_tls_version \(version)
                restart_timeout 1
                topic # out

                """,
            workers: 1
        )
        let line = near.process.errors.wait(seconds: 20) { line in
            line.contains("Bridge b connected to") || line.contains("the TLS handshake: ")
        }
        return try #require(line, "\(near.process.errors.text)")
    }

    @Test("A good answer opens the way", arguments: ["tlsv1.2", "tlsv1.3"])
    func good(version: String) throws {
        #expect(try Self.outcome("good.ocsp", version: version).contains("Bridge b connected to"))
    }

    @Test(
        "No answer, one about another certificate, by another authority, or a bad one: no way",
        arguments: [nil, "elsewhere.ocsp", "stranger.ocsp", "gone.ocsp"],
        ["tlsv1.2", "tlsv1.3"]
    )
    func bad(response: String?, version: String) throws {
        let line = try Self.outcome(response, version: version)
        #expect(
            line.contains(
                "the server does not show that its authority still vouches for its certificate"
            ),
            "\(line)"
        )
    }
}
