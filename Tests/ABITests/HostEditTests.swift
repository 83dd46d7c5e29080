// SPDX-License-Identifier: Apache-2.0
// Plugins that write into what they are shown, and the order of what they publish.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostEditTests {
    private static func start(
        _ options: String = "",
        _ listener: String = "",
        workers: Int = 1
    ) throws -> Broker {
        try Broker(
            HostThreadTests.listener + listener + "allow_anonymous true\n"
                + "plugin \(HostPlugin.editor.get().path)\n" + options,
            workers: workers
        )
    }

    @Test(
        "What a plugin writes into a message counts, coming in and going out",
        arguments: ["in", "out"],
        [0, 1]
    )
    func edits(event: String, qos: Int) throws {
        let broker = try Self.start("plugin_opt_event \(event)\n")
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.subscribe("#", UInt8(qos))
        let publisher = try RawClient.connected(to: broker, "p", .v5)
        let property: Bytes = [38] + Wire.string("k") + Wire.string("v")
        let added = [38] + Wire.string("added") + Wire.string("here")
        let expected: [(sent: String, topic: String, payload: String, properties: Bytes)] = [
            ("a/cut/me", "a/cut", "hello", property),
            ("a/letter", "b/letter", "hello", property),
            ("a/payload", "a/payload", "Xello", property),
            // As in the original, a length counts with a new payload only.
            ("a/length", "a/length", "hello", property),
            ("a/both", "a/new", "Yello", property),
            ("a/property", "a/property", "hello", property + added),
            ("same", "same", "hello", property),
        ]
        for (index, message) in expected.enumerated() {
            let id = index + 1
            publisher.send(
                Wire.publish(
                    .v5,
                    message.sent,
                    "hello",
                    qos: UInt8(qos),
                    id: id,
                    properties: property
                )
            )
            if qos == 1 { try publisher.expect(Wire.puback(id)) }
            try client.expectPublish(
                message.topic,
                message.payload,
                qos: UInt8(qos),
                id: id,
                properties: message.properties
            )
            if qos == 1 { client.send(Wire.puback(id)) }
        }
        try broker.stop()
    }

    @Test("A topic that a plugin has spoilt is dropped with a line in the log")
    func invalidTopic() throws {
        let broker = try Self.start()
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.send(Wire.publish(.v5, "a/wild", "x", qos: 1, id: 1))
        try client.expect(Wire.puback(1, 0x83))
        try broker.waitForLog(containing: "an invalid topic: dropped.")
        try broker.stop()
    }

    @Test("What a plugin writes into a filter counts")
    func filter() throws {
        let broker = try Self.start()
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.subscribe("a/filter", 0)
        client.publish("a/filter", "no")
        client.publish("f/filter", "yes")
        try client.expectPublish("f/filter", "yes")
        try broker.stop()
    }

    @Test("What a plugin writes into a user name is the client's name; what is none is not")
    func userName() throws {
        let broker = try Self.start()
        let client = try RawClient.connected(to: broker, "c", .v5, username: "DOMAIN\\me")
        try broker.waitForLog(containing: "as c (p5, c1, k60, u'me').")
        try client.publish1("who", "", reason: 0x10)
        let other = try RawClient.connected(to: broker, "d", .v5, username: "spoilt")
        try broker.waitForLog(containing: "as d (p5, c1, k60, u'spoilt').")
        try other.publish1("who", "", reason: 0x10)
        try broker.stop()
        #expect(broker.records == ["who me", "who spoilt"])
    }

    @Test(
        "A client gets what a plugin publishes to all and to it alone in the order of publishing",
        arguments: [1, 2, 4],
        [0, 1, 2]
    )
    func order(workers: Int, qos: Int) throws {
        let broker = try Self.start(workers: workers)
        // Homes of both kinds: that of the worker that publishes to all, and others.
        let client = try RawClient.connected(to: broker, "k", .v4)
        client.send(Wire.subscribe(.v4, [("t", UInt8(qos))]))
        try client.expect(Wire.suback(.v4, [UInt8(qos)]))
        let publisher = try RawClient.connected(to: broker, "p", .v4)
        for _ in 0..<10 {
            publisher.send(Wire.publish(.v4, "go", "x", qos: UInt8(qos), id: 1))
            if qos == 1 { try publisher.expect(Wire.puback(1)) }
            if qos == 2 {
                try publisher.expect(Wire.pubrec(1))
                publisher.send(Wire.pubrel(1))
                try publisher.expect(Wire.pubcomp(1))
            }
            #expect(try Self.payloads(10, from: client) == (1...10).map { "\($0)" })
        }
        try broker.stop()
    }

    @Test("An access check that fails with something else than a denial ends the connection")
    func quotaOfAccessCheck() throws {
        let broker = try Self.start()
        for version in [Version.v4, .v5] {
            let client = try RawClient.connected(to: broker, "c", version)
            client.send(Wire.publish(version, "quota", "x", qos: 1, id: 1))
            try client.expectClosed()
            try broker.waitForLog(containing: "Client c [127.0.0.1:")
        }
        try broker.stop()
    }

    /// The payloads of so many messages of topic `t`, which are acknowledged as their QoS wants it.
    private static func payloads(_ count: Int, from client: RawClient) throws -> [String] {
        var payloads: [String] = []
        while payloads.count < count {
            let packet = try client.readPacket()
            switch packet[0] {
            case 0x30: payloads.append(String(decoding: packet.dropFirst(5), as: UTF8.self))
            case 0x32, 0x34:
                payloads.append(String(decoding: packet.dropFirst(7), as: UTF8.self))
                let id = Int(packet[5]) << 8 | Int(packet[6])
                client.send(packet[0] == 0x32 ? Wire.puback(id) : Wire.pubrec(id))
            case 0x62: client.send([0x70, 2] + packet.suffix(2))
            default: throw Mismatch("unexpected packet \(packet)")
            }
        }
        return payloads
    }
}
