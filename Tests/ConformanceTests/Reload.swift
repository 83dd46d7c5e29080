// SPDX-License-Identifier: Apache-2.0
// SIGHUP: what changes at once, what changes for new connections, what stays, what survives errors.

import Glibc
import TestSupport
import Testing

@Suite("Reload")
struct Reload {
    static let base = "log_type all\nlistener %PORT% 127.0.0.1\n"

    /// Sends SIGHUP and waits until the broker says that it reloads.
    static func reload(_ broker: Broker) throws {
        let mark = broker.logMark
        broker.process.signal(SIGHUP)
        try broker.waitForLog(exactly: "Reloading config.", from: mark)
    }

    /// Tries `condition` again until it holds; between two tries `client` listens for a moment.
    static func eventually(
        _ client: RawClient,
        line: UInt = #line,
        _ condition: () throws -> Bool
    ) throws {
        for _ in 0..<100 {
            if try condition() { return }
            _ = client.nextPacket(seconds: 0.05)
        }
        throw Mismatch("it never became true", line: line)
    }

    @Test(
        "Forbidding anonymous clients closes theirs, without DISCONNECT and without will",
        arguments: reactors
    )
    func anonymous(workers: Int) throws {
        let broker = try Broker(
            Self.base + "allow_anonymous true\npassword_file %DIR%/pw\n",
            workers: workers,
            files: ["pw": AnonymousAndPasswords.passwordFile]
        )
        let named = try RawClient.connected(to: broker, "n", username: "user", password: "password")
        try named.subscribe("will/#")
        let client = try RawClient.connected(to: broker, "a", .v5, will: Will("will/a", "m"))
        try broker.rewrite(Self.base + "allow_anonymous false\npassword_file %DIR%/pw\n")
        try Self.reload(broker)
        try client.expectClosed()
        // Each reactor learns of it for itself.
        try Self.eventually(named) {
            let refused = try RawClient(broker)
            refused.send(Wire.connect("b", .v5))
            return refused.nextPacket(seconds: 5) == hex("20 03 00 87 00")
        }
        try named.expectNothing(from: named)
    }

    @Test(
        "A changed password file is read, clients whose password changed are closed",
        arguments: reactors
    )
    func passwords(workers: Int) throws {
        let broker = try Broker(
            Self.base + "password_file %DIR%/pw\n",
            workers: workers,
            files: ["pw": AnonymousAndPasswords.passwordFile]
        )
        let user = try RawClient.connected(to: broker, "u", username: "user", password: "password")
        let alice = try RawClient.connected(
            to: broker,
            "a",
            username: "alice",
            password: "wonderland"
        )
        let rest = AnonymousAndPasswords.passwordFile.split(separator: "\n").filter {
            !$0.hasPrefix("alice:")
        }
        try CommandLine.write(
            rest.joined(separator: "\n") + "\n",
            to: broker.directory + "/pw"
        )
        try Self.reload(broker)
        try alice.expectClosed()
        try user.expectSilence()
        let again = try RawClient(broker)
        again.send(Wire.connect("a", .v4, username: "alice", password: "wonderland"))
        try again.expectClosed(after: hex("20 02 00 05"))
    }

    @Test(
        "message_size_limit changes at once, max_packet_size and max_inflight_messages do not",
        arguments: reactors
    )
    func limits(workers: Int) throws {
        let broker = try Broker(Self.base + "allow_anonymous true\n", workers: workers)
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("a", "long payload", reason: 0x10)
        try broker.rewrite(
            Self.base
                + "allow_anonymous true\nmessage_size_limit 3\nmax_packet_size 100\nmax_inflight_messages 2\n"
        )
        try Self.reload(broker)
        var id = 1
        try Self.eventually(client) {
            id += 1
            client.send(Wire.publish(.v5, "a", "long payload", qos: 1, id: id))
            return try client.readPacket() == Wire.puback(id, 0x95)
        }
        _ = try RawClient.connected(to: broker, "d", .v5)
    }

    @Test("Settings of a listener change for new connections", arguments: reactors)
    func listener(workers: Int) throws {
        let broker = try Broker(Self.base + "allow_anonymous true\n", workers: workers)
        let old = try RawClient.connected(to: broker, "old", .v5)
        try broker.rewrite(Self.base + "allow_anonymous true\nmax_topic_alias 5\n")
        try Self.reload(broker)
        try Self.eventually(old) {
            let client = try RawClient(broker)
            client.send(Wire.connect("new", .v5))
            return try client.readPacket() == hex("20 0E 00 00 0B 22 00 05 27 00 1E 84 80 21 00 14")
        }
        try old.expectSilence()
    }

    @Test("A broken configuration leaves the running one in force", arguments: reactors)
    func broken(workers: Int) throws {
        let broker = try Broker(
            Self.base + "allow_anonymous true\nmessage_size_limit 5\n",
            workers: workers
        )
        let client = try RawClient.connected(to: broker, "c", .v5)
        try broker.rewrite(
            Self.base + "allow_anonymous false\nmessage_size_limit 100\nnonsense here\n"
        )
        let mark = broker.logMark
        try Self.reload(broker)
        try broker.waitForLog(
            exactly: "Error: Unknown configuration variable 'nonsense'.",
            from: mark
        )
        try client.publish1("a", "too long", reason: 0x95)
        _ = try RawClient.connected(to: broker, "d", .v5)
        // Once repaired it is taken.
        try broker.rewrite(Self.base + "allow_anonymous true\nmessage_size_limit 100\n")
        try Self.reload(broker)
        var id = 1
        try Self.eventually(client) {
            id += 1
            client.send(Wire.publish(.v5, "a", "too long", qos: 1, id: id))
            return try client.readPacket() == Wire.puback(id, 0x10)
        }
        try broker.stop()
    }

    @Test(
        "A broken password or ACL file keeps the content in force",
        arguments: ["pw", "acl"],
        reactors
    )
    func brokenFile(name: String, workers: Int) throws {
        let config = Self.base + "password_file %DIR%/pw\nacl_file %DIR%/acl\n"
        let broker = try Broker(
            config,
            workers: workers,
            files: [
                "pw": AnonymousAndPasswords.passwordFile,
                "acl": "user user\ntopic readwrite good/#\n",
            ]
        )
        let client = try RawClient.connected(
            to: broker,
            "c",
            .v5,
            username: "user",
            password: "password"
        )
        try client.publish1("good/a", reason: 0x10)
        try client.publish1("bad/a", reason: 0x87)
        let mark = broker.logMark
        let text = name == "pw" ? "user:plain\n" : "topic readwrite a#\n"
        try CommandLine.write(text, to: broker.directory + "/" + name)
        try Self.reload(broker)
        try broker.waitForLog(containing: "Error", from: mark)
        try client.publish1("good/a", reason: 0x10)
        try client.publish1("bad/a", reason: 0x87)
        _ = try RawClient.connected(to: broker, "d", .v5, username: "user", password: "password")
        try broker.stop()
    }

    @Test("Listeners can be neither added nor removed", arguments: reactors)
    func listeners(workers: Int) throws {
        let broker = try Broker(Self.base + "allow_anonymous true\n", workers: workers)
        let mark = broker.logMark
        try broker.rewrite(Self.base + "allow_anonymous true\nlistener %PORT2% 127.0.0.1\n")
        try Self.reload(broker)
        try broker.waitForLog(
            containing:
                "It is not currently possible to add/remove listeners when reloading the config file.",
            from: mark
        )
        _ = try RawClient.connected(to: broker, "c")
        #expect(throws: Mismatch.self) { try RawClient(broker, port: broker.ports[1]) }
        try broker.stop()
    }

    @Test("Sessions, subscriptions and retained messages outlast many reloads", arguments: reactors)
    func state(workers: Int) throws {
        let broker = try Broker(Self.base + "allow_anonymous true\n", workers: workers)
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.subscribe("a/#", 1)
        client.publish("r", "kept", retain: true)
        for round in 1...10 {
            try Self.reload(broker)
            client.publish("a/b", "\(round)")
            try client.expectPublish("a/b", "\(round)")
        }
        try client.subscribe("r", id: 2)
        try client.expectPublish("r", "kept", retain: true)
        try broker.stop()
    }

    @Test(
        "Who connects after SIGHUP meets the new configuration, unless it is wrong",
        arguments: reactors
    )
    func newcomersWithoutPlugins(workers: Int) throws {
        let broker = try Broker(Self.base + "allow_anonymous true\n", workers: workers)
        for round in 0..<20 {
            let isOpen = round % 2 == 1
            try broker.rewrite(Self.base + "allow_anonymous \(isOpen)\n")
            broker.process.signal(SIGHUP)
            let client = try RawClient(broker)
            client.send(Wire.connect("c"))
            try client.expect([0x20, 2, 0, isOpen ? 0 : 5])
        }
        try broker.rewrite("no_such_option 1\n")
        broker.process.signal(SIGHUP)
        _ = try RawClient.connected(to: broker, "last")
        try broker.stop()
    }

    @Test("Who connects after SIGHUP meets what the ACL file says by then", arguments: reactors)
    func newcomers(workers: Int) throws {
        let broker = try Broker(
            Self.base + "allow_anonymous true\nacl_file %DIR%/acl\n",
            workers: workers,
            files: ["acl": "topic readwrite a\n"]
        )
        for round in 1...40 {
            let isOpen = round % 2 == 0
            try CommandLine.write(
                "topic readwrite \(isOpen ? "a" : "b")\n",
                to: broker.directory + "/acl"
            )
            broker.process.signal(SIGHUP)
            let client = try RawClient.connected(to: broker, "c", .v5)
            try client.publish1("a", reason: isOpen ? 0x10 : 0x87)
        }
        try broker.stop()
    }
}
