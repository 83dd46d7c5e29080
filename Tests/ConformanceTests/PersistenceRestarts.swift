// SPDX-License-Identifier: Apache-2.0
// What a session and a retained message are after a restart.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Persistence: restarts")
struct PersistenceRestarts {
    @Test(
        "Subscriptions are there with options and identifiers, shared ones too",
        arguments: PersistenceFolder.changes
    )
    func subscriptions(before: Int, after: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: before)
        let own = Property.subscriptionIdentifier(7)
        for id in ["a", "b", "c"] {
            let client = try Sessions.open(broker, id, .v5)
            // No Local and Retain As Published.
            try client.subscribe("x/+", 1 | 4 | 8, properties: own)
            try client.subscribe("$share/g/s/#", 2, id: 2)
        }
        try broker.stop()
        broker = try folder.start(workers: after)
        try broker.waitForLog(exactly: "Restored 3 clients")
        try broker.waitForLog(exactly: "Restored 6 subscriptions")
        var clients: [RawClient] = []
        for id in ["a", "b", "c"] {
            clients.append(try Sessions.open(broker, id, .v5, present: true))
        }
        try clients[0].publish1("x/1", "own", id: 1, reason: 0)
        for client in clients[1...] {
            try client.expectPublish("x/1", "own", qos: 1, id: 1, properties: own)
            client.send(Wire.puback(1))
        }
        let other = try RawClient.connected(to: broker, "other", .v5)
        try other.publish1("x/2", "kept", retain: true)
        for (client, id) in zip(clients, [1, 2, 2]) {
            try client.expectPublish("x/2", "kept", qos: 1, id: id, retain: true, properties: own)
            client.send(Wire.puback(id))
        }
        for number in 0..<3 { try other.publish1("s/\(number)", id: 2 + number) }
        for (client, id) in zip(clients, [2, 3, 3]) {
            let packet = try client.readPacket()
            #expect(
                packet[0] == 0x32 && packet.dropFirst(2).starts(with: Wire.string("s/0").prefix(4))
            )
            client.send(Wire.puback(id))
        }
        for client in clients { try client.expectNothing(from: other) }
    }

    @Test(
        "Queues are there in order, with QoS, properties and packet identifiers",
        arguments: PersistenceFolder.changes
    )
    func queues(before: Int, after: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: before)
        let names = (0..<6).map { "queue-\($0)" }
        for name in names {
            let client = try Sessions.open(broker, name, .v5)
            try client.subscribe("q/#", 2)
            try client.disconnect()
        }
        let properties = Property.contentType("text") + Property.user("k", "v")
        let publisher = try RawClient.connected(to: broker, "publisher", .v5)
        publisher.publish("q/0", "not kept")
        for number in 1...20 {
            if number % 2 == 0 {
                try publisher.publish2("q/\(number)", "\(number)", properties: properties)
            } else {
                try publisher.publish1("q/\(number)", "\(number)", properties: properties)
            }
        }
        try broker.stop()
        broker = try folder.start(workers: after)
        try broker.waitForLog(exactly: "Restored 20 base messages")
        try broker.waitForLog(exactly: "Restored 120 client messages")
        for name in names {
            let client = try Sessions.open(broker, name, .v5, present: true)
            for number in 1...20 {
                try client.expectPublish(
                    "q/\(number)",
                    "\(number)",
                    qos: number % 2 == 0 ? 2 : 1,
                    id: number,
                    properties: properties
                )
            }
            try client.disconnect()
        }
        try broker.stop()
    }

    @Test(
        "What is under way goes on with its packet identifiers, both ways",
        arguments: PersistenceFolder.changes
    )
    func inFlight(before: Int, after: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: before)
        var client = try Sessions.open(broker, "client", .v5)
        try client.subscribe("t/#", 2)
        var publisher = try Sessions.open(broker, "publisher", .v4)
        try publisher.publish1("t/1", "one", id: 1)
        try publisher.publish2("t/2", "two", id: 2)
        try publisher.publish2("t/3", "three", id: 3)
        try client.expectPublish("t/1", "one", qos: 1, id: 1)
        try client.expectPublish("t/2", "two", qos: 2, id: 2)
        try client.expectPublish("t/3", "three", qos: 2, id: 3)
        client.send(Wire.pubrec(3))
        try client.expect(Wire.pubrel(3))
        publisher.send(Wire.publish(.v4, "t/4", "four", qos: 2, id: 40))
        try publisher.expect(Wire.pubrec(40))
        try broker.stop()
        broker = try folder.start(workers: after)
        publisher = try Sessions.open(broker, "publisher", .v4, present: true)
        // The same message once more, which was received already.
        publisher.send(Wire.publish(.v4, "t/4", "four", qos: 2, id: 40, dup: true))
        try publisher.expect(Wire.pubrec(40))
        client = try Sessions.open(broker, "client", .v5, present: true)
        try client.expectPublish("t/1", "one", qos: 1, id: 1, dup: true)
        try client.expectPublish("t/2", "two", qos: 2, id: 2, dup: true)
        try client.expect(Wire.pubrel(3))
        client.send(Wire.puback(1) + Wire.pubrec(2) + Wire.pubcomp(3))
        try client.expect(Wire.pubrel(2))
        client.send(Wire.pubcomp(2))
        publisher.send(Wire.pubrel(40))
        try publisher.expect(Wire.pubcomp(40))
        try client.take2("t/4", "four", id: 4)
        try client.expectNothing(from: publisher)
    }

    @Test("Retained messages are there with their properties, but for $SYS", arguments: reactors)
    func retained(workers: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: workers)
        let publisher = try RawClient.connected(to: broker, "publisher", .v5)
        let lasting = Property.contentType("a")
        for number in 0..<300 {
            try publisher.publish1(
                "r/\(number)",
                "\(number)",
                retain: true,
                reason: 16,
                properties: lasting
            )
        }
        try publisher.publish1("r/7", "", retain: true, reason: 16)
        try publisher.publish1(
            "e/1",
            "x",
            retain: true,
            reason: 16,
            properties: Property.messageExpiry(5000)
        )
        try broker.stop()
        broker = try folder.start(workers: workers)
        try broker.waitForLog(exactly: "Restored 300 retained messages")
        try broker.waitForLog(exactly: "Restored 300 base messages")
        let client = try RawClient.connected(to: broker, "client", .v5)
        try client.subscribe("r/#")
        var seen: Set<Bytes> = []
        for _ in 0..<299 {
            let packet = try client.readPacket()
            #expect(packet[0] == 0x31)
            seen.insert(packet)
        }
        #expect(seen.count == 299)
        #expect(
            seen.contains(Wire.publish(.v5, "r/8", "8", retain: true, properties: lasting))
        )
        try client.subscribe("e/#", id: 2)
        let packet = try client.readPacket()
        let head = Wire.string("e/1") + [5, 2]
        #expect(packet.dropFirst(2).starts(with: head), "\(hexText(packet))")
        let seconds = packet.dropFirst(2 + head.count).prefix(4).reduce(0) { $0 * 256 + Int($1) }
        #expect(4900...5000 ~= seconds, "what is left of the interval: \(seconds)")
        try client.expectNothing(from: client)
    }

    @Test(
        "A clean shutdown publishes wills to sessions that are kept, delayed ones too",
        arguments: reactors
    )
    func wills(workers: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: workers)
        var watcher = try Sessions.open(broker, "watcher", .v5)
        try watcher.subscribe("will/#", 1)
        try watcher.disconnect()
        for number in 0..<4 {
            let will = Will("will/\(number)", "gone", qos: 1, properties: Property.willDelay(500))
            let client = try RawClient.connected(
                to: broker,
                "w\(number)",
                .v5,
                clean: false,
                properties: Property.sessionExpiry(1000),
                will: will
            )
            // A connection that ends without DISCONNECT; the others are there at the end.
            if number % 2 == 0 {
                client.send(Wire.disconnect(4))
                try client.expectClosed()
            }
        }
        try broker.stop()
        broker = try folder.start(workers: workers)
        try broker.waitForLog(exactly: "Restored 4 client messages")
        watcher = try Sessions.open(broker, "watcher", .v5, present: true)
        var topics: Set<Bytes> = []
        for _ in 0..<4 { topics.insert(Bytes(try watcher.readPacket()[2..<10])) }
        #expect(topics == Set((0..<4).map { Wire.string("will/\($0)") }))
        // They are over.
        try Sessions.open(broker, "w0", .v5, present: true).disconnect()
        try watcher.expectNothing(from: watcher)
    }

    @Test(
        "What only lives as long as its connection is not kept, all else is",
        arguments: reactors
    )
    func kinds(workers: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: workers)
        var clients = [
            try RawClient.connected(to: broker, "v3-clean", .v4),
            try RawClient.connected(to: broker, "v3", .v4, clean: false),
            try RawClient.connected(to: broker, "v5-none", .v5, clean: false),
            try RawClient.connected(
                to: broker,
                "v5-clean",
                .v5,
                clean: true,
                properties: Property.sessionExpiry(1000)
            ),
        ]
        for client in clients { try client.subscribe("k") }
        try broker.stop()
        clients = []
        broker = try folder.start(workers: workers)
        try broker.waitForLog(exactly: "Restored 2 clients")
        try Sessions.open(broker, "v3", .v4, present: true).disconnect()
        try Sessions.open(broker, "v5-clean", .v5, present: true).disconnect()
        try Sessions.open(broker, "v3-clean", .v4, present: false).disconnect()
        try Sessions.open(broker, "v5-none", .v5, present: false).disconnect()
        // And once more, with those two, which are kept by now.
        try broker.stop()
        broker = try folder.start(workers: workers)
        try broker.waitForLog(exactly: "Restored 4 clients")
    }

    @Test("Limits that are lower now leave what is there", arguments: reactors)
    func limits(workers: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: workers)
        for name in ["a", "b"] {
            let client = try Sessions.open(broker, name, .v4)
            for number in 0..<5 { try client.subscribe("l/\(number)", 1) }
            try client.disconnect()
        }
        let publisher = try RawClient.connected(to: broker, "publisher")
        for number in 0..<5 { try publisher.publish1("l/\(number)", id: 1 + number) }
        try broker.stop()
        broker = try folder.start(
            workers: workers,
            "max_subscriptions 2\nmax_queued_messages 1\nglobal_max_clients 1\n"
        )
        let client = try Sessions.open(broker, "a", .v4, present: true)
        for number in 0..<5 { try client.take1("l/\(number)", id: 1 + number) }
        client.send(Wire.publish(.v4, "l/4", "still", qos: 1, id: 1))
        try client.expect(inAnyOrder: [
            Wire.publish(.v4, "l/4", "still", qos: 1, id: 6), Wire.puback(1),
        ])
    }

    @Test("A reload leaves sessions alone whose passwords nobody knows", arguments: reactors)
    func reload(workers: Int) throws {
        let folder = try PersistenceFolder()
        let options =
            folder.configuration() + "log_type all\nlistener %PORT% 127.0.0.1\n"
            + "password_file %DIR%/pw\n"
        let files = ["pw": AnonymousAndPasswords.passwordFile]
        func login(_ broker: Broker, present: Bool) throws -> RawClient {
            try RawClient.connected(
                to: broker,
                "kept",
                clean: false,
                username: "user",
                password: "password",
                sessionPresent: present
            )
        }
        var broker = try Broker(options, workers: workers, files: files)
        try login(broker, present: false).disconnect()
        try broker.stop()
        broker = try Broker(options, workers: workers, files: files)
        broker.process.signal(SIGHUP)
        try broker.waitForLog(exactly: "Reloading config.")
        let other = try RawClient.connected(
            to: broker,
            "other",
            username: "user",
            password: "password"
        )
        try other.expectSilence()
        try login(broker, present: true).disconnect()
    }
}
