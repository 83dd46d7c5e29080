// SPDX-License-Identifier: Apache-2.0
// Bridges over TLS.

import Foundation
import TestSupport
import Testing

@Suite("Bridges over TLS")
struct BridgeTLS {
    /// A broker with a TLS listener at its second port.
    private func far(_ lines: String, workers: Int = 1) throws -> Broker {
        try Broker(
            Broker.plain + "listener %PORT2% 127.0.0.1\n\(lines)\n",
            workers: workers,
            files: ["keys": "bridge:0123abcd\n"]
        )
    }

    private func server(_ certificates: Certificates, _ name: String = "server") -> String {
        "certfile \(certificates.path("\(name).crt"))\nkeyfile \(certificates.path("\(name).key"))"
    }

    /// A broker with a bridge, which need not succeed.
    private func near(_ address: String, _ lines: String) throws -> Broker {
        try Broker(
            Broker.plain + """
                connection b
                address \(address)
                restart_timeout 1
                topic # both 1
                \(lines)

                """,
            workers: 1
        )
    }

    @Test(
        "An authority in a file or a directory opens the way",
        arguments: ["cafile", "capath"],
        reactors
    )
    func authority(option: String, workers: Int) throws {
        let certificates = try Certificates.shared.get()
        let far = try far(server(certificates), workers: workers)
        let path = certificates.path(option == "cafile" ? "root.crt" : "hashed")
        for host in ["127.0.0.1", "localhost"] {
            try BridgeAddresses.check(
                far,
                address: "\(host):\(far.ports[1])",
                "bridge_\(option) \(path)",
                workers: workers
            )
        }
    }

    @Test("5.0 goes over TLS as well")
    func version5() throws {
        let certificates = try Certificates.shared.get()
        let far = try far(server(certificates))
        try BridgeAddresses.check(
            far,
            address: "localhost:\(far.ports[1])",
            "bridge_cafile \(certificates.path("root.crt"))\nbridge_protocol_version mqttv50",
            workers: 1
        )
    }

    @Test(
        "Versions that both know are spoken",
        arguments: [
            ("tls_version tlsv1.3", "bridge_tls_version tlsv1.3"),
            ("tls_version tlsv1.2", "bridge_tls_version tlsv1.2"),
        ]
    )
    func versions(server: String, bridge: String) throws {
        let certificates = try Certificates.shared.get()
        let far = try far(self.server(certificates) + "\n" + server)
        try BridgeAddresses.check(
            far,
            address: "localhost:\(far.ports[1])",
            "bridge_cafile \(certificates.path("root.crt"))\n\(bridge)\nbridge_alpn mqtt",
            workers: 1
        )
    }

    @Test("A certificate of its own is shown to who asks for it")
    func certificate() throws {
        let certificates = try Certificates.shared.get()
        let far = try far(
            server(certificates)
                + "\ncafile \(certificates.path("ca.crt"))\nrequire_certificate true\nuse_identity_as_username true"
        )
        try BridgeAddresses.check(
            far,
            address: "localhost:\(far.ports[1])",
            "bridge_cafile \(certificates.path("root.crt"))\n"
                + "bridge_certfile \(certificates.path("client.crt"))\n"
                + "bridge_keyfile \(certificates.path("client.key"))",
            workers: 1
        )
        try far.waitForLog(containing: "u'test client'")
    }

    @Test("Who is not trusted is not spoken to, and the log says why", .enabled(if: isOwn))
    func untrusted() throws {
        let certificates = try Certificates.shared.get()
        let far = try far(server(certificates))
        let near = try near(
            "localhost:\(far.ports[1])",
            "bridge_cafile \(certificates.path("other.crt"))"
        )
        try near.waitForLog(containing: "certificate")
        #expect(!far.process.errors.text.contains("New bridge"))
        let client = try RawClient.connected(to: near)
        try client.expectSilence()
    }

    @Test("Another host's certificate counts only in insecure mode", .enabled(if: isOwn))
    func hostName() throws {
        let certificates = try Certificates.shared.get()
        let far = try Broker(
            Broker.plain + "listener %PORT2% 127.0.0.2\n\(server(certificates))\n",
            workers: 1
        )
        let address = "127.0.0.2:\(far.ports[1])"
        let authority = "bridge_cafile \(certificates.path("root.crt"))"
        let refusing = try near(address, authority)
        try refusing.waitForLog(containing: "the server's certificate is for another address")
        #expect(!far.process.errors.text.contains("New bridge"))
        try BridgeAddresses.check(
            far,
            address: address,
            authority + "\nbridge_insecure true",
            workers: 1
        )
    }

    @Test("A pre-shared key takes the place of certificates")
    func preSharedKey() throws {
        let far = try far("psk_hint h\npsk_file %DIR%/keys")
        try BridgeAddresses.check(
            far,
            address: "localhost:\(far.ports[1])",
            "bridge_identity bridge\nbridge_psk 0123ABCD",
            workers: 1
        )
    }

    @Test("A wrong key is an error in the log, and tried again", .enabled(if: isOwn))
    func wrongKey() throws {
        let far = try far("psk_hint h\npsk_file %DIR%/keys")
        let near = try near(
            "localhost:\(far.ports[1])",
            "bridge_identity bridge\nbridge_psk 00"
        )
        try near.waitForLog(containing: "TLS")
        #expect(!far.process.errors.text.contains("New bridge"))
    }

    @Test("A WebSocket over TLS", .enabled(if: isOwn), arguments: reactors)
    func webSocket(workers: Int) throws {
        let certificates = try Certificates.shared.get()
        let far = try far(server(certificates) + "\nprotocol websockets", workers: workers)
        try BridgeAddresses.check(
            far,
            address: "wss://localhost:\(far.ports[1])/mqtt",
            "bridge_cafile \(certificates.path("root.crt"))",
            workers: workers
        )
    }

    @Test("A remote that speaks no TLS is left within the keep alive", .enabled(if: isOwn))
    func silent() throws {
        let certificates = try Certificates.shared.get()
        let remote = try ScriptedRemote()
        let near = try near(
            "localhost:\(remote.port)",
            "bridge_cafile \(certificates.path("root.crt"))\nkeepalive_interval 5"
        )
        let connection = try remote.accept()
        _ = try connection.readBytes(1)
        #expect(remote.next(seconds: 10) != nil)
        let client = try RawClient.connected(to: near)
        try client.expectSilence()
    }

    @Test("A reload uses certificates that were replaced", .enabled(if: isOwn))
    func replaced() throws {
        let certificates = try Certificates.shared.get()
        let far = try far(server(certificates))
        let authority = try String(contentsOfFile: certificates.path("other.crt"), encoding: .utf8)
        let near = try Broker(
            Broker.plain + """
                connection b
                address localhost:\(far.ports[1])
                restart_timeout 1
                topic # both 1
                bridge_cafile %DIR%/ca

                """,
            workers: 1,
            files: ["ca": authority]
        )
        try near.waitForLog(containing: "certificate")
        try String(contentsOfFile: certificates.path("root.crt"), encoding: .utf8)
            .write(toFile: near.directory + "/ca", atomically: true, encoding: .utf8)
        near.process.signal(SIGHUP)
        try BridgeAddresses.checkBothWays(near, far)
    }
}
