// SPDX-License-Identifier: Apache-2.0
// What plugins in processes of their own learn from TLS.

import TestSupport
import Testing

/// The same plugin twice: in the broker's process, and in its own.
@Suite struct IsolationTLSTests {
    /// Two files, since each plugin has its own name and options.
    private static let here = Result {
        try HostPlugin("host_certificate", named: "certificate", libraries: ["-lcrypto"])
    }

    private static func broker(workers: Int) throws -> Broker {
        let files = try Certificates.shared.get()
        return try Broker(
            """
            log_type all
            listener %PORT% 127.0.0.1
            certfile \(files.path("server.crt"))
            keyfile \(files.path("server.key"))
            cafile \(files.path("ca.crt"))
            require_certificate true
            plugin \(here.get().path)
            plugin_isolation none
            plugin_opt_name here
            plugin \(here.get().path)
            plugin_isolation process
            plugin_opt_name there
            plugin_opt_accept 1

            """,
            workers: workers
        )
    }

    @Test(
        "The certificate of a client is there as in the broker's process, until its connection has ended",
        arguments: [1, 2, 4]
    )
    func certificate(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let files = try Certificates.shared.get()
        let subject = "/C=GB/ST=Derby/L=Derby/O=Tests/OU=Section/CN=test client"
        let client = try RawClient(port: broker.port, over: .tls(files.client("client")))
        client.send(Wire.connect("c", clean: false, username: "u"))
        try client.expect(Wire.connack(.v4))
        let asker = try RawClient(port: broker.port, over: .tls(files.client("nameless")))
        asker.send(Wire.connect("asker", username: "u"))
        try asker.expect(Wire.connack(.v4))
        for name in ["here", "there"] {
            try broker.waitForLog(exactly: "REC \(name) login c is \(subject)")
        }
        for _ in 0..<3 { asker.publish("ask", "c") }
        for name in ["here", "there"] {
            try broker.waitForLog(exactly: "REC \(name) asked c is \(subject)")
        }
        client.abort()
        for name in ["here", "there"] {
            try broker.waitForLog(exactly: "REC \(name) offline c is \(subject)")
        }
        // It is given back when both have been told, in its own time.
        for name in ["here", "there"] {
            var isGone = false
            for _ in 0..<1000 where !isGone {
                let mark = broker.logMark
                asker.publish("ask", "c")
                let line = try broker.waitForLog(containing: "REC \(name) asked c", from: mark)
                isGone = line.hasSuffix("is nobody")
            }
            #expect(isGone)
        }
        try broker.stop()
    }

    @Test("The channel binding is the same there", arguments: [1, 4])
    func binding(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let files = try Certificates.shared.get()
        var found: Set<Substring> = []
        for _ in 0..<2 {
            let mark = broker.logMark
            let client = try RawClient(port: broker.port, over: .tls(files.client("client")))
            client.send(Wire.connect("c", .v5, properties: [21] + Wire.string("BIND")))
            let answer = try client.readPacket()
            #expect(answer.starts(with: [0x20]) && answer[3] == 0)
            let here = try broker.waitForLog(containing: "REC here binding 0 ", from: mark)
            let there = try broker.waitForLog(containing: "REC there binding 0 ", from: mark)
            let bytes = try #require(here.split(separator: " ").last)
            #expect(bytes.count == 64 && there.hasSuffix(bytes))
            found.insert(bytes)
        }
        #expect(found.count == 2, "each connection has its own")
        try broker.stop()
    }
}
