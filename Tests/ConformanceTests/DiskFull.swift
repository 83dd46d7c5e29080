// SPDX-License-Identifier: Apache-2.0
// A broker whose disk is full refuses what it cannot keep, and goes on when there is room again.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Disk full", .enabled(if: SmallDisk.isAllowed, "needs the right to mount"))
struct DiskFull {
    private func stage(_ disk: SmallDisk, workers: Int, syncing: String) -> DiskStage {
        DiskStage(path: disk.path, workers: workers, syncing: syncing)
    }

    @Test(
        "Refused with 0x97 while the disk is full; nothing acknowledged is lost",
        arguments: ["always", "everysec", "no"],
        reactors
    )
    func refused(syncing: String, workers: Int) throws {
        let disk = try SmallDisk(megabytes: 12)
        let stage = stage(disk, workers: workers, syncing: syncing)
        var broker = try stage.start()
        let publisher = try stage.prepare(broker)
        for number in 0..<10 { #expect(try publisher.publish(number) == .taken) }
        try disk.fill(leaving: 300_000)
        let mark = broker.logMark
        let first = try publisher.publishUntilRefused(from: 10)
        #expect(first < 400, "what the disk has no room for is acknowledged")
        try broker.waitForLog(containing: "Error: Unable to write the session log", from: mark)
        try stage.checkUnrecorded(broker)
        disk.empty()
        let last = first + 20
        for number in first...last { try publisher.publishUntilTaken(number) }
        try publisher.awaitAnswers()
        try stage.kill(broker)
        broker = try stage.start()
        // What was refused was nobody's, so each number is there once.
        #expect(try stage.drain(broker) == Array(0...last))
    }

    @Test(
        "A broker killed while its disk is full has what it had acknowledged",
        arguments: reactors
    )
    func killed(workers: Int) throws {
        let disk = try SmallDisk(megabytes: 8)
        let stage = stage(disk, workers: workers, syncing: "no")
        var broker = try stage.start()
        let publisher = try stage.prepare(broker)
        try disk.fill(leaving: 200_000)
        _ = try publisher.publishUntilRefused(from: 0)
        try stage.kill(broker)
        disk.empty()
        broker = try stage.start()
        let found = try stage.drain(broker)
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
        let stage = stage(disk, workers: workers, syncing: syncing)
        var broker = try stage.start()
        let publisher = try stage.prepare(broker, .v4)
        try disk.fill(leaving: 200_000)
        let first = try publisher.publishUntilHeld(from: 0)
        #expect(first < 400, "what the disk has no room for is acknowledged")
        // More than the receive window: what is not read yet must not be lost either.
        let last = first + 60
        for number in (first + 1)...last { publisher.send(number) }
        try stage.checkUnrecorded(broker)
        disk.empty()
        try publisher.awaitAnswers()
        try stage.kill(broker)
        broker = try stage.start()
        let found = try stage.drain(broker)
        #expect(found == Array(0...last), "up to \(last), from \(first) held: \(found)")
    }
}
