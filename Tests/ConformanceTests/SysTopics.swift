// SPDX-License-Identifier: Apache-2.0
// $SYS: which topics exist on a fresh broker, their first values, and how they change.

import Foundation
import TestSupport
import Testing

@Suite("$SYS topics")
struct SysTopics {
    /// Topics below `$SYS/broker/` with their first value; nil where only the form is known.
    static let metrics: [String: String?] = [
        "clients/total": "0", "clients/disconnected": "0", "clients/inactive": "0",
        "clients/connected": "0", "clients/active": "0", "clients/expired": "0",
        "messages/stored": "2", "store/messages/count": "2", "store/messages/bytes": nil,
        "subscriptions/count": "0", "shared_subscriptions/count": "0",
        "retained messages/count": "2",
        "messages/received": "0", "messages/sent": "0", "bytes/received": "0", "bytes/sent": "0",
        "publish/bytes/received": "0", "publish/bytes/sent": "0", "packet/out/count": "0",
        "packet/out/bytes": "0", "connections/socket/count": "0", "publish/messages/dropped": "0",
        "publish/messages/received": "0", "publish/messages/sent": "0", "version": nil,
        "uptime": nil,
    ]

    static let loads = [
        "messages/received", "messages/sent", "publish/dropped", "publish/received", "publish/sent",
        "bytes/received", "bytes/sent", "sockets", "connections",
    ]

    /// Subscribes to `$SYS/#` and returns all retained messages below `$SYS/broker/`.
    static func retained(_ client: RawClient) throws -> [String: String] {
        client.send(Wire.subscribe(.v4, [("$SYS/#", 0)]))
        try client.expect(Wire.suback(.v4, [0]))
        client.send(Wire.pingreq)
        var values: [String: String] = [:]
        while true {
            let packet = try client.readPacket()
            if packet == Wire.pingresp { return values }
            #expect(packet[0] == 0x31)
            let (topic, payload) = try #require(packet.publishParts())
            #expect(topic.hasPrefix("$SYS/broker/"))
            values[String(topic.dropFirst("$SYS/broker/".count))] = payload
        }
    }

    @Test("A fresh broker has published one round", arguments: reactors)
    func firstRound(workers: Int) throws {
        let broker = try Broker("sys_interval 65535\n" + Broker.plain, workers: workers)
        var values = try Self.retained(RawClient.connected(to: broker, "c"))
        for (topic, expected) in Self.metrics {
            let value = values.removeValue(forKey: topic)
            #expect(value != nil, "\(topic) is missing")
            if let expected { #expect(value == expected, "\(topic)") }
            if topic == "version" { #expect(value?.hasPrefix("mosquitto version 2.1") == true) }
            if topic == "uptime" { #expect(value == "0 seconds" || value == "1 seconds") }
        }
        for load in Self.loads {
            for span in ["1min", "5min", "15min"] {
                #expect(values.removeValue(forKey: "load/\(load)/\(span)") == "0.00", "\(load)")
            }
        }
        for topic in ["heap/current", "heap/maximum"] {
            let bytes = try #require(values.removeValue(forKey: topic).flatMap { Int($0) })
            #expect(bytes > 10_000 && bytes < 1 << 30)
        }
        // Numbers by packet type may be there besides, as the manual of the original has them.
        #expect(values.keys.filter { !$0.hasPrefix("mqtt/") } == [])
    }

    @Test("sys_interval 0 publishes nothing", arguments: reactors)
    func off(workers: Int) throws {
        let broker = try Broker("sys_interval 0\n" + Broker.plain, workers: workers)
        #expect(try Self.retained(RawClient.connected(to: broker, "c")).isEmpty)
    }

    /// Reads live messages until all wanted values have been seen.
    static func wait(_ client: RawClient, for wanted: [String: String]) throws {
        var missing = wanted
        let deadline = ContinuousClock.now + .seconds(8)
        while !missing.isEmpty {
            guard ContinuousClock.now < deadline else { throw Mismatch("not seen: \(missing)") }
            guard let packet = client.nextPacket(seconds: 2) else { continue }
            guard packet[0] & 0xF0 == 0x30 else { continue }
            let (topic, payload) = try #require(packet.publishParts())
            let name = String(topic.dropFirst("$SYS/broker/".count))
            if missing[name] == payload { missing[name] = nil }
        }
    }

    @Test("Counters and gauges follow what happens", arguments: reactors)
    func changes(workers: Int) throws {
        let broker = try Broker("sys_interval 1\n" + Broker.plain, workers: workers)
        let watcher = try RawClient.connected(to: broker, "watcher")
        watcher.send(Wire.subscribe(.v4, [("$SYS/broker/#", 0)]))
        let kept = try RawClient.connected(
            to: broker,
            "kept",
            .v5,
            properties: Property.sessionExpiry(1000)
        )
        try kept.subscribe("a/b", 1)
        try kept.subscribe("$share/g/a/c", 1, id: 2)
        try kept.disconnect()
        let publisher = try RawClient.connected(to: broker, "publisher")
        for id in 1...7 { try publisher.publish1("a/b", "12345", id: id) }
        try Self.wait(
            watcher,
            for: [
                "clients/total": "3", "clients/connected": "2", "clients/active": "2",
                "clients/disconnected": "1", "clients/inactive": "1", "clients/maximum": "3",
                "subscriptions/count": "2", "shared_subscriptions/count": "1",
                "publish/messages/received": "7", "publish/bytes/received": "35",
                "connections/socket/count": "3",
            ]
        )
        publisher.publish("r/1", "x", retain: true)
        let again = try RawClient.connected(to: broker, "kept", .v5, clean: true)
        try again.disconnect()
        try Self.wait(
            watcher,
            for: [
                "clients/total": "2", "clients/disconnected": "0", "subscriptions/count": "1",
                "shared_subscriptions/count": "0", "publish/messages/received": "8",
            ]
        )
    }

    @Test("Rounds come live with retain 0, uptime in each", arguments: reactors)
    func live(workers: Int) throws {
        let broker = try Broker("sys_interval 1\n" + Broker.plain, workers: workers)
        let watcher = try RawClient.connected(to: broker, "watcher")
        watcher.send(Wire.subscribe(.v4, [("$SYS/broker/uptime", 2)]))
        try watcher.expect(Wire.suback(.v4, [2]))
        var seen: [Int] = []
        while seen.count < 3 {
            let packet = try watcher.readPacket()
            // A round can come before the answer to the one before it.
            if packet[0] == 0x62 {
                watcher.send([0x70, 0x02, packet[2], packet[3]])
                continue
            }
            // The first may be the retained one, the others are live.
            #expect(packet[0] == 0x34 || (seen.isEmpty && packet[0] == 0x35))
            let topicEnd = 4 + "$SYS/broker/uptime".utf8.count
            let text = String(decoding: packet.dropFirst(topicEnd + 2), as: UTF8.self)
            let parts = text.split(separator: " ")
            #expect(parts.count == 2 && parts[1] == "seconds")
            seen.append(try #require(Int(parts[0])))
            watcher.send([0x50, 0x02, packet[topicEnd], packet[topicEnd + 1]])
        }
        #expect(seen == seen.sorted() && seen[2] - seen[0] <= 4)
    }

    @Test("Messages dropped for a full queue are counted", arguments: reactors)
    func dropped(workers: Int) throws {
        let broker = try Broker(
            "sys_interval 1\nmax_queued_messages 2\n" + Broker.plain,
            workers: workers
        )
        let kept = try RawClient.connected(to: broker, "kept", clean: false)
        try kept.subscribe("a", 1)
        try kept.disconnect()
        let watcher = try RawClient.connected(to: broker, "watcher")
        watcher.send(Wire.subscribe(.v4, [("$SYS/broker/publish/messages/dropped", 0)]))
        let publisher = try RawClient.connected(to: broker, "publisher")
        for id in 1...7 { try publisher.publish1("a", "x", id: id) }
        try Self.wait(watcher, for: ["publish/messages/dropped": "5"])
    }
}
