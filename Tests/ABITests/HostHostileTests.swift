// SPDX-License-Identifier: Apache-2.0
// A plugin that hands in what it should not must not end the broker.

import Foundation
import TestSupport
import Testing

@Suite("Hostile plugins", .serialized)
struct HostHostileTests {
    static let longest = String(repeating: "x", count: 65_535)

    private static func broker(_ workers: Int) throws -> Broker {
        try Broker(
            HostThreadTests.listener + "allow_anonymous true\n"
                + "plugin \(HostPlugin.hostile.get().path)\n",
            workers: workers
        )
    }

    /// Stops the broker; nothing but what was promised may be recorded.
    private static func expectPromised(_ broker: Broker, _ records: [String]) throws {
        try broker.stop()
        #expect(broker.records == records + ["few checks"])
    }

    @Test("A topic a plugin replaced arrives at 65,535 bytes, and is dropped beyond")
    func topics() throws {
        let broker = try Self.broker(2)
        let watcher = try RawClient.connected(to: broker, "watcher", .v5)
        try watcher.subscribe(Self.longest)
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.send(Wire.publish(.v5, "do/longest", "x", qos: 1, id: 1))
        try watcher.expectPublish(Self.longest, "x")
        try client.expect(Wire.puback(1))
        let refused = ["do/too-long", "do/wildcard", "do/empty", "do/bytes"]
        for (index, topic) in refused.enumerated() {
            client.send(Wire.publish(.v5, topic, "x", qos: 1, id: 2 + index))
            try client.expect(Wire.puback(2 + index, 0x83))
        }
        try watcher.expectNothing(from: client)
        try Self.expectPromised(broker, ["do/longest"] + refused)
    }

    @Test("What a plugin leaves of a message is what it can be")
    func messages() throws {
        let broker = try Self.broker(2)
        let client = try RawClient.connected(to: broker, "c", .v5)
        for topic in ["do/null", "do/length", "do/properties"] { try client.subscribe(topic) }
        client.publish("do/length", "as it was")
        try client.expectPublish("do/length", "as it was")
        // Without topic it is the one it had; without payload the length is 0.
        client.publish("do/null", "gone")
        try client.expectPublish("do/null")
        client.publish("do/properties", "x")
        let pair = Property.user(Self.longest, Self.longest)
        let data = Property.correlationData(utf8(Self.longest))
        try client.expectPublish("do/properties", "x", properties: pair + data + pair)
        try client.expectSilence()
        try Self.expectPromised(broker, ["do/length", "do/null", "do/properties"])
    }

    @Test("A filter a plugin replaced is entered at 65,535 bytes, and refused beyond")
    func filters() throws {
        let broker = try Self.broker(2)
        let client = try RawClient.connected(to: broker, "c", .v5)
        let filters = [
            "sub/longest", "sub/too-long", "sub/bad", "sub/null", "sub/options", "sub/share",
        ]
        client.send(Wire.subscribe(.v5, id: 9, filters.map { ($0, 1) }))
        let codes = try client.readPacket()
        #expect(Bytes(codes.suffix(6)) == [1, 0x87, 0x87, 1, 0x87, 0x87])
        client.publish(Self.longest, "x")
        try client.expectPublish(Self.longest, "x")
        try Self.expectPromised(broker, [])
    }

    @Test(
        "Functions keep their promises at and beyond every limit, in a callback",
        arguments: Broker.reactorCounts
    )
    func functions(workers: Int) throws {
        let broker = try Self.broker(workers)
        let watcher = try RawClient.connected(to: broker, "watcher", .v5)
        let client = try RawClient.connected(to: broker, "c", .v5)
        // A thousand registrations, each with its log line, may take a while.
        client.patienceSeconds = 60
        let topics = ["do/lengths", "do/sizes", "do/names", "do/register"]
        for (index, topic) in topics.enumerated() {
            client.send(Wire.publish(.v5, topic, "x", qos: 1, id: 1 + index))
            try client.expect(Wire.puback(1 + index, 0x10))
        }
        // Published to it alone, and by way of the subscription the plugin has made.
        let packet = try watcher.readPacket()
        #expect(packet.count > 65_535)
        try broker.stop()
        #expect(broker.records == topics + ["many checks"])
    }

    @Test("A handle of a client that has gone can be used for a while")
    func handles() throws {
        let broker = try Self.broker(2)
        let client = try RawClient.connected(to: broker, "c", .v5)
        let leaver = try RawClient.connected(to: broker, "leaver", .v5)
        try client.publish1("do/keep", reason: 0x10)
        try leaver.disconnect()
        try broker.waitForLog(containing: "Client leaver")
        try client.publish1("do/look", reason: 0x10)
        try Self.expectPromised(broker, ["do/keep", "do/look"])
    }

    @Test("Callbacks may end themselves and the client they are called for")
    func ends() throws {
        let broker = try Self.broker(2)
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("do/control", reason: 0x10)
        for id in [2, 3] {
            client.send(Wire.publish(.v5, "$CONTROL/hostile/v1", "{}", qos: 1, id: id))
            if id == 3 {
                try client.expectPublish(
                    "$CONTROL/hostile/v1/response",
                    #"{"error": "endpoint not available"}"#
                )
            }
            try client.expect(Wire.puback(id))
        }
        let kicked = try RawClient.connected(to: broker, "kicked", .v5)
        kicked.publish("do/kick")
        try kicked.expectClosed(after: Wire.disconnect(0x98))
        for id in [4, 5] {
            client.send(Wire.publish(.v5, "do/leave", "x", qos: 1, id: id))
            try client.expect(Wire.puback(id, 0x10))
        }
        try Self.expectPromised(broker, ["do/control", "control", "do/kick", "do/leave"])
    }
}
