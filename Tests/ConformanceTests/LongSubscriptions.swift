// SPDX-License-Identifier: Apache-2.0
// Packets with very many filters, sessions with very many subscriptions, and the most there may be.

import TestSupport
import Testing

@Suite("Long subscriptions")
struct LongSubscriptions {
    /// Filters that a packet of the default size has room for.
    private static let filters = (0..<100_000).map { String($0, radix: 36) }

    /// A broker of these tests' own: their filters would match the topics of others.
    private static func broker(_ workers: Int, _ config: String = "") throws -> Broker {
        try Broker.shared(config + "max_subscriptions 200000\n" + Broker.plain, workers: workers)
    }

    /// Pings from one client until another one gets its answer; returns how often.
    private static func pings(
        _ other: RawClient,
        until client: RawClient,
        _ answer: Bytes
    ) throws -> Int {
        var count = 0
        while true {
            other.send(Wire.pingreq)
            try other.expect(Wire.pingresp)
            count += 1
            if let packet = client.nextPacket(seconds: 0) {
                #expect(packet == answer)
                return count
            }
        }
    }

    @Test(
        "Others are answered while 100,000 filters are entered, again and removed",
        arguments: reactors
    )
    func slices(workers: Int) throws {
        let broker = try Self.broker(workers)
        let client = try RawClient.connected(to: broker)
        let other = try RawClient.connected(to: broker)
        let wanted = Self.filters.map { ($0, UInt8(0)) }
        let codes = Bytes(repeating: 0, count: wanted.count)
        for id in 1...2 {
            client.send(Wire.subscribe(.v4, id: id, wanted))
            let count = try Self.pings(other, until: client, Wire.suback(.v4, id: id, codes))
            #expect(count > 3)
        }
        other.publish(Self.filters[99_999], "x")
        try client.expectPublish(Self.filters[99_999], "x")
        client.send(Wire.unsubscribe(.v4, id: 3, Self.filters.reversed()))
        let count = try Self.pings(other, until: client, Wire.unsuback(.v4, id: 3, codes))
        #expect(count > 3)
        other.publish(Self.filters[99_999], "y")
        try client.expectNothing(from: other)
    }

    @Test(
        "Packets behind a long SUBSCRIBE wait for it, and what is retained follows",
        arguments: reactors
    )
    func order(workers: Int) throws {
        let broker = try Self.broker(workers)
        let stem = unique("t")
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish1("\(stem)/9999", "kept", id: 1, retain: true)
        let client = try RawClient.connected(to: broker)
        let wanted = (0..<10_000).map { ("\(stem)/\($0)", UInt8(0)) }
        client.send(
            Wire.subscribe(.v4, id: 1, wanted) + Wire.pingreq
                + Wire.unsubscribe(.v4, id: 2, ["\(stem)/9999"])
        )
        try client.expect(Wire.suback(.v4, id: 1, Bytes(repeating: 0, count: wanted.count)))
        try client.expectPublish("\(stem)/9999", "kept", retain: true)
        try client.expect(Wire.pingresp)
        try client.expect(Wire.unsuback(.v4, id: 2, [0]))
        publisher.publish("\(stem)/9999", "late")
        publisher.publish("\(stem)/9998", "last")
        try client.expectPublish("\(stem)/9998", "last")
        try publisher.publish1("\(stem)/9999", "", id: 2, retain: true)
    }

    @Test("An error behind many filters leaves them subscribed", arguments: reactors)
    func failure(workers: Int) throws {
        let broker = try Self.broker(workers)
        let (id, stem) = (unique("c"), unique("t"))
        let client = try RawClient.connected(to: broker, id, .v4, clean: false)
        let wanted = (0..<1000).map { ("\(stem)/\($0)", UInt8(1)) } + [("a#", 0)]
        client.send(Wire.subscribe(.v4, id: 1, wanted))
        try client.expectClosed()
        let again = try RawClient.connected(to: broker, id, .v4, clean: false, sessionPresent: true)
        let publisher = try RawClient.connected(to: broker)
        publisher.publish("\(stem)/999", "x")
        try again.expectPublish("\(stem)/999", "x")
    }

    @Test(
        "A client that leaves or is taken over amid its SUBSCRIBE, with and without its session",
        arguments: reactors
    )
    func ends(workers: Int) throws {
        let broker = try Self.broker(workers)
        let (id, stem) = (unique("c"), unique("t"))
        let other = try RawClient.connected(to: broker)
        let packet = Wire.subscribe(.v4, id: 1, (0..<30_000).map { ("\(stem)/\($0)", UInt8(0)) })
        for round in 0..<2 {
            let first = try RawClient.connected(to: broker, id, .v4, clean: round == 0)
            first.send(packet)
            first.abort()
            let second = try RawClient.connected(to: broker, id, .v4, clean: true)
            second.send(packet)
            let third = try RawClient.connected(to: broker, id, .v4, clean: true)
            // An acknowledgement may have come before.
            while second.nextPacket(seconds: 60) != nil {}
            #expect(second.isClosed)
            // Nothing of the earlier sessions reaches the new one.
            for number in [0, 1, 29_999] { other.publish("\(stem)/\(number)", "x") }
            try third.expectNothing(from: other)
        }
    }

    @Test("Others are answered while a session of 100,000 subscriptions ends", arguments: reactors)
    func end(workers: Int) throws {
        let broker = try Self.broker(workers, "sys_interval 1\n")
        let client = try RawClient.connected(to: broker)
        let wanted = Self.filters.map { ($0, UInt8(0)) }
        client.send(Wire.subscribe(.v4, id: 1, wanted))
        let answer = try client.readPacket(seconds: 60)
        #expect(answer == Wire.suback(.v4, id: 1, Bytes(repeating: 0, count: wanted.count)))
        let observer = try RawClient.connected(to: broker)
        try observer.subscribe("$SYS/broker/subscriptions/count")
        try client.disconnect()
        observer.publish(Self.filters[5], "x")
        // The last one to be left is the observer's own, sooner or later.
        let topic = "$SYS/broker/subscriptions/count"
        var left = "?"
        while left != "1" {
            let packet = try observer.readPacket(seconds: 60)
            left = String(decoding: packet.dropFirst(4 + topic.utf8.count), as: UTF8.self)
        }
    }

    @Test(
        "max_subscriptions refuses one more and allows to change those there are",
        arguments: reactors
    )
    func limit(workers: Int) throws {
        let broker = try Broker.shared("max_subscriptions 3\n" + Broker.plain, workers: workers)
        let stem = unique("t")
        for (version, refusal) in [(Version.v3, UInt8(1)), (.v4, 0x80), (.v5, 0x97)] {
            let client = try RawClient.connected(to: broker, unique("c"), version)
            func subscribe(_ id: Int, _ filters: [(String, UInt8)], _ codes: Bytes) throws {
                client.send(Wire.subscribe(version, id: id, filters))
                try client.expect(Wire.suback(version, id: id, codes))
            }
            let three = [("\(stem)/1", UInt8(1)), ("\(stem)/2", 1), ("\(stem)/3", 1)]
            try subscribe(1, three + [("\(stem)/4", 1)], [1, 1, 1, refusal])
            try subscribe(2, [("\(stem)/5", 1), ("\(stem)/2", 0)], [refusal, 0])
            client.send(Wire.unsubscribe(version, id: 3, ["\(stem)/1"]))
            try client.expect(Wire.unsuback(version, id: 3, [0]))
            try subscribe(4, [("\(stem)/4", 1), ("\(stem)/1", 1)], [1, refusal])
            let publisher = try RawClient.connected(to: broker)
            for number in [1, 5, 4] { publisher.publish("\(stem)/\(number)", "\(number)") }
            try client.expectPublish("\(stem)/4", "4")
            try client.disconnect()
        }
    }

    @Test("max_subscriptions 0 is no limit")
    func noLimit() throws {
        let broker = try Broker.shared("max_subscriptions 0\n" + Broker.plain, workers: 1)
        let client = try RawClient.connected(to: broker)
        for id in 1...5 { try client.subscribe("\(id)", 1, id: id) }
    }
}
