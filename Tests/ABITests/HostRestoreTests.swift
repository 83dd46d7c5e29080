// SPDX-License-Identifier: Apache-2.0
// What a persistence plugin gives back after the broker was killed, or stopped.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(
    "Persistence plugins: restoring",
    .inBrokerOnly("plugins that ask for persistence are refused there")
)
struct HostRestoreTests {
    static let reactors = Broker.reactorCounts

    private func open(
        _ broker: Broker,
        _ id: String,
        _ version: Version = .v4,
        present: Bool = false,
        will: TestSupport.Will? = nil
    ) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            id,
            version,
            clean: false,
            username: "user",
            properties: version == .v5 ? Property.sessionExpiry(1000) : [],
            will: will,
            sessionPresent: present
        )
    }

    @Test(
        "Queues, both windows, subscriptions and retained messages outlive kill -9",
        arguments: Lane.allCases,
        reactors
    )
    func killed(lane: Lane, workers: Int) throws {
        let kept = try KeptBroker(lane, workers: workers)
        let busy = try open(kept.broker, "busy")
        try busy.subscribe("t/#", 2)
        let idle = try open(kept.broker, "idle", .v5)
        idle.send(
            Wire.subscribe(.v5, id: 2, [("q", 1)], properties: Property.subscriptionIdentifier(7))
        )
        try idle.expect(Wire.suback(.v5, id: 2, [1]))
        idle.send(Wire.subscribe(.v5, id: 3, [("$share/g/s", 1)]))
        try idle.expect(Wire.suback(.v5, id: 3, [1]))
        try idle.disconnect()
        let publisher = try RawClient.connected(to: kept.broker, "pub", .v5)
        for (id, topic) in ["t/1", "t/2", "t/3"].enumerated() {
            try publisher.publish2(topic, "m\(id)", id: id + 1)
        }
        try publisher.publish1("q", "waits", id: 8, properties: Property.user("k", "v"))
        try publisher.publish1("s", "shared", id: 9)
        publisher.send(Wire.publish(.v5, "r", "kept", qos: 1, id: 10, retain: true))
        try publisher.expect(Wire.puback(10, 0x10))
        // The first is released, the second sent, the third received once more after the start.
        try busy.expectPublish("t/1", "m0", qos: 2, id: 1)
        try busy.expectPublish("t/2", "m1", qos: 2, id: 2)
        try busy.expectPublish("t/3", "m2", qos: 2, id: 3)
        busy.send(Wire.pubrec(1))
        try busy.expect(Wire.pubrel(1))
        busy.send(Wire.publish(.v4, "q", "received", qos: 2, id: 77))
        try busy.expect(Wire.pubrec(77))
        try kept.killed()
        let restored = try kept.broker.waitForLog(containing: "REC results")
        #expect(restored.hasSuffix("wrong=0 unknown=0 missing=0"), "\(restored)")
        try expectAll(kept)
        try kept.restarted()
        try open(kept.broker, "busy", present: true).expectSilence()
        try open(kept.broker, "idle", .v5, present: true).expectSilence()
        #expect(try kept.broker.waitForLog(containing: "REC restored base").hasSuffix(" 1"))
    }

    /// All of that goes on where it was.
    private func expectAll(_ kept: KeptBroker) throws {
        let again = try open(kept.broker, "busy", present: true)
        try again.expect(Wire.pubrel(1))
        try again.expectPublish("t/2", "m1", qos: 2, id: 2, dup: true)
        try again.expectPublish("t/3", "m2", qos: 2, id: 3, dup: true)
        again.send(Wire.pubcomp(1))
        again.send(Wire.pubrel(77))
        try again.expect(Wire.pubcomp(77))
        let back = try open(kept.broker, "idle", .v5, present: true)
        try back.expectPublish(
            "q",
            "waits",
            qos: 1,
            id: 1,
            properties: Property.subscriptionIdentifier(7)
        )
        try back.expectPublish("s", "shared", qos: 1, id: 2)
        try back.expectPublish(
            "q",
            "received",
            qos: 1,
            id: 3,
            properties: Property.subscriptionIdentifier(7)
        )
        let other = try RawClient.connected(to: kept.broker, "other", .v5)
        try other.subscribe("r")
        try other.expectPublish("r", "kept", retain: true)
        // New messages have numbers of their own, and subscriptions are still there.
        try other.publish1("t/4", "new", id: 11)
        try again.expectPublish("t/4", "new", qos: 1, id: 4)
        again.send(Wire.puback(4) + Wire.pubrec(2) + Wire.pubrec(3))
        try again.expect(Wire.pubrel(2))
        try again.expect(Wire.pubrel(3))
        again.send(Wire.pubcomp(2) + Wire.pubcomp(3))
        back.send(Wire.puback(1) + Wire.puback(2) + Wire.puback(3))
        try again.disconnect()
        try back.disconnect()
    }

    @Test("Everything that was acknowledged is there", arguments: Lane.allCases, reactors)
    func acknowledged(lane: Lane, workers: Int) throws {
        let kept = try KeptBroker(
            lane,
            workers: workers,
            "max_queued_messages 0\nmax_inflight_messages 0"
        )
        let names = (0..<4).map { "s\($0)" }
        for name in names {
            let client = try open(kept.broker, name)
            try client.subscribe("load", 1)
            try client.disconnect()
        }
        let publishers = try (0..<3).map { try RawClient.connected(to: kept.broker, "p\($0)") }
        var answered = [0, 0, 0]
        for round in 0..<15 {
            for (index, publisher) in publishers.enumerated() {
                var bytes = Bytes()
                for step in 1...20 {
                    let id = round * 20 + step
                    bytes += Wire.publish(.v4, "load", "\(index) \(id)", qos: 1, id: id)
                }
                publisher.send(bytes)
            }
            // Some answers are read, some are on their way when the broker is killed.
            for (index, publisher) in publishers.enumerated() where round < 14 {
                for step in 1...20 { try publisher.expect(Wire.puback(round * 20 + step)) }
                answered[index] = (round + 1) * 20
            }
        }
        try kept.killed("max_queued_messages 0\nmax_inflight_messages 0")
        for name in names {
            let client = try open(kept.broker, name, present: true)
            var last = [0, 0, 0]
            while let packet = client.nextPacket(seconds: last == answered ? 0.2 : 5) {
                guard let (_, payload) = packet.acknowledgedParts() else { continue }
                let words = payload.split(separator: " ").compactMap { Int($0) }
                guard words.count == 2 else { continue }
                #expect(words[1] == last[words[0]] + 1, "\(name): a hole before \(payload)")
                last[words[0]] = words[1]
            }
            for index in 0..<3 { #expect(last[index] >= answered[index], "\(name)") }
        }
    }

    @Test(
        "Wills of those who were there are published after a crash, not after a stop",
        arguments: Lane.allCases,
        reactors
    )
    func wills(lane: Lane, workers: Int) throws {
        let kept = try KeptBroker(lane, workers: workers)
        let watcher = try open(kept.broker, "watcher")
        try watcher.subscribe("w/#", 1)
        let passing = try RawClient.connected(
            to: kept.broker,
            "passing",
            .v5,
            will: TestSupport.Will("w/passing", "1", qos: 1)
        )
        let durable = try open(
            kept.broker,
            "durable",
            .v5,
            will: TestSupport.Will("w/durable", "2", qos: 1)
        )
        let left = try open(kept.broker, "left", .v5, will: TestSupport.Will("w/left", "3", qos: 1))
        try left.disconnect()
        // The plugin knows of the wills when it knows of this.
        try durable.subscribe("x")
        try watcher.publish1("y", "z", id: 9)
        try kept.broker.waitForLog(containing: "REC will-add event=29 id=passing")
        try kept.killed()
        passing.abort()
        var client = try open(kept.broker, "watcher", present: true)
        var topics: Set<String> = []
        for id in 1...2 {
            let (topic, _) = try #require(try client.readPacket().acknowledgedParts())
            topics.insert(topic)
            client.send(Wire.puback(id))
        }
        #expect(topics == ["w/passing", "w/durable"])
        try client.expectSilence()
        try client.disconnect()
        let again = try open(
            kept.broker,
            "durable",
            .v5,
            present: true,
            will: TestSupport.Will("w/durable", "4", qos: 1)
        )
        try kept.restarted()
        again.abort()
        client = try open(kept.broker, "watcher", present: true)
        try client.take1("w/durable", "4", id: 3)
        try client.expectSilence()
    }

    @Test("A session's time goes on, and starts anew for who was connected", arguments: reactors)
    func expiry(workers: Int) throws {
        let kept = try KeptBroker(.serial, workers: workers)
        func open(_ name: String, _ seconds: UInt32) throws -> RawClient {
            try RawClient.connected(
                to: kept.broker,
                name,
                .v5,
                clean: false,
                properties: Property.sessionExpiry(seconds)
            )
        }
        try open("gone", 1).disconnect()
        try open("later", 500).disconnect()
        let back = try RawClient.connected(
            to: kept.broker,
            "back",
            .v5,
            clean: false,
            properties: Property.sessionExpiry(2)
        )
        try back.disconnect()
        let there = try RawClient.connected(
            to: kept.broker,
            "back",
            .v5,
            clean: false,
            properties: Property.sessionExpiry(2),
            sessionPresent: true
        )
        try there.subscribe("x", 1)
        try kept.broker.waitForLog(containing: "REC client-delete id=gone")
        try there.expectSilence()
        // Its time would be over as well if it had not come back.
        try open("mark", 3).disconnect()
        try kept.broker.waitForLog(containing: "REC client-delete id=mark")
        try kept.killed()
        let records = kept.records()
        #expect(records.contains("restored client 2"), "\(records)")
        _ = try RawClient.connected(
            to: kept.broker,
            "back",
            .v5,
            clean: false,
            properties: Property.sessionExpiry(2),
            sessionPresent: true
        )
    }

    @Test("With `persistence true` a plugin is refused, in the original's words")
    func exclusive() throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/mosquitto.conf"
        let user = geteuid() == 0 ? "user root\n" : ""
        try
            "\(user)persistence true\npersistence_location \(folder)\nplugin \(try HostPlugin.keeper.get().path)\nlistener \(try Broker.freePort())\n"
            .write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == 3)
        let line = "Error: `persistence true` cannot be used with a persistence plugin."
        #expect(outcome.errors.contains(line), "\(outcome.errors)")
    }

    @Test("Numbers of messages have the bits of their node")
    func node() throws {
        let kept = try KeptBroker(.serial, workers: 1, "")
        #expect(kept.records().contains("restore"))
        let refused = try Broker(
            "plugin \(try HostPlugin.keeper.get().path)\nplugin_opt_node 1024\n" + Broker.plain,
            workers: 1
        )
        try refused.waitForLog(containing: "REC node 3")
    }
}

extension Bytes {
    /// Topic and payload of a short version 3.1.1 PUBLISH at QoS 1.
    fileprivate func acknowledgedParts() -> (String, String)? {
        guard count > 6, self[0] & 0xF6 == 0x32, self[1] & 0x80 == 0 else { return nil }
        let end = 4 + (Int(self[2]) << 8 | Int(self[3]))
        guard end + 2 <= count else { return nil }
        return (
            String(decoding: self[4..<end], as: UTF8.self),
            String(decoding: self[(end + 2)...], as: UTF8.self)
        )
    }
}
