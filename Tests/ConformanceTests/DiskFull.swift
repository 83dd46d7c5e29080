// SPDX-License-Identifier: Apache-2.0
// A broker whose disk is full refuses what it cannot keep, and goes on when there is room again.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Disk full", .enabled(if: SmallDisk.isAllowed, "needs the right to mount"))
struct DiskFull {
    private func start(_ disk: SmallDisk, workers: Int, syncing: String) throws -> Broker {
        try Broker(
            """
            persistence true
            persistence_location \(disk.path)/
            persistence_fsync \(syncing)
            max_queued_messages 0

            """ + Broker.plain,
            workers: workers
        )
    }

    /// The numbers that wait for the subscriber, in order.
    private func drain(_ broker: Broker) throws -> [Int] {
        let client = try Sessions.open(broker, "kept", .v5, present: true)
        var numbers: [Int] = []
        var quiet = 0
        while quiet < 3 {
            client.send(Wire.pingreq)
            quiet += 1
            while let packet = client.nextPacket(seconds: 5), packet != Wire.pingresp {
                quiet = 0
                let message = try KillMessage(packet, .v5)
                numbers.append(message.number)
                client.send(Wire.puback(message.id))
            }
        }
        return numbers
    }

    /// A session that is away, subscribed to what is published.
    private func prepare(_ broker: Broker, _ version: Version = .v5) throws -> DiskPublisher {
        let subscriber = try Sessions.open(broker, "kept", .v5)
        try subscriber.subscribe("t", 1)
        try subscriber.disconnect()
        return try DiskPublisher(broker, version)
    }

    /// What needs no record goes on, and what needs one is refused to whoever asks.
    private func checkUnrecorded(_ broker: Broker) throws {
        let client = try RawClient.connected(to: broker, unique("unrecorded"), .v5)
        let watcher = try RawClient.connected(to: broker, unique("unrecorded"), .v5)
        try watcher.subscribe("other", 2)
        try client.publish2("other", "qos 2")
        try watcher.take2("other", "qos 2", id: 1)
        client.publish("t", "strange 0")
        try client.publish1("nobody", reason: 0x10)
        try client.expectSilence()
        let late = try RawClient(broker)
        late.send(
            Wire.connect("late", .v5, clean: false, properties: Property.sessionExpiry(1000))
        )
        let connack = try late.readPacket()
        #expect(connack.count > 3 && connack[3] == 0x88, "\(hexText(connack))")
    }

    private func kill(_ broker: Broker) throws {
        broker.process.signal(SIGKILL)
        let outcome = broker.process.wait(seconds: 10)
        guard outcome?.status == 128 + SIGKILL else { throw Mismatch("it has ended before") }
    }

    @Test(
        "Refused with 0x97 while the disk is full; nothing acknowledged is lost",
        arguments: ["always", "everysec", "no"],
        reactors
    )
    func refused(syncing: String, workers: Int) throws {
        let disk = try SmallDisk(megabytes: 12)
        var broker = try start(disk, workers: workers, syncing: syncing)
        let publisher = try prepare(broker)
        for number in 0..<10 { #expect(try publisher.publish(number) == .taken) }
        try disk.fill(leaving: 300_000)
        let mark = broker.logMark
        let first = try publisher.publishUntilRefused(from: 10)
        #expect(first < 400, "what the disk has no room for is acknowledged")
        try broker.waitForLog(containing: "Error: Unable to write the session log", from: mark)
        try checkUnrecorded(broker)
        disk.empty()
        let last = first + 20
        for number in first...last { try publisher.publishUntilTaken(number) }
        try publisher.awaitAnswers()
        try kill(broker)
        broker = try start(disk, workers: workers, syncing: syncing)
        // What was refused was nobody's, so each number is there once.
        #expect(try drain(broker) == Array(0...last))
    }

    @Test(
        "A broker killed while its disk is full has what it had acknowledged",
        arguments: reactors
    )
    func killed(workers: Int) throws {
        let disk = try SmallDisk(megabytes: 8)
        var broker = try start(disk, workers: workers, syncing: "no")
        let publisher = try prepare(broker)
        try disk.fill(leaving: 200_000)
        _ = try publisher.publishUntilRefused(from: 0)
        try kill(broker)
        disk.empty()
        broker = try start(disk, workers: workers, syncing: "no")
        let found = try drain(broker)
        #expect(publisher.acknowledged.subtracting(found) == [], "acknowledged and lost")
        #expect(found == Array(0..<found.count), "each once, in order")
    }

    @Test(
        "Before 5.0 a publisher waits while the disk is full, and goes on by itself",
        arguments: ["always", "everysec", "no"],
        reactors
    )
    func waiting(syncing: String, workers: Int) throws {
        let disk = try SmallDisk(megabytes: 12)
        var broker = try start(disk, workers: workers, syncing: syncing)
        let publisher = try prepare(broker, .v4)
        try disk.fill(leaving: 200_000)
        let first = try publisher.publishUntilHeld(from: 0)
        #expect(first < 400, "what the disk has no room for is acknowledged")
        // More than the receive window: what is not read yet must not be lost either.
        let last = first + 60
        for number in (first + 1)...last { publisher.send(number) }
        try checkUnrecorded(broker)
        disk.empty()
        try publisher.awaitAnswers()
        try kill(broker)
        broker = try start(disk, workers: workers, syncing: syncing)
        let found = try drain(broker)
        #expect(found == Array(0...last), "up to \(last), from \(first) held: \(found)")
    }
}
