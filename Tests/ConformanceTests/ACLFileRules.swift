// SPDX-License-Identifier: Apache-2.0
// The ACL file: who may publish and receive what, before and after a reload.

import Glibc
import TestSupport
import Testing

@Suite("ACL file")
struct ACLFileRules {
    static let config = """
        log_type all
        listener %PORT% 127.0.0.1
        allow_anonymous true
        password_file %DIR%/pw
        acl_file %DIR%/acl

        """

    static let rules = """
        # anonymous clients
        topic readwrite open/#
        topic  read \tnews/+
        topic write inbox
        topic topic/global/#

        user user
        topic readwrite mine/#
        topic deny mine/secret
        topic read news/#

        pattern readwrite home/%u/#
        pattern write dev/%c/state

        """

    static func start(_ workers: Int, _ acl: String = rules) throws -> Broker {
        try Broker(
            config,
            workers: workers,
            files: ["pw": AnonymousAndPasswords.passwordFile, "acl": acl]
        )
    }

    static func named(
        _ broker: Broker,
        _ id: String = unique("c"),
        _ version: Version = .v5
    ) throws -> RawClient {
        try RawClient.connected(to: broker, id, version, username: "user", password: "password")
    }

    /// Whether a publication is allowed to anonymous clients, and to the client `dev1` of `user`.
    static let writes: [(String, Bool, Bool)] = [
        ("open/a", true, false), ("open", true, false), ("news/a", false, false),
        ("inbox", true, false),
        ("inbox/a", false, false), ("topic/global", true, false), ("mine/a", false, true),
        ("mine/secret", false, false), ("home/user/a", false, true), ("home/alice/a", false, false),
        ("dev/dev1/state", false, true), ("dev/dev2/state", false, false), ("else", false, false),
    ]

    @Test("Publications are judged by topic, user and pattern lines", arguments: reactors)
    func write(workers: Int) throws {
        let broker = try Self.start(workers)
        let anonymous = try RawClient.connected(to: broker, "a", .v5)
        let user = try Self.named(broker, "dev1")
        let old = try RawClient.connected(to: broker, "o", .v4)
        for (topic, isOpen, isUsers) in Self.writes {
            for (client, isAllowed) in [(anonymous, isOpen), (user, isUsers)] {
                client.send(Wire.publish(.v5, topic, "x", qos: 1, id: 5))
                let answer = try client.readPacket()
                #expect(answer == Wire.puback(5, isAllowed ? 0x10 : 0x87), "\(topic)")
                client.send(Wire.publish(.v5, topic, "x", qos: 2, id: 6))
                let second = try client.readPacket()
                #expect(second == Wire.pubrec(6, isAllowed ? 0 : 0x87), "\(topic)")
                guard isAllowed else { continue }
                client.send(Wire.pubrel(6))
                try client.expect(Wire.pubcomp(6))
            }
            try old.publish1(topic, "x")
        }
    }

    @Test("Subscribing is granted, delivery is judged", arguments: Version.allCases, reactors)
    func read(version: Version, workers: Int) throws {
        let broker = try Self.start(workers, Self.rules + "\nuser alice\ntopic readwrite #\n")
        let alice = try RawClient.connected(
            to: broker,
            "alice",
            username: "alice",
            password: "wonderland"
        )
        let anonymous = try RawClient.connected(to: broker, "a", version)
        let user = try Self.named(broker, "u", version)
        for client in [anonymous, user] {
            client.send(Wire.subscribe(version, [("#", 1), ("mine/secret", 2)]))
            try client.expect(Wire.suback(version, [1, 2]))
        }
        for topic in [
            "open/a", "news/a", "news/a/b", "inbox", "mine/a", "mine/secret", "home/user/x", "else",
        ] {
            alice.publish(topic, "m")
        }
        try alice.publish1("open/end", "m")
        try alice.publish1("mine/end", "m")
        try anonymous.expectPublish("open/a", "m")
        try anonymous.expectPublish("news/a", "m")
        try anonymous.expectPublish("open/end", "m", qos: 1, id: 1)
        try user.expectPublish("news/a", "m")
        try user.expectPublish("news/a/b", "m")
        try user.expectPublish("mine/a", "m")
        try user.expectPublish("home/user/x", "m")
        try user.expectPublish("mine/end", "m", qos: 1, id: 1)
        for client in [anonymous, user] { try client.expectSilence() }
    }

    @Test("A file of comments alone denies everything", arguments: reactors)
    func empty(workers: Int) throws {
        let broker = try Self.start(workers, "# nothing\n\n")
        let client = try RawClient.connected(to: broker, "a", .v5)
        try client.subscribe("a")
        try client.publish1("a", "x", reason: 0x87)
        client.publish("a", "x")
        try client.expectSilence()
    }

    @Test("Retained messages are not shown to those who may not read them", arguments: reactors)
    func retained(workers: Int) throws {
        let broker = try Self.start(workers)
        let user = try Self.named(broker)
        try user.publish1("mine/r", "kept", retain: true, reason: 0x10)
        let anonymous = try RawClient.connected(to: broker, "a", .v5)
        try anonymous.subscribe("mine/#")
        try anonymous.expectSilence()
        try user.subscribe("mine/#")
        try user.expectPublish("mine/r", "kept", retain: true)
    }

    @Test("A will nobody may write is dropped", arguments: reactors)
    func will(workers: Int) throws {
        let broker = try Self.start(workers)
        let watcher = try RawClient.connected(to: broker, "w", .v5)
        try watcher.subscribe("#")
        let denied = try RawClient.connected(to: broker, "d", will: Will("news/a", "no"))
        denied.abort()
        try broker.waitForLog(containing: "Client d [")
        let allowed = try RawClient.connected(to: broker, "e", will: Will("open/a", "yes"))
        allowed.abort()
        try watcher.expectPublish("open/a", "yes")
    }

    @Test(
        "After a reload queued messages are judged again, their identifiers stay used",
        arguments: reactors
    )
    func reload(workers: Int) throws {
        let broker = try Self.start(workers, "topic readwrite #\n")
        let session = Property.sessionExpiry(1000)
        let client = try RawClient.connected(to: broker, "s", .v5, properties: session)
        try client.subscribe("#", 1)
        try client.disconnect()
        let publisher = try RawClient.connected(to: broker, "p", .v5)
        for (index, topic) in ["open/1", "closed/1", "open/2"].enumerated() {
            try publisher.publish1(topic, "m", id: index + 1)
        }
        // Once there has been a newcomer on every reactor, the messages are in the queue.
        for _ in 0..<40 { _ = try RawClient.connected(to: broker) }
        try CommandLine.write(
            "topic readwrite open/#\ntopic write closed/#\n",
            to: broker.directory + "/acl"
        )
        try Reload.reload(broker)
        // The new rules are in force once something else is refused.
        var id = 10
        try Reload.eventually(publisher) {
            id += 1
            publisher.send(Wire.publish(.v5, "other", "m", qos: 1, id: id))
            return try publisher.readPacket() == Wire.puback(id, 0x87)
        }
        let again = try RawClient.connected(
            to: broker,
            "s",
            .v5,
            clean: false,
            properties: session,
            sessionPresent: true
        )
        try again.expectPublish("open/1", "m", qos: 1, id: 1)
        try again.expectPublish("open/2", "m", qos: 1, id: 3)
    }

    @Test(
        "$SYS cannot be written whatever the file says, and is read by its rules",
        arguments: reactors
    )
    func system(workers: Int) throws {
        let broker = try Self.start(
            workers,
            "topic readwrite #\ntopic readwrite $SYS/broker/v#\n".replacing("v#", with: "version")
        )
        let client = try RawClient.connected(to: broker, "a", .v5)
        try client.publish1("$SYS/broker/version", "x", reason: 0x87)
        try client.subscribe("$SYS/broker/version")
        let packet = try client.readPacket()
        #expect(packet[0] == 0x31)
        try client.subscribe("$SYS/broker/uptime")
        try client.expectSilence()
    }
}
