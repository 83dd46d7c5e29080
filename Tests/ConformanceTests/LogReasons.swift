// SPDX-License-Identifier: Apache-2.0
// Lines that say why, where listeners are, and those that are not written; lines for programs.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Reasons in the log")
struct LogReasons {
    private static let rules = """
        topic deny secret/#
        topic readwrite free/#
        pattern deny own/%c/x
        pattern readwrite own/%c/#
        """

    @Test("A denial names the line of the ACL file, or that there is none", arguments: reactors)
    func accessFile(workers: Int) throws {
        let broker = try Broker(
            Broker.plain + "acl_file %DIR%/acl\n",
            workers: workers,
            files: ["acl": Self.rules]
        )
        let file = broker.directory + "/acl"
        let client = try RawClient.connected(to: broker, "c", .v5)
        let who = "Denied PUBLISH from c [127.0.0.1:\(client.localPort)] to"
        try client.publish1("free/x", id: 1, reason: 0x10)
        for (topic, reason) in [
            ("secret/a", "\(file):1: topic deny secret/#"),
            ("own/c/x", "\(file):3: pattern deny own/%c/x"),
            ("own/d/x", "no rule of \(file) allows it"),
        ] {
            try client.publish1(topic, id: 2, reason: 0x87)
            try broker.waitForLog(
                exactly: "\(who) '\(topic)'. Reason: \(reason) (plugin acl-file)."
            )
        }
        try broker.stop()
    }

    @Test("Start-up names address, port, transport and TLS of each listener", arguments: reactors)
    func listeners(workers: Int) throws {
        let broker = try Broker(
            Broker.plain + "listener %PORT2% 127.0.0.1\nprotocol websockets\n"
                + "listener 0 %DIR%/socket\n",
            workers: workers
        )
        for line in [
            "Opening ipv4 listen socket on port \(broker.port).",
            "Listening on 127.0.0.1 port \(broker.port): mqtt, no TLS, anonymous clients allowed.",
            "Listening on 127.0.0.1 port \(broker.ports[1]): mqtt over websockets, no TLS,"
                + " anonymous clients allowed.",
            "Listening on \(broker.directory)/socket: mqtt, no TLS, anonymous clients allowed.",
        ] {
            try broker.waitForLog(exactly: line)
        }
        try broker.stop()
    }

    @Test("Who connects and leaves without a byte is logged at debug only", arguments: reactors)
    func probes(workers: Int) throws {
        let text = "listener %PORT% 127.0.0.1\nallow_anonymous true\n"
        let quiet = try Broker(text, workers: workers, readyLine: " running")
        let probe = try RawClient(quiet)
        let port = probe.localPort
        probe.shutdownWriting()
        try probe.expectClosed()
        // One byte is enough to be told of.
        let client = try RawClient(quiet)
        client.send([0x10])
        client.shutdownWriting()
        try client.expectClosed()
        let address = "127.0.0.1:\(client.localPort)"
        try quiet.waitForLog(exactly: "New connection from \(address) on port \(quiet.port).")
        try quiet.waitForLog(
            exactly: "Client 127.0.0.1 [\(address)] disconnected: connection closed by client."
        )
        try quiet.stop()
        #expect(!quiet.process.errors.text.contains(":\(port)"))
        let loud = try Broker(Broker.plain, workers: workers)
        let seen = try RawClient(loud)
        let end = "127.0.0.1:\(seen.localPort)"
        seen.shutdownWriting()
        try seen.expectClosed()
        try loud.waitForLog(exactly: "New connection from \(end) on port \(loud.port).")
        try loud.waitForLog(
            exactly: "Client 127.0.0.1 [\(end)] disconnected: connection closed by client."
        )
        try loud.stop()
    }

    @Test(
        "log_format json has who, from where and why, whatever a client sends",
        arguments: reactors
    )
    func json(workers: Int) throws {
        let broker = try Broker(
            Broker.plain + "acl_file %DIR%/acl\nlog_format json\n",
            workers: workers,
            files: ["acl": Self.rules],
            readyLine: #" running","event":"started"}"#
        )
        let id = "c\" \u{E9}\\"
        let client = try RawClient.connected(to: broker, id, .v5, username: "bob")
        try client.publish1("secret/\"x\"", id: 1, reason: 0x87)
        try client.disconnect()
        try broker.stop()
        let objects = try broker.process.errors.lines.map { line in
            try #require(
                JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String],
                "\(line)"
            )
        }
        let denied = try #require(objects.first { $0["event"] == "access_denied" })
        #expect(denied["client_id"] == id)
        #expect(denied["username"] == "bob")
        #expect(denied["address"] == "127.0.0.1")
        #expect(denied["port"] == "\(client.localPort)")
        #expect(denied["listener"] == "\(broker.port)")
        #expect(denied["plugin"] == "acl-file")
        #expect(denied["topic"] == "secret/\"x\"")
        #expect(denied["reason"] == "no rule of \(broker.directory)/acl allows it")
        let events = Set(objects.compactMap { $0["event"] })
        #expect(
            events.isSuperset(of: [
                "started", "stopped", "listener_opened", "connection_opened", "client_connected",
                "client_disconnected",
            ])
        )
    }
}
