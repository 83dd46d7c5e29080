// SPDX-License-Identifier: Apache-2.0
// Folders that somebody removes or moves while they are written.

import Glibc
import Testing

@testable import Persist

@Suite("The folder of the session log")
struct LogFolderTests {
    private let scratch = ScratchFolder()
    private var path: String { scratch.path + "/log" }

    /// Removes the folder with all that is in it.
    private func removeFolder(_ names: String...) {
        for name in names + ["LOCK"] { #expect(unlink(path + "/" + name) == 0) }
        #expect(rmdir(path) == 0)
    }

    private var isLocked: Bool {
        do throws(LogOpenError) {
            _ = try LogFolder(path)
            return false
        } catch {
            return error == .locked(by: "\(getpid())")
        }
    }

    @Test("A folder that is made anew is locked again")
    func removed() throws {
        let files = try LogFolder(path)
        let file = try files.create("a")
        #expect(!file.isRemoved())
        removeFolder("a")
        #expect(file.isRemoved())
        try files.makeFolder()
        #expect(isLocked)
        let next = try files.create("a")
        #expect(file.isRemoved() && !next.isRemoved())
    }

    @Test("A folder that another broker has taken meanwhile is left to that one")
    func taken() throws {
        let files = try LogFolder(path)
        removeFolder()
        do {
            let other = try LogFolder(path)
            #expect(throws: LogFileError.self) { try files.makeFolder() }
            try other.makeFolder()
        }
        try files.makeFolder()
        #expect(isLocked)
    }

    @Test("A folder that was moved away is noticed")
    func moved() throws {
        let files = try LogFolder(path)
        let file = try files.create("a")
        let elsewhere = scratch.path + "/elsewhere"
        #expect(rename(path, elsewhere) == 0)
        #expect(file.isRemoved())
        try files.makeFolder()
        #expect(isLocked && file.isRemoved())
        let next = try files.create("a")
        #expect(!next.isRemoved())
        for name in ["a", "LOCK"] { unlink(elsewhere + "/" + name) }
        #expect(rmdir(elsewhere) == 0)
    }

    @Test("A lock that was removed, or put in another's place, is noticed")
    func unlocked() throws {
        let files = try LogFolder(path)
        let file = try files.create("a")
        #expect(unlink(path + "/LOCK") == 0)
        #expect(file.isRemoved())
        try files.makeFolder()
        #expect(!file.isRemoved() && isLocked)
    }

    @Test("What is written goes on in a new folder when the old one was moved away")
    func engine() throws {
        let files = try LogFolder(path)
        var options = LogOptions(syncing: .everySecond)
        options.retryNanoseconds = 1...1
        let second = LogEngine.second
        let engine = LogEngine(
            files: files,
            options: options,
            position: LogPosition(log: 7),
            wallSeconds: { 1000 },
            nanoseconds: { 0 }
        )
        try engine.start(now: 0)
        let elsewhere = scratch.path + "/elsewhere"
        #expect(rename(path, elsewhere) == 0)
        engine.run([], now: 2 * second)
        engine.run([], now: 4 * second)
        #expect(engine.events.contains(.resumed(checkpoint: 2)))
        engine.run([.completeCheckpoint(2)], now: 5 * second)
        #expect(engine.events.contains(.checkpointCompleted(2)))
        let log = try RecoveredLog.read(files, LogReading(), newLog: 1)
        #expect(log.position.base == 2 && isLocked)
        for name in ["0000000000000001.seg", "LOCK"] { unlink(elsewhere + "/" + name) }
        #expect(rmdir(elsewhere) == 0)
    }
}
