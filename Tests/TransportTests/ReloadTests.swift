// SPDX-License-Identifier: Apache-2.0
// New certificates while clients are connected.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Reload of certificates")
struct ReloadTests {
    private static let config = """
        allow_anonymous true
        log_type all
        listener %PORT% 127.0.0.1
        certfile %DIR%/server.crt
        keyfile %DIR%/server.key
        cafile %DIR%/ca.crt
        crlfile %DIR%/crl.pem
        require_certificate true

        """

    /// Puts a file of the certificates in place of one in the broker's directory.
    private static func install(_ source: String, as name: String, for broker: Broker) throws {
        let content = try Data(contentsOf: URL(fileURLWithPath: certificates().path(source)))
        try content.write(
            to: URL(fileURLWithPath: broker.directory + "/" + name),
            options: .atomic
        )
    }

    private static func broker(workers: Int) throws -> Broker {
        let files = try certificates()
        var texts: [String: String] = [:]
        for (name, source) in [
            "server.crt": "server.crt", "server.key": "server.key", "ca.crt": "ca.crt",
            "crl.pem": "crl.pem",
        ] {
            texts[name] = try String(contentsOfFile: files.path(source), encoding: .utf8)
        }
        return try Broker(config, workers: workers, files: texts)
    }

    private static func reload(_ broker: Broker) throws {
        let mark = broker.logMark
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "Reloading config.", from: mark)
    }

    @Test(
        "Two hundred clients go on publishing through ten reloads",
        arguments: Broker.reactorCounts
    )
    func underLoad(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let clients = try (0..<200).map { index in
            try RawClient.overTLS(
                broker,
                certificates().client("client"),
                identifier: "load-\(index)"
            )
        }
        for (index, client) in clients.enumerated() { try client.subscribe("load/\(index)", 1) }
        var identifier = 0
        for round in 0..<10 {
            let isSecond = round % 2 == 0
            try Self.install(isSecond ? "server2.crt" : "server.crt", as: "server.crt", for: broker)
            try Self.install(isSecond ? "server2.key" : "server.key", as: "server.key", for: broker)
            try Self.install(isSecond ? "crl-more.pem" : "crl.pem", as: "crl.pem", for: broker)
            try Self.install(isSecond ? "all.crt" : "ca.crt", as: "ca.crt", for: broker)
            for client in clients {
                identifier = identifier % 60_000 + 1
                client.send(Wire.publish(.v4, "load/none", "\(round)", qos: 1, id: identifier))
            }
            try Self.reload(broker)
            for index in clients.indices {
                try clients[index].expect(Wire.puback(identifier - clients.count + 1 + index))
            }
            try eventually {
                let newcomer = try RawClient.overTLS(broker, certificates().client("nameless"))
                guard newcomer.channel?.serverName == (isSecond ? "second" : "localhost") else {
                    throw Mismatch("still the old certificate")
                }
            }
            try expectRefusal(certificates().client("revoked"), port: broker.port)
            let client = try certificates().client("client")
            if isSecond {
                try expectRefusal(client, port: broker.port)
            } else {
                _ = try RawClient.overTLS(broker, client)
            }
        }
        for (index, client) in clients.enumerated() {
            client.send(Wire.publish(.v4, "load/\(index)", "end"))
            try client.expectPublish("load/\(index)", "end")
        }
        #expect(!broker.process.errors.text.contains("load-0 [127.0.0.1:"))
        try broker.stop()
    }

    @Test(
        "A broken file leaves the old ones in force, with an error",
        arguments: [
            ("server.crt", "Error: Unable to load server certificate"),
            ("server.key", "Error: Unable to load server key file"),
            ("ca.crt", "Error: Unable to load CA certificates."),
            ("crl.pem", "Error: Unable to load certificate revocation file"),
        ]
    )
    func broken(name: String, line: String) throws {
        let broker = try Self.broker(workers: 1)
        let client = try RawClient.overTLS(broker, certificates().client("client"))
        let mark = broker.logMark
        let path = broker.directory + "/" + name
        try "nonsense".write(toFile: path, atomically: true, encoding: .utf8)
        try Self.reload(broker)
        let crt = broker.directory + "/server.crt"
        let key = broker.directory + "/server.key"
        let whole = "Error when reloading certificate '\(crt)' or key '\(key)'."
        try broker.waitForLog(exactly: whole, from: mark)
        try broker.waitForLog(containing: line, from: mark)
        try client.expectEcho()
        try RawClient.overTLS(broker, certificates().client("client")).expectEcho()
        try expectRefusal(certificates().client("revoked"), port: broker.port)
        try Self.install(name, as: name, for: broker)
        try Self.install("server2.crt", as: "server.crt", for: broker)
        try Self.install("server2.key", as: "server.key", for: broker)
        try Self.reload(broker)
        try eventually {
            let new = try RawClient.overTLS(broker, certificates().client("client"))
            guard new.channel?.serverName == "second" else { throw Mismatch("still the old one") }
        }
        try client.expectEcho()
        try broker.stop()
    }

    @Test("A ticket does not outlive the revocation of its certificate")
    func tickets() throws {
        let broker = try Self.broker(workers: 1)
        var options = try certificates().client("client")
        let first = try RawClient.overTLS(broker, options)
        try first.expectEcho()
        options.session = try #require(first.channel?.session)
        let again = try RawClient.overTLS(broker, options)
        #expect(again.channel?.isResumed == true)
        try Self.install("crl-more.pem", as: "crl.pem", for: broker)
        try Self.reload(broker)
        let revoked = options
        try eventually { try expectRefusal(revoked, port: broker.port) }
        try again.expectEcho()
        try broker.stop()
    }

    @Test("Clients named by their certificate stay through a reload")
    func names() throws {
        let files = try certificates()
        let config =
            try "log_type all\n"
            + tlsListener("%PORT%", clientCertificates(), "use_identity_as_username true")
        let broker = try Broker(config, workers: 1)
        let client = try RawClient.overTLS(broker, files.client("client"))
        let mark = broker.logMark
        for _ in 0..<2 { try Self.reload(broker) }
        try RawClient.overTLS(broker, files.client("client"), identifier: "last").expectEcho()
        try broker.waitForLog(containing: " as last (", from: mark)
        try client.expectEcho()
        try broker.stop()
    }

    @Test("Other authorities decide about new connections")
    func authorities() throws {
        let files = try certificates()
        let config = try tlsListener("%PORT%", "require_certificate true", "cafile %DIR%/ca.crt")
        let text = try String(contentsOfFile: files.path("ca.crt"), encoding: .utf8)
        let broker = try Broker(open + config, workers: 2, files: ["ca.crt": text])
        let client = try RawClient.overTLS(broker, files.client("client"))
        try expectRefusal(files.client("stranger"), port: broker.port)
        try Self.install("other.crt", as: "ca.crt", for: broker)
        try Self.reload(broker)
        try eventually { try expectRefusal(files.client("client"), port: broker.port) }
        try RawClient.overTLS(broker, files.client("stranger")).expectEcho()
        try client.expectEcho()
        try broker.stop()
    }

    @Test("require_certificate and tls options of a listener change for new connections")
    func options() throws {
        let broker = try Broker(open + tlsListener(), workers: 1)
        let client = try RawClient.overTLS(broker, certificates().client)
        try broker.rewrite(open + tlsListener("%PORT%", clientCertificates()))
        try Self.reload(broker)
        try eventually { try expectRefusal(certificates().client, port: broker.port) }
        try RawClient.overTLS(broker, certificates().client("client")).expectEcho()
        try client.expectEcho()
        try broker.stop()
    }
}
