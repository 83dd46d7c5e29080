// SPDX-License-Identifier: Apache-2.0
// The wall clock is set back and forth: nothing is lost, and nothing stands still.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Clock steps")
struct ClockSteps {
    private static let quarter: Int64 = 900
    private static let hour: Int64 = 3600
    private static let day: Int64 = 86_400
    /// Ten years.
    private static let decade: Int64 = 3652 * 86_400

    private func start(
        _ folder: PersistenceFolder,
        _ clock: ClockShift,
        workers: Int,
        _ options: String = ""
    ) throws -> Broker {
        try Broker(
            "persistence true\npersistence_location \(folder.path)/\n" + options + Broker.plain,
            workers: workers,
            environment: clock.environment
        )
    }

    private func end(_ broker: Broker, isKilled: Bool) throws {
        guard isKilled else { return try broker.stop() }
        broker.process.signal(SIGKILL)
        _ = broker.process.wait(seconds: 10)
    }

    /// A session that never ends and one that does after an hour, for both a message that ends after
    /// half an hour and one that never does, and the same retained.
    private func prepare(_ broker: Broker) throws {
        for (name, expiry) in [("kept", UInt32.max), ("hour", 3600)] {
            let client = try Sessions.open(broker, name, .v5, expiry: expiry)
            try client.subscribe("t", 1)
            try client.disconnect()
        }
        let publisher = try RawClient.connected(to: broker, "publisher", .v5)
        let expiry = Property.messageExpiry(1800)
        try publisher.publish1("t", "half an hour", properties: expiry)
        try publisher.publish1("t", "ever", id: 2)
        try publisher.publish1(
            "r/1",
            "half an hour",
            id: 3,
            retain: true,
            reason: 0x10,
            properties: expiry
        )
        try publisher.publish1("r/2", "ever", id: 4, retain: true, reason: 0x10)
        try publisher.disconnect()
    }

    /// The payloads of what comes to a client that has come in, until nothing more does.
    private func payloads(_ client: RawClient) throws -> [String] {
        var found: [String] = []
        client.send(Wire.pingreq)
        while let packet = client.nextPacket(seconds: 5), packet != Wire.pingresp {
            let end = String(decoding: packet, as: UTF8.self)
            found.append(end.hasSuffix("ever") ? "ever" : "half an hour")
        }
        return found
    }

    /// What waits for a client, and is not acknowledged.
    private func waiting(_ broker: Broker, _ name: String, present: Bool = true) throws -> [String]
    {
        let expiry: UInt32 = name == "kept" ? .max : 3600
        let client = try Sessions.open(broker, name, .v5, expiry: expiry, present: present)
        let found = try payloads(client)
        try client.disconnect()
        return found
    }

    private func retained(_ broker: Broker) throws -> [String] {
        let client = try RawClient.connected(to: broker, unique("looker"), .v5)
        client.send(Wire.subscribe(.v5, [("r/#", 0)]))
        try client.expect(Wire.suback(.v5, [0]))
        return try payloads(client).sorted()
    }

    @Test(
        "A restart with the clock set back loses nothing, nor does the next one",
        arguments: [quarter, day, decade],
        [true, false]
    )
    func back(step: Int64, isKilled: Bool) throws {
        let folder = try PersistenceFolder()
        let clock = try ClockShift()
        var broker = try start(folder, clock, workers: 2)
        try prepare(broker)
        try clock.set(-step)
        for _ in 0..<2 {
            try end(broker, isKilled: isKilled)
            broker = try start(folder, clock, workers: 2)
            for name in ["kept", "hour"] {
                #expect(try waiting(broker, name) == ["half an hour", "ever"], "\(name)")
            }
            #expect(try retained(broker) == ["ever", "half an hour"])
        }
        // When the clock is right again, what was recorded before ends when it should.
        try end(broker, isKilled: isKilled)
        try clock.set(0)
        broker = try start(folder, clock, workers: 2)
        #expect(try waiting(broker, "kept") == ["half an hour", "ever"])
        #expect(try retained(broker) == ["ever", "half an hour"])
        // That a client has left was recorded by the wrong clock: so much time has passed since.
        let isOver = step > Self.hour
        let left = try waiting(broker, "hour", present: !isOver)
        #expect(left == (isOver ? [] : ["half an hour", "ever"]))
        try broker.stop()
    }

    @Test(
        "What was recorded with the clock set back counts as older when it is right again",
        arguments: [quarter, day, decade],
        [true, false]
    )
    func recordedBehind(step: Int64, isKilled: Bool) throws {
        let folder = try PersistenceFolder()
        let clock = try ClockShift()
        try clock.set(-step)
        var broker = try start(folder, clock, workers: 1)
        try prepare(broker)
        try end(broker, isKilled: isKilled)
        try clock.set(0)
        broker = try start(folder, clock, workers: 1)
        let isOver = step > Self.hour
        let expected = isOver ? ["ever"] : ["half an hour", "ever"]
        #expect(try waiting(broker, "kept") == expected)
        #expect(try retained(broker) == expected.sorted())
        let left = try waiting(broker, "hour", present: !isOver)
        #expect(left == (isOver ? [] : expected))
        try broker.stop()
    }

    @Test(
        "A restart with the clock far ahead ends what is due, and nothing else",
        arguments: [day, decade]
    )
    func ahead(step: Int64) throws {
        let folder = try PersistenceFolder()
        let clock = try ClockShift()
        var broker = try start(folder, clock, workers: 2)
        try prepare(broker)
        try broker.stop()
        try clock.set(step)
        broker = try start(folder, clock, workers: 2)
        #expect(try waiting(broker, "kept") == ["ever"])
        #expect(try waiting(broker, "hour", present: false) == [])
        #expect(try retained(broker) == ["ever"])
        try broker.stop()
    }

    @Test(
        "While the broker runs, a step holds up neither saving nor what ends after a while",
        arguments: [-decade, -hour, day, decade],
        [1, 2]
    )
    func running(step: Int64, workers: Int) throws {
        let folder = try PersistenceFolder()
        let clock = try ClockShift()
        let options = "autosave_interval 1\nsys_interval 1\n"
        let broker = try start(folder, clock, workers: workers, options)
        try prepare(broker)
        let brief = try Sessions.open(broker, "brief", .v5, expiry: 1)
        try brief.disconnect()
        let publisher = try RawClient.connected(to: broker, "publisher", .v5)
        let expiry = Property.messageExpiry(1)
        try publisher.publish1("t", "half an hour", id: 5, properties: expiry)
        let mark = broker.logMark
        try clock.set(step)
        // Ended by the clock that never goes back, whatever the other one says.
        try broker.waitForLog(containing: "Expiring client brief due to timeout.", from: mark)
        for _ in 0..<2 {
            try broker.waitForLog(
                containing: "Saving in-memory database",
                from: broker.logMark,
                seconds: 10
            )
        }
        try publisher.subscribe("$SYS/broker/uptime", 0, id: 6)
        // The one that is retained, and the next round.
        for _ in 0..<2 { #expect(publisher.nextPacket(seconds: 10) != nil) }
        try publisher.disconnect()
        // What was published before and was to live for a second is void; all else waits.
        #expect(try waiting(broker, "kept") == ["half an hour", "ever"])
        #expect(try waiting(broker, "hour") == ["half an hour", "ever"])
        // What is recorded from now on has its end by the new clock.
        try prepareLate(broker)
        try end(broker, isKilled: true)
        let again = try start(folder, clock, workers: workers)
        #expect(try waiting(again, "late") == ["half an hour", "ever"])
        try again.stop()
    }

    @Test("Nor does a step hold up checkpoints", arguments: [-decade, decade])
    func checkpoints(step: Int64) throws {
        let folder = try PersistenceFolder()
        let clock = try ClockShift()
        var broker = try start(folder, clock, workers: 1)
        try prepare(broker)
        try clock.set(step)
        let log = folder.database + ".log"
        func segments() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: log).filter { $0 != "LOCK" }
        }
        let first = try #require(try segments().min())
        let publisher = try RawClient.connected(to: broker, "publisher", .v5)
        let large = String(repeating: "x", count: 300_000)
        // The first checkpoint comes at 64 MiB.
        var count = 0
        while try segments().contains(first), count < 1000 {
            try publisher.publish1("large", large, retain: true, reason: 0x10)
            count += 1
        }
        #expect(count > 200 && count < 1000, "a checkpoint is whole after \(count) messages")
        try end(broker, isKilled: true)
        broker = try start(folder, clock, workers: 1)
        #expect(try waiting(broker, "kept").contains("ever"))
        try broker.stop()
    }

    private func prepareLate(_ broker: Broker) throws {
        let client = try Sessions.open(broker, "late", .v5, expiry: 3600)
        try client.subscribe("late", 1)
        try client.disconnect()
        let publisher = try RawClient.connected(to: broker, "publisher", .v5)
        let expiry = Property.messageExpiry(1800)
        try publisher.publish1("late", "half an hour", properties: expiry)
        try publisher.publish1("late", "ever", id: 2)
        try publisher.disconnect()
    }
}
