// SPDX-License-Identifier: Apache-2.0
// Writing files: what is in them, and what is left when it fails.

import Foundation
import Glibc
import Inflight
import MQTT
import Persist
import TestSupport
import Testing

@Suite("Writing mosquitto.db")
struct DatabaseWriterTests {
    @Test("What a broker wrote is written the same, byte for byte")
    func example() throws {
        let folder = try DatabaseFolder()
        try folder.write(DatabaseExample.version6.records)
        #expect(try folder.bytes == DatabaseExample.version6.bytes)
    }

    @Test("What is written is read again", arguments: 1...8)
    func roundTrip(_ round: Int) throws {
        let seed = DatabaseRandom.seed
        var random = DatabaseRandom(seed: seed)
        let records = random.records(30 * round)
        let folder = try DatabaseFolder()
        try folder.write(records, bufferByteCount: [1, 100, 4096, 262_144][round % 4])
        let reading = try DatabaseReading(path: folder.file)
        #expect(reading.error == nil && reading.collected.version == 6, "seed \(seed)")
        #expect(reading.records == records, "seed \(seed)")
        let slow = DatabaseReading(try folder.bytes, bufferByteCount: 1, stepMax: 4099)
        #expect(slow.error == nil && slow.records == records, "seed \(seed)")
    }

    @Test("The file is its owner's, replaces the old one, and nothing stays beside it")
    func replaces() throws {
        let folder = try DatabaseFolder()
        try Data("old".utf8).write(to: URL(fileURLWithPath: folder.file))
        try Data("older".utf8).write(to: URL(fileURLWithPath: folder.file + ".new"))
        chmod(folder.file + ".new", 0o666)
        try folder.write([.retained(1)])
        #expect(try folder.names == ["mosquitto.db"])
        #expect(try DatabaseReading(path: folder.file).records == [.retained(1)])
        var status = stat()
        #expect(stat(folder.file, &status) == 0 && status.st_mode == S_IFREG | 0o600)
    }

    @Test("A link in the temporary file's place is not followed")
    func links() throws {
        let folder = try DatabaseFolder()
        let victim = folder.path + "/victim"
        try Data("mine".utf8).write(to: URL(fileURLWithPath: victim))
        try #require(symlink(victim, folder.file + ".new") == 0)
        try folder.write([.retained(1)])
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "mine")
        #expect(try folder.names == ["mosquitto.db", "victim"])
        var status = stat()
        #expect(lstat(folder.file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG)
    }

    @Test("A writer that goes away leaves the old file and no other")
    func abandoned() throws {
        let folder = try DatabaseFolder()
        try folder.write([.retained(1)])
        do {
            var writer = try DatabaseWriter(path: folder.file, bufferByteCount: 1)
            try writer.write(retained: 2)
            #expect(try folder.names == ["mosquitto.db", "mosquitto.db.new"])
        }
        #expect(try folder.names == ["mosquitto.db"])
        #expect(try DatabaseReading(path: folder.file).records == [.retained(1)])
    }

    /// Writes a few records, with at most so many bytes going to the disk.
    private func write(to path: String, spaceByteCount: Int, step: Int) throws(DatabaseWriteError) {
        var space = spaceByteCount
        var writer = try DatabaseWriter(path: path, bufferByteCount: 64) { descriptor, bytes in
            guard space > 0 else {
                errno = ENOSPC
                return -1
            }
            let count = Glibc.write(descriptor, bytes.baseAddress, min(bytes.count, step, space))
            space -= max(count, 0)
            return count
        }
        for record in DatabaseExample.version6.records {
            try writer.write(record)
        }
        try writer.finish()
    }

    @Test("A full disk at any byte leaves the old file and no other", arguments: [1, 7, Int.max])
    func fullDisk(_ step: Int) throws {
        let folder = try DatabaseFolder()
        try folder.write([.retained(1)])
        let size = DatabaseExample.version6.bytes.count
        for space in 0..<size {
            let error = #expect(throws: DatabaseWriteError.self) {
                try write(to: folder.file, spaceByteCount: space, step: step)
            }
            #expect(error?.operation == .write && error?.code == ENOSPC)
            #expect(
                error?.logLine
                    == "Error saving in-memory database, unable to write \(folder.file).new: "
                    + "No space left on device."
            )
            #expect(try folder.names == ["mosquitto.db"])
            #expect(try DatabaseReading(path: folder.file).records == [.retained(1)])
        }
        try write(to: folder.file, spaceByteCount: size, step: step)
        #expect(try folder.bytes == DatabaseExample.version6.bytes)
    }

    @Test("After an error everything fails, and the end as well")
    func failsForGood() throws {
        let folder = try DatabaseFolder()
        var fails = 1
        let path = folder.file
        var writer = try DatabaseWriter(path: path, bufferByteCount: 1) { descriptor, bytes in
            fails -= 1
            if fails == 0 {
                errno = EIO
                return -1
            }
            return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
        for _ in 0..<2 {
            do throws(DatabaseWriteError) {
                try writer.write(retained: 1)
                Issue.record("it went on")
            } catch {
                #expect(error.operation == .write && error.code == EIO)
            }
        }
        do throws(DatabaseWriteError) {
            try writer.finish()
            Issue.record("it went on")
        } catch {
            #expect(error.operation == .write && error.code == EIO)
        }
        #expect(try folder.names == [])
    }

    @Test("Interrupted and short writes go on")
    func interrupted() throws {
        let folder = try DatabaseFolder()
        var calls = 0
        let path = folder.file
        var writer = try DatabaseWriter(path: path, bufferByteCount: 10) { descriptor, bytes in
            calls += 1
            if calls % 2 == 0 {
                errno = EINTR
                return -1
            }
            return Glibc.write(descriptor, bytes.baseAddress, min(3, bytes.count))
        }
        for record in DatabaseExample.version6.records { try writer.write(record) }
        try writer.finish()
        #expect(try folder.bytes == DatabaseExample.version6.bytes)
    }

    @Test("What the file cannot be written for is said in the original's words")
    func refusals() throws {
        let folder = try DatabaseFolder()
        func error(_ path: String) -> DatabaseWriteError? {
            #expect(throws: DatabaseWriteError.self) {
                var writer = try DatabaseWriter(path: path)
                try writer.write(retained: 1)
                try writer.finish()
            }
        }
        let missing = folder.path + "/none/mosquitto.db"
        #expect(error(missing)?.code == ENOENT)
        #expect(
            error(missing)?.logLine
                == "Error saving in-memory database, unable to open \(missing).new for writing."
        )
        try #require(mkdir(folder.file + ".new", 0o700) == 0)
        #expect(error(folder.file)?.operation == .remove)
        #expect(
            error(folder.file)?.logLine
                == "Error saving in-memory database, unable to remove \(folder.file).new."
        )
        try #require(rmdir(folder.file + ".new") == 0)
        try #require(mkdir(folder.file, 0o700) == 0)
        #expect(error(folder.file)?.operation == .rename)
        #expect(error(folder.file)?.subject == folder.file)
        #expect(try folder.names == ["mosquitto.db"])
    }

    @Test("A text is at most 65,535 bytes; a longer one is refused and the file goes on")
    func limits() throws {
        let folder = try DatabaseFolder()
        var writer = try DatabaseWriter(path: folder.file)
        func client(_ count: Int) -> DatabaseClient {
            DatabaseClient(
                clientIdentifier: "c",
                userName: String(repeating: "u", count: count)
            )
        }
        try writer.write(client(65_534))
        try writer.write(client(65_535))
        do throws(DatabaseWriteError) {
            try writer.write(client(65_536))
            Issue.record("it was written")
        } catch {
            #expect(error.operation == .represent)
        }
        let topic = Bytes(repeating: 0x61, count: 65_535)
        let message = DatabaseMessage(number: 1, qos: 0)
        let none: Bytes = []
        try writer.write(
            message,
            topic: topic.rawBytes,
            properties: none.rawBytes,
            payload: none.rawBytes
        )
        do throws(DatabaseWriteError) {
            let long = topic + [0x61]
            try writer.write(
                message,
                topic: long.rawBytes,
                properties: none.rawBytes,
                payload: none.rawBytes
            )
            Issue.record("it was written")
        } catch {
            #expect(error.operation == .represent)
        }
        try writer.finish()
        let reading = try DatabaseReading(path: folder.file)
        #expect(reading.error == nil)
        #expect(
            reading.records == [
                .client(client(65_534)), .client(client(65_535)),
                .message(message, topic: topic, properties: [], payload: []),
            ]
        )
    }
}
