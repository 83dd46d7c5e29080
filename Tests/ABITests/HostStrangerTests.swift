// SPDX-License-Identifier: Apache-2.0
// A persistence plugin as others write them: loaded unchanged, told everything, and believed what it gives back.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(
    "Persistence plugins of others",
    .inBrokerOnly("plugins that ask for persistence are refused there")
)
struct HostStrangerTests {
    private func start(_ folder: String, _ workers: Int) throws -> Broker {
        let config =
            "plugin \(try HostPlugin.stranger.get().path)\nplugin_opt_file \(folder)/table\n"
        return try Broker(config + Broker.plain, workers: workers)
    }

    private func open(
        _ broker: Broker,
        _ id: String,
        present: Bool = false,
        will: TestSupport.Will? = nil
    ) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: false,
            username: "user",
            properties: Property.sessionExpiry(1000),
            will: will,
            sessionPresent: present
        )
    }

    @Test(
        "It registers for all there is, and gives back by message, with corrections",
        arguments: Broker.reactorCounts
    )
    func life(workers: Int) throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var broker = try start(folder, workers)
        let durable = try open(broker, "d")
        try durable.subscribe("q/#", 1)
        durable.send(Wire.subscribe(.v5, id: 2, [("$share/g/s", 1)]))
        try durable.expect(Wire.suback(.v5, id: 2, [1]))
        try durable.disconnect()
        let sender = try open(broker, "i", will: TestSupport.Will("w", "gone", qos: 1))
        let publisher = try RawClient.connected(to: broker, "pub", .v5)
        try publisher.publish1("q/1", "one", id: 7, properties: Property.contentType("text"))
        try publisher.publish1("s", "shared", id: 8)
        publisher.send(Wire.publish(.v5, "r", "kept", qos: 1, id: 9, retain: true))
        try publisher.expect(Wire.puback(9, 0x10))
        sender.send(Wire.publish(.v5, "q/2", "two", qos: 2, id: 77))
        try sender.expect(Wire.pubrec(77))
        let wrote = broker.records.count { $0 == "stranger wrote" }
        try publisher.publish1("q/3", "three", id: 10)
        while broker.records.count(where: { $0 == "stranger wrote" }) == wrote { usleep(2000) }
        broker.process.signal(SIGKILL)
        _ = broker.process.wait(seconds: 10)
        broker = try start(folder, workers)
        let line = try broker.waitForLog(containing: "REC stranger restored")
        #expect(line.hasSuffix("wrong=0"), "\(line)")
        try takeAll(broker)
        try broker.stop()
        let over = try broker.waitForLog(containing: "REC stranger over")
        #expect(over.hasSuffix("failures=0 told=1"), "\(over)")
        broker = try start(folder, workers)
        _ = try broker.waitForLog(containing: "REC stranger restored")
        try open(broker, "d", present: true).expectSilence()
        let other = try RawClient.connected(to: broker, "other", .v5)
        try other.subscribe("#")
        try other.expectPublish("r", "kept", retain: true)
        try other.expectSilence()
    }

    private func takeAll(_ broker: Broker) throws {
        let sender = try open(broker, "i", present: true)
        sender.send(Wire.pubrel(77))
        try sender.expect(Wire.pubcomp(77))
        let durable = try open(broker, "d", present: true)
        let type = Property.contentType("text")
        try durable.expectPublish("q/1", "one", qos: 1, id: 1, properties: type)
        try durable.expectPublish("s", "shared", qos: 1, id: 2)
        try durable.expectPublish("q/3", "three", qos: 1, id: 3)
        try durable.expectPublish("q/2", "two", qos: 1, id: 4)
        for id in 1...4 { durable.send(Wire.puback(id)) }
        try durable.disconnect()
        try sender.disconnect()
    }

    @Test("Beside one that keeps a database: both are told")
    func beside() throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let keeper = try HostPlugin.keeper.get().path
        let stranger = try HostPlugin.stranger.get().path
        let config = """
            plugin \(keeper)
            plugin_opt_file \(folder)/journal
            plugin \(stranger)
            plugin_opt_file \(folder)/table

            """
        let broker = try Broker(config + Broker.plain, workers: 2)
        let durable = try open(broker, "d")
        try durable.subscribe("q", 1)
        try durable.disconnect()
        let publisher = try RawClient.connected(to: broker, "pub", .v5)
        try publisher.publish1("q", "one", id: 7)
        try broker.stop()
        #expect(broker.records.contains { $0.hasPrefix("msg-add id=d") })
        #expect(broker.records.contains("stranger over failures=0 told=1"))
    }
}
