// SPDX-License-Identifier: Apache-2.0
// A disk that fails, or a folder that goes, costs nothing that was acknowledged.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Disk faults")
struct DiskFaults {
    private static let failed = "Error: Unable to write the session log"
    private static let mended = "The session log can be written again."

    /// A fault that lasts until somebody mends it, under this `persistence_fsync`.
    static let faults: [(FaultyDisk.Fault, String)] = [
        (.writing, "always"), (.writing, "everysec"), (.writing, "no"), (.syncing, "always"),
        (.syncing, "everysec"), (.readOnly, "always"), (.readOnly, "no"), (.denied, "always"),
    ]

    @Test("What cannot be kept is refused until the disk works again", arguments: faults, reactors)
    func lasting(fault: (fault: FaultyDisk.Fault, syncing: String), workers: Int) throws {
        let folder = try PersistenceFolder()
        let disk = try FaultyDisk()
        let stage = DiskStage(path: folder.path, workers: workers, syncing: fault.syncing)
        var broker = try stage.start(disk.environment)
        let publisher = try stage.prepare(broker)
        for number in 0..<10 { #expect(try publisher.publish(number) == .taken) }
        let mark = broker.logMark
        try disk.set(fault.fault)
        let first = try publisher.publishUntilRefused(from: 10)
        try broker.waitForLog(containing: Self.failed, from: mark)
        try stage.checkUnrecorded(broker)
        try disk.set(.nothing)
        let last = first + 20
        for number in first...last { try publisher.publishUntilTaken(number) }
        try publisher.awaitAnswers()
        try broker.waitForLog(containing: Self.mended, from: mark)
        try stage.kill(broker)
        broker = try stage.start()
        #expect(try stage.drain(broker) == Array(0...last))
    }

    /// Something that goes wrong once.
    enum Mishap: CaseIterable {
        /// A sync fails.
        case sync
        /// Somebody removes the folder, or moves it away, or removes the lock in it.
        case folderRemoved, folderMoved, lockRemoved
    }

    private func happen(_ mishap: Mishap, _ disk: FaultyDisk, _ folder: PersistenceFolder) throws {
        let log = folder.database + ".log"
        switch mishap {
        case .sync: try disk.set(.oneSync)
        case .folderRemoved: try FileManager.default.removeItem(atPath: log)
        case .folderMoved: try FileManager.default.moveItem(atPath: log, toPath: log + ".moved")
        case .lockRemoved: try FileManager.default.removeItem(atPath: log + "/LOCK")
        }
    }

    @Test(
        "After a mishap everything is recorded anew, and nobody has to help",
        arguments: Mishap.allCases,
        ["always", "everysec"]
    )
    func mishaps(mishap: Mishap, syncing: String) throws {
        let folder = try PersistenceFolder()
        let disk = try FaultyDisk()
        let stage = DiskStage(path: folder.path, workers: 2, syncing: syncing)
        var broker = try stage.start(disk.environment)
        let publisher = try stage.prepare(broker)
        for number in 0..<10 { #expect(try publisher.publish(number) == .taken) }
        let mark = broker.logMark
        try happen(mishap, disk, folder)
        // It is noticed with one of the next records.
        var next = 10
        let deadline = Date(timeIntervalSinceNow: 20)
        while !broker.process.errors.text.contains(Self.mended), Date() < deadline {
            try publisher.publishUntilTaken(next)
            next += 1
        }
        try broker.waitForLog(containing: Self.failed, from: mark)
        try broker.waitForLog(containing: Self.mended, from: mark)
        try publisher.publishUntilTaken(next)
        try publisher.awaitAnswers()
        try stage.kill(broker)
        broker = try stage.start()
        #expect(try stage.drain(broker) == Array(0...next))
    }

    @Test("A disk that takes writes in parts is none that fails", arguments: reactors)
    func short(workers: Int) throws {
        let folder = try PersistenceFolder()
        let disk = try FaultyDisk()
        let stage = DiskStage(path: folder.path, workers: workers, syncing: "always")
        var broker = try stage.start(disk.environment)
        try disk.set(.short)
        let publisher = try stage.prepare(broker)
        for number in 0..<50 { #expect(try publisher.publish(number) == .taken) }
        #expect(!broker.process.errors.text.contains(Self.failed))
        try stage.kill(broker)
        broker = try stage.start()
        #expect(try stage.drain(broker) == Array(0..<50))
    }
}
