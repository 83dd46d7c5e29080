// SPDX-License-Identifier: Apache-2.0
// Connecting: protocol versions, anonymous clients, generated identifiers, limits, take-over.

import TestSupport
import Testing

@Suite("Connecting")
struct Connecting {
    // [MQTT-2.2.2-1] [MQTT-3.1.4-5] [MQTT-3.2.0-1] [MQTT-3.2.2-1] [MQTT-3.2.2-8] [MQTT-3.2.2-19]
    // [MQTT-3.2.2-20] [MQTT-4.12.0-6] [MQTT311-3.1.4-4] [MQTT311-3.2.0-1]
    @Test("The default CONNACK is exact to the byte", arguments: Version.allCases, reactors)
    func connack(version: Version, workers: Int) throws {
        let client = try RawClient(Broker.shared(workers: workers))
        client.send(Wire.connect(unique("c"), version))
        try client.expect(
            version == .v5 ? "20 0E 00 00 0B 22 00 0A 27 00 1E 84 80 21 00 14" : "20 02 00 00"
        )
        try client.expectSilence()
    }

    static let acceptable: [(String, [Version])] = [
        ("3 ,4, 5", [.v3, .v4, .v5]), ("3", [.v3]), ("4", [.v4]), ("5", [.v5]),
        ("5,4", [.v4, .v5]), ("3, ,\t5 ,", [.v3, .v5]), ("4\t5", [.v4, .v5]),
    ]

    // [MQTT-3.1.2-2] [MQTT311-3.1.2-2]
    @Test("accept_protocol_versions refuses the others", arguments: 0..<acceptable.count, reactors)
    func versions(index: Int, workers: Int) throws {
        let (list, accepted) = Self.acceptable[index]
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\naccept_protocol_versions \(list)\n",
            workers: workers
        )
        for version in Version.allCases {
            let client = try RawClient(broker)
            client.send(Wire.connect("c", version))
            if accepted.contains(version) {
                try client.expect(Wire.connack(version))
            } else {
                try client.expectClosed(
                    after: hex(version == .v5 ? "20 03 00 84 00" : "20 02 00 01")
                )
            }
        }
    }

    @Test("CONNACK properties come in their fixed order", arguments: reactors)
    func order(workers: Int) throws {
        let broker = try Broker(
            """
            max_keepalive 100
            retain_available false
            max_packet_size 1000
            max_inflight_messages 7
            listener %PORT% 127.0.0.1
            allow_anonymous true
            max_topic_alias 3
            max_qos 1

            """,
            workers: workers
        )
        let client = try RawClient(broker)
        client.send(Wire.connect("", .v5, keepAlive: 101))
        let packet = try client.readPacket()
        let head = hex("13 0064 22 0003 12 0029") + utf8("auto-")
        let tail = hex("25 00 27 000003E8 21 0007 24 01")
        let count = head.count + 36 + tail.count
        #expect(packet.starts(with: [0x20, UInt8(count + 3), 0, 0, UInt8(count)] + head))
        #expect(packet.suffix(tail.count) == tail[...])
        let refused = try RawClient(broker)
        refused.send(Wire.connect("x", .v5, properties: Property.authenticationMethod("a")))
        try refused.expectClosed(after: hex("20 05 00 8C 02 24 01"))
    }

    @Test("Limits of 0 are left out of CONNACK", arguments: reactors)
    func leftOut(workers: Int) throws {
        let broker = try Broker(
            """
            max_inflight_messages 0
            listener %PORT% 127.0.0.1
            allow_anonymous true
            max_topic_alias 0

            """,
            workers: workers
        )
        let client = try RawClient(broker)
        client.send(Wire.connect("a", .v5))
        try client.expect("20 08 00 00 05 27 00 1E 84 80")
        client.send(Wire.publish(.v5, "a", properties: Property.topicAlias(1)))
        try client.expectClosed(after: hex("E0 01 94"))
    }

    @Test("Too long a keep alive is refused or replaced", arguments: [0, 100, 101], reactors)
    func keepAlive(seconds: Int, workers: Int) throws {
        let broker = try Broker.shared(
            "max_keepalive 100\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        for version in Version.allCases {
            let client = try RawClient(broker)
            client.send(Wire.connect(unique("c"), version, keepAlive: seconds))
            if seconds == 100 {
                try client.expect(Wire.connack(version))
            } else if version == .v5 {
                try client.expect("20 11 00 00 0E 13 00 64 22 00 0A 27 00 1E 84 80 21 00 14")
            } else {
                try client.expectClosed(after: hex("20 02 00 02"))
            }
        }
    }

    @Test(
        "A client refused for its keep alive leaves no session and no will",
        arguments: [Version.v3, .v4],
        reactors
    )
    func keepAliveSession(version: Version, workers: Int) throws {
        let broker = try Broker.shared(
            "max_keepalive 100\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let (id, topic) = (unique("c"), unique("t"))
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let client = try RawClient(broker)
        let will = Will(topic, "gone")
        client.send(Wire.connect(id, version, clean: false, keepAlive: 0, will: will))
        try client.expectClosed(after: hex("20 02 00 02"))
        let again = try RawClient.connected(to: broker, id, .v4, clean: false)
        try again.disconnect()
        try watcher.expectSilence()
    }

    // MARK: Generated client identifiers

    /// Reads a CONNACK and returns the identifier the broker gave.
    static func assigned(_ client: RawClient, prefix: String) throws -> String {
        let packet = try client.readPacket()
        let count = prefix.utf8.count + 36
        let before =
            [0x20, UInt8(count + 17), 0, 0, UInt8(count + 14)] + hex("22 000A 12 00") + [
                UInt8(count)
            ]
        let after = hex("27 001E8480 210014")
        #expect(packet.starts(with: before + utf8(prefix)), "\(hexText(packet))")
        #expect(packet.suffix(after.count) == after[...])
        return String(decoding: packet.dropFirst(before.count).prefix(count), as: UTF8.self)
    }

    // [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] [MQTT311-3.1.3-6]
    @Test("Generated identifiers are prefix and 36 characters", arguments: [true, false], reactors)
    func autoIdentifier(clean: Bool, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        var seen: Set<String> = []
        for _ in 0..<10 {
            let client = try RawClient(broker)
            client.send(Wire.connect("", .v5, clean: clean))
            let identifier = try Self.assigned(client, prefix: "auto-")
            let parts = identifier.dropFirst(5).split(
                separator: "-",
                omittingEmptySubsequences: false
            )
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(!parts.joined().contains { !$0.isHexDigit })
            seen.insert(identifier)
        }
        #expect(seen.count == 10)
    }

    @Test(
        "Prefixes of generated identifiers: the listener's before the global one",
        arguments: reactors
    )
    func prefixes(workers: Int) throws {
        let broker = try Broker(
            """
            auto_id_prefix glob-
            listener %PORT% 127.0.0.1
            allow_anonymous true
            listener %PORT2% 127.0.0.1
            listener_auto_id_prefix own-

            """,
            workers: workers
        )
        for (port, prefix) in [(broker.ports[0], "glob-"), (broker.ports[1], "own-")] {
            let client = try RawClient(broker, port: port)
            client.send(Wire.connect("", .v5))
            _ = try Self.assigned(client, prefix: prefix)
        }
    }

    @Test("Empty identifiers can be forbidden", arguments: reactors)
    func noEmptyIdentifier(workers: Int) throws {
        let broker = try Broker(
            """
            allow_zero_length_clientid false
            listener %PORT% 127.0.0.1
            allow_anonymous true

            """,
            workers: workers
        )
        let answers: [(Version, String)] = [
            (.v3, "20 02 00 02"), (.v4, "20 02 00 02"), (.v5, "20 03 00 80 00"),
        ]
        for (version, answer) in answers {
            let client = try RawClient(broker)
            client.send(Wire.connect("", version))
            try client.expectClosed(after: hex(answer))
        }
    }

    @Test("Empty identifiers can be forbidden for one listener", arguments: reactors)
    func noEmptyIdentifierPerListener(workers: Int) throws {
        let broker = try Broker(
            """
            per_listener_settings true
            listener %PORT% 127.0.0.1
            allow_anonymous true
            allow_zero_length_clientid false
            listener %PORT2% 127.0.0.1
            allow_anonymous true

            """,
            workers: workers
        )
        let refused = try RawClient(broker)
        refused.send(Wire.connect("", .v4))
        try refused.expectClosed(after: hex("20 02 00 02"))
        let accepted = try RawClient(broker, port: broker.ports[1])
        accepted.send(Wire.connect("", .v4))
        try accepted.expect(Wire.connack(.v4))
    }

    @Test(
        "use_username_as_clientid replaces the identifier, also for take-over",
        arguments: reactors
    )
    func usernameAsIdentifier(workers: Int) throws {
        let broker = try Broker(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous true
            use_username_as_clientid true

            """,
            workers: workers
        )
        let nameless = try RawClient(broker)
        nameless.send(Wire.connect("c", .v4))
        try nameless.expectClosed(after: hex("20 02 00 05"))
        let nameless5 = try RawClient(broker)
        nameless5.send(Wire.connect("c", .v5))
        try nameless5.expectClosed(after: hex("20 03 00 87 00"))
        let first = try RawClient.connected(to: broker, "c1", .v5, username: "same")
        let second = try RawClient.connected(to: broker, "c2", .v4, username: "same")
        try first.expectClosed(after: hex("E0 01 8E"))
        try second.expectSilence()
    }

    @Test("clientid_prefixes refuses other identifiers", arguments: reactors)
    func identifierPrefix(workers: Int) throws {
        let broker = try Broker(
            """
            clientid_prefixes good-
            listener %PORT% 127.0.0.1
            allow_anonymous true

            """,
            workers: workers
        )
        for (version, answer) in [(Version.v4, "20 02 00 05"), (.v5, "20 03 00 87 00")] {
            let client = try RawClient(broker)
            client.send(Wire.connect("bad-1", version))
            try client.expectClosed(after: hex(answer))
            _ = try RawClient.connected(to: broker, "good-1", version)
        }
    }

    // MARK: Limits

    @Test("global_max_clients counts sessions, disconnected ones too", arguments: reactors)
    func maxClients(workers: Int) throws {
        let broker = try Broker(
            "global_max_clients 2\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let first = try RawClient.connected(to: broker, "a")
        let kept = try RawClient.connected(
            to: broker,
            "b",
            .v5,
            properties: Property.sessionExpiry(1000)
        )
        try kept.disconnect()
        let third = try RawClient(broker)
        third.send(Wire.connect("c", .v5))
        try third.expectClosed(after: hex("20 03 00 89 00"))
        let old = try RawClient(broker)
        old.send(Wire.connect("c", .v4))
        try old.expectClosed()
        // A take-over needs no new place.
        let again = try RawClient.connected(to: broker, "a")
        try first.expectClosed()
        try again.disconnect()
        _ = try RawClient.connected(to: broker, "c")
    }

    /// A broker that serves few at once, on its listener or altogether.
    private static func start(places: Int, isGlobal: Bool, workers: Int) throws -> Broker {
        try Broker(
            """
            \(isGlobal ? "global_max_connections \(places)" : "")
            listener %PORT% 127.0.0.1
            allow_anonymous true
            \(isGlobal ? "" : "max_connections \(places)")

            """,
            workers: workers
        )
    }

    @Test(
        "Surplus connections are closed at once, places are free at once",
        arguments: [false, true],
        reactors
    )
    func maxConnections(isGlobal: Bool, workers: Int) throws {
        let broker = try Self.start(places: 2, isGlobal: isGlobal, workers: workers)
        let first = try RawClient.connected(to: broker, "a")
        let second = try RawClient.connected(to: broker, "b")
        let third = try RawClient(broker)
        try third.expectClosed()
        try broker.waitForLog(containing: "denied: max_connections exceeded.")
        try second.disconnect()
        let fourth = try RawClient.connected(to: broker, "d")
        try first.expectSilence()
        try fourth.expectSilence()
    }

    @Test(
        "Places of clients that close are free for those who connect next",
        arguments: [false, true],
        reactors
    )
    func placesOfTheGone(isGlobal: Bool, workers: Int) throws {
        let broker = try Self.start(places: 4, isGlobal: isGlobal, workers: workers)
        for _ in 1...100 {
            let clients = try (1...4).map { try RawClient.connected(to: broker, "c\($0)") }
            let surplus = try RawClient(broker)
            try surplus.expectClosed()
            for client in clients { client.abort() }
        }
        try broker.stop()
    }

    // MARK: Take-over

    // [MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4] [MQTT-3.14.4-1]
    // [MQTT-3.14.4-2] [MQTT311-3.1.4-2]
    @Test(
        "[MQTT-3.1.4-3] A second connection takes a client over",
        arguments: Version.allCases,
        reactors
    )
    func takeOver(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("twin")
        var older = try RawClient.connected(to: broker, id, version)
        for _ in 0..<20 {
            let newer = try RawClient.connected(to: broker, id, version)
            try older.expectClosed(after: version == .v5 ? hex("E0 01 8E") : [])
            older = newer
        }
        try older.expectSilence()
    }

    @Test("A refused CONNECT takes nobody over and sends no will", arguments: reactors)
    func refusedTakeOver(workers: Int) throws {
        let broker = try Broker(
            AnonymousAndPasswords.passwords,
            workers: workers,
            files: ["pw": AnonymousAndPasswords.passwordFile]
        )
        let watcher = try RawClient.connected(
            to: broker,
            "w",
            username: "user",
            password: "password"
        )
        try watcher.subscribe("will/#")
        let client = try RawClient.connected(
            to: broker,
            "victim",
            .v5,
            username: "user",
            password: "password",
            will: Will("will/a")
        )
        let thief = try RawClient(broker)
        thief.send(
            Wire.connect("victim", .v5, username: "user", password: "wrong", will: Will("will/b"))
        )
        try thief.expectClosed(after: hex("20 03 00 87 00"))
        try client.expectSilence()
        try watcher.expectNothing(from: client)
    }

    // MARK: Keep alive

    // [MQTT-3.2.2-22] [MQTT311-3.1.2-24]
    @Test(
        "[MQTT-3.1.2-22] Silence for one and a half keep alives ends the connection with its will",
        arguments: reactors
    )
    func silence(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let start = ContinuousClock.now
        let client = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            keepAlive: 2,
            will: Will(topic, "x")
        )
        try watcher.expectPublish(topic, "x", seconds: 8)
        let waited = ContinuousClock.now - start
        #expect(waited > .seconds(1) && waited < .seconds(7))
        try client.expectClosed()
    }

    // MARK: Transport and file forms

    @Test("A Unix socket listener serves clients", arguments: reactors)
    func unixSocket(workers: Int) throws {
        let broker = try Broker(
            "listener 0 %DIR%/broker.sock\nallow_anonymous true\nlog_type all\n",
            workers: workers
        )
        let client = try RawClient(path: broker.directory + "/broker.sock")
        client.send(Wire.connect("unix", .v4))
        try client.expect(Wire.connack(.v4))
        try broker.waitForLog(
            exactly:
                "New client connected from \(broker.directory)/broker.sock:0 as unix (p4, c1, k60)."
        )
        try client.expectSilence()
        try broker.stop()
        #expect(throws: Mismatch.self) { try RawClient(path: broker.directory + "/broker.sock") }
    }

    @Test("A configuration with CRLF line ends works", arguments: reactors)
    func carriageReturns(workers: Int) throws {
        let broker = try Broker(
            Broker.plain.replacing("\n", with: "\r\n"),
            workers: workers
        )
        try RawClient.connected(to: broker, "c").expectSilence()
        try broker.stop()
    }

    // MARK: Resources

    @Test("Nothing is reserved for a first packet that is not CONNECT", arguments: reactors)
    func noMemory(workers: Int) throws {
        let broker = try Broker(workers: workers)
        try RawClient.connected(to: broker, "warm").disconnect()
        let before = try broker.memory().virtual
        for kind in (UInt8(2)...15) {
            let client = try RawClient(broker)
            client.send([kind << 4] + hex("FF FF FF 7F"))
            client.send(Bytes(repeating: 0x55, count: 4 << 20))
            try client.expectClosed()
        }
        let grown = try broker.memory().virtual - before
        #expect(grown < 20 << 20)
        try RawClient.connected(to: broker, "after").expectSilence()
    }

    @Test(
        "5000 user properties take no more than 20 times as long as a long identifier",
        arguments: reactors
    )
    func manyProperties(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let properties = (0..<5000).flatMap { _ in Property.user("aaaa", "bbbb") }
        let stem = unique("long")
        let long = stem + String(repeating: "x", count: 65000 - stem.utf8.count)
        func time(_ packet: Bytes) throws -> Duration {
            var best = Duration.seconds(100)
            for _ in 0..<5 {
                let client = try RawClient(broker)
                let start = ContinuousClock.now
                client.send(packet)
                try client.expect(Wire.connack(.v5))
                best = min(best, ContinuousClock.now - start)
                try client.disconnect()
            }
            return best
        }
        let reference = max(try time(Wire.connect(long, .v5)), .microseconds(200))
        let tested = try time(Wire.connect(unique("c"), .v5, properties: properties))
        #expect(tested < reference * 20)
    }
}
