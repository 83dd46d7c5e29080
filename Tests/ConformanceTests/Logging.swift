// SPDX-License-Identifier: Apache-2.0
// The log: exact forms of the lines other programs read, destinations, filters, time stamps.

import Foundation
import Glibc
import RegexBuilder
import TestSupport
import Testing

@Suite("Logging")
struct Logging {
    @Test("Connections are logged in their exact form", arguments: Version.allCases, reactors)
    func connections(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let client = try RawClient.connected(to: broker, id, version, clean: false, keepAlive: 42)
        let address = "127.0.0.1:\(client.localPort)"
        try broker.waitForLog(exactly: "New connection from \(address) on port \(broker.port).")
        try broker.waitForLog(
            exactly:
                "New client connected from \(address) as \(id) (p\(version.rawValue), c0, k42)."
        )
        try client.disconnect()
        try broker.waitForLog(exactly: "Client \(id) [\(address)] disconnected.")
        let named = try RawClient.connected(to: broker, id, version, keepAlive: 0, username: "ppp")
        try broker.waitForLog(
            exactly:
                "New client connected from 127.0.0.1:\(named.localPort) as \(id) (p\(version.rawValue), c1, k0, u'ppp')."
        )
    }

    @Test("Ends of connections are logged with their reason", arguments: reactors)
    func reasons(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        func end(
            _ reason: String,
            _ version: Version = .v4,
            _ act: (RawClient, String) throws -> Void
        ) throws {
            let id = unique("c")
            let client = try RawClient.connected(to: broker, id, version)
            let port = client.localPort
            try act(client, id)
            try broker.waitForLog(
                exactly: "Client \(id) [127.0.0.1:\(port)] disconnected: \(reason)."
            )
        }
        try end("connection closed by client") { client, _ in client.abort() }
        try end("connection closed by client") { client, _ in client.shutdownWriting() }
        try end("session taken over") { _, id in _ = try RawClient.connected(to: broker, id) }
        try end("oversize packet", .v5) { client, _ in client.send("30 FF FF FF 7F") }
        try end("malformed packet", .v5) { client, _ in client.send(Wire.publish(.v5, "a/#")) }
        try end("protocol error", .v5) { client, _ in client.send("20 00") }
    }

    @Test("Packets are logged at debug in their exact form", arguments: reactors)
    func packets(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let topic = unique("t")
        let client = try RawClient.connected(
            to: broker,
            id,
            .v4,
            will: Will("gone/\(topic)", "abc", qos: 1)
        )
        try client.subscribe(topic, 2)
        client.send(Wire.publish(.v4, topic, "hello", qos: 2, id: 6))
        try client.expect(Wire.pubrec(6))
        client.send(Wire.pubrel(6))
        try client.expect(inAnyOrder: [
            Wire.pubcomp(6), Wire.publish(.v4, topic, "hello", qos: 2, id: 1),
        ])
        client.send(Wire.pubrec(1))
        try client.expect(Wire.pubrel(1))
        client.send(Wire.pubcomp(1))
        try client.expectSilence()
        try client.publish1("other/\(topic)", "", id: 7)
        client.send(Wire.unsubscribe(.v4, id: 8, [topic]))
        try client.expect(Wire.unsuback(.v4, id: 8))
        try client.disconnect()
        for line in [
            "Will message specified (3 bytes) (r0, q1).", "\tgone/\(topic)",
            "Sending CONNACK to \(id) (0, 0)",
            "Received SUBSCRIBE from \(id)", "\t\(topic) (QoS 2)", "\(id) 2 \(topic)",
            "Sending SUBACK to \(id)",
            "Received PUBLISH from \(id) (d0, q2, r0, m6, '\(topic)', ... (5 bytes))",
            "Sending PUBREC to \(id) (m6, rc0)", "Received PUBREL from \(id) (Mid: 6)",
            "Sending PUBLISH to \(id) (d0, q2, r0, m1, '\(topic)', ... (5 bytes))",
            "Sending PUBCOMP to \(id) (m6)", "Received PUBREC from \(id) (Mid: 1)",
            "Sending PUBREL to \(id) (m1)", "Received PINGREQ from \(id)",
            "Sending PINGRESP to \(id)",
            "Received PUBLISH from \(id) (d0, q1, r0, m7, 'other/\(topic)', ... (0 bytes))",
            "Sending PUBACK to \(id) (m7, rc0)", "\(id) \(topic)", "Sending UNSUBACK to \(id)",
            "Received DISCONNECT from \(id)",
        ] {
            try broker.waitForLog(exactly: line)
        }
        let plain = unique("c")
        let mark = broker.logMark
        try RawClient.connected(to: broker, plain).expectSilence()
        try broker.waitForLog(exactly: "No will message specified.", from: mark)
    }

    @Test("Denied publications and wrong senders are logged", arguments: reactors)
    func denied(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let client = try RawClient.connected(to: broker, id)
        client.publish("$SYS/x", "abc")
        try client.expectSilence()
        try broker.waitForLog(
            exactly: "Denied PUBLISH from \(id) (d0, q0, r0, m0, '$SYS/x', ... (3 bytes))"
        )
        try broker.waitForLog(
            exactly: "Denied PUBLISH from \(id) [127.0.0.1:\(client.localPort)] to '$SYS/x'."
                + " Reason: clients do not publish to $SYS and $share."
        )
        let named = try RawClient.connected(to: broker, unique("n"), .v5, username: "bob")
        try named.publish1("$SYS/y", reason: 0x87)
        try broker.waitForLog(
            containing: " [127.0.0.1:\(named.localPort)], u'bob' to '$SYS/y'."
        )
        let tls = try RawClient(broker)
        tls.send("16 03 01 00 05")
        try broker.waitForLog(
            exactly:
                "Client from 127.0.0.1:\(tls.localPort) appears to be using TLS to connect to a non-TLS listener."
        )
    }

    @Test("Start and stop are logged", arguments: reactors)
    func startAndStop(workers: Int) throws {
        let broker = try Broker(workers: workers)
        try broker.stop()
        let lines = broker.process.errors.lines.map { Broker.withoutTimeStamp($0) }
        #expect(lines.contains("Config loaded from \(broker.configurationPath)."))
        #expect(lines.contains("Opening ipv4 listen socket on port \(broker.port)."))
        for feature in ["Bridge", "Persistence", "TLS", "TLS-PSK", "Websockets"] {
            #expect(lines.contains { $0.wholeMatch(of: Self.support(feature)) != nil })
        }
        for state in ["starting", "running", "terminating"] {
            #expect(
                lines.contains {
                    $0.hasPrefix("mosquitto version 2.1") && $0.hasSuffix(" \(state)")
                }
            )
        }
    }

    private static func support(_ feature: String) -> Regex<Substring> {
        Regex {
            feature
            " support "
            Optionally("NOT ")
            "available."
        }
    }

    @Test("log_dest stdout writes there and nothing to standard error", arguments: reactors)
    func standardOutput(workers: Int) throws {
        let broker = try Broker(
            Broker.plain + "log_dest stdout\n",
            workers: workers,
            readyLine: nil
        )
        try RawClient.connected(to: broker, "c").disconnect()
        try broker.stop()
        #expect(broker.process.output.text.contains("Client c ["))
        #expect(!broker.process.errors.text.contains("Client c ["))
    }

    @Test("log_dest none forgets the destinations before it", arguments: reactors)
    func nowhere(workers: Int) throws {
        let broker = try Broker(
            Broker.plain + "log_dest stdout\nlog_dest stderr\nlog_dest none\n",
            workers: workers,
            readyLine: nil
        )
        try RawClient.connected(to: broker, "c").disconnect()
        try broker.stop()
        #expect(!broker.process.output.text.contains("Client c ["))
        #expect(!broker.process.errors.text.contains("Client c ["))
    }

    @Test("Every line begins with the seconds since 1970", arguments: reactors)
    func timeStamp(workers: Int) throws {
        let broker = try Broker(workers: workers)
        let now = time(nil)
        for line in broker.process.errors.lines {
            let stamp = try #require(Int(line.prefix { $0 != ":" }))
            #expect(abs(stamp - now) < 60)
        }
    }

    @Test(
        "The time stamp can be formatted or left out",
        arguments: [
            ("log_timestamp false", "^[^0-9]"),
            ("log_timestamp_format %Y-%m-%dT%H:%M:%S", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}: "),
        ],
        reactors
    )
    func format(option: (String, String), workers: Int) throws {
        let broker = try Broker(Broker.plain + option.0 + "\n", workers: workers)
        let line = try #require(broker.process.errors.lines.first { $0.contains(" running") })
        #expect(line.range(of: option.1, options: .regularExpression) != nil, "\(line)")
    }

    @Test("log_type selects lines, -v selects all, -q none", arguments: reactors)
    func types(workers: Int) throws {
        let quiet = "listener %PORT% 127.0.0.1\nallow_anonymous true\n"
        let errors = try Broker(quiet + "log_type error\n", workers: workers, readyLine: nil)
        try RawClient.connected(to: errors, "c").expectSilence()
        try errors.stop()
        #expect(!errors.process.errors.text.contains("New client"))
        let verbose = try Broker(quiet + "log_type error\n", workers: workers, arguments: ["-v"])
        try RawClient.connected(to: verbose, "c").expectSilence()
        try verbose.waitForLog(exactly: "Sending PINGRESP to c")
        let silent = try Broker(
            quiet + "log_type all\n",
            workers: workers,
            arguments: ["-q"],
            readyLine: nil
        )
        try RawClient.connected(to: silent, "c").expectSilence()
        try silent.stop()
        #expect(!silent.process.errors.text.contains("New client"))
    }

    @Test("connection_messages false hides connections", arguments: reactors)
    func noConnectionMessages(workers: Int) throws {
        let broker = try Broker(
            "listener %PORT2% 127.0.0.1\nlistener_allow_anonymous false\nlog_type all\n"
                + Broker.plain + "connection_messages false\n",
            workers: workers
        )
        try RawClient.connected(to: broker, "c").disconnect()
        let denied = try RawClient(broker, port: broker.ports[1])
        denied.send(Wire.connect("c"))
        try denied.expectClosed(after: hex("20 02 00 05"))
        try broker.stop()
        #expect(!broker.process.errors.text.contains("New client connected"))
        #expect(!broker.process.errors.text.contains("disconnected"))
        #expect(!broker.process.errors.text.contains("Denied"))
    }

    @Test("log_dest file writes a file that only its owner reads", arguments: reactors)
    func file(workers: Int) throws {
        let broker = try Broker(
            Broker.plain + "log_dest file %DIR%/m.log\nlog_dest stderr\n",
            workers: workers
        )
        try RawClient.connected(to: broker, "c").disconnect()
        try broker.waitForLog(containing: "Client c [")
        try broker.stop()
        let path = broker.directory + "/m.log"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("New client connected from 127.0.0.1:"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("log_dest topic publishes lines below $SYS/broker/log", arguments: reactors)
    func topic(workers: Int) throws {
        let broker = try Broker(
            Broker.plain + "log_dest topic\nlog_dest stderr\n",
            workers: workers
        )
        let watcher = try RawClient.connected(to: broker, "w")
        // The line about the subscription itself comes before its SUBACK.
        let filters: [(String, UInt8)] = [("$SYS/broker/log/N", 0), ("$SYS/broker/log/M/#", 0)]
        watcher.send(Wire.subscribe(.v4, filters))
        while try watcher.readPacket() != Wire.suback(.v4, [0, 0]) {}
        // Lines about the watcher itself may come first.
        let other = try RawClient.connected(to: broker, "other")
        try other.subscribe("some/filter", 1)
        var seen: Set<String> = []
        let wanted = [
            "$SYS/broker/log/N New client connected from 127.0.0.1:\(other.localPort) as other (p4, c1, k60).",
            "$SYS/broker/log/M/subscribe other 1 some/filter",
        ]
        while !seen.isSuperset(of: wanted) {
            let packet = try watcher.readPacket()
            let (topic, payload) = try #require(packet.publishParts())
            seen.insert(topic + " " + Broker.withoutTimeStamp(payload))
        }
    }
}

extension Bytes {
    /// Topic and payload of a version 3.1.1 PUBLISH at QoS 0 shorter than 16384 bytes.
    func publishParts() -> (String, String)? {
        guard count > 4, self[0] & 0xF6 == 0x30 else { return nil }
        let start = self[1] & 0x80 == 0 ? 2 : 3
        let length = Int(self[start]) << 8 | Int(self[start + 1])
        guard start + 2 + length <= count else { return nil }
        let topic = self[(start + 2)..<(start + 2 + length)]
        return (
            String(decoding: topic, as: UTF8.self),
            String(decoding: self[(start + 2 + length)...], as: UTF8.self)
        )
    }
}
