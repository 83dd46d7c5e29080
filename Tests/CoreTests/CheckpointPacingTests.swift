// SPDX-License-Identifier: Apache-2.0
// A checkpoint does not fill the memory when the disk is slower than the broker.

import Foundation
import Glibc
import Inflight
import Persist
import Testing
import Topics

@testable import Core

@Suite("Checkpoints on a slow disk")
struct CheckpointPacingTests {
    private static let buffer = 256 << 10
    private static let payload = [UInt8](repeating: 7, count: 8 << 10)

    /// A folder whose files take their time.
    private final class SlowFiles: LogFiles {
        let folder: LogFolder

        init(_ folder: LogFolder) { self.folder = folder }

        func makeFolder() throws(LogFileError) { try folder.makeFolder() }
        func names() throws(LogFileError) -> [String] { try folder.names() }
        func read(_ name: String) throws(LogFileError) -> LogBytes { try folder.read(name) }
        func create(_ name: String) throws(LogFileError) -> any LogFile {
            SlowFile(try folder.create(name))
        }
        func sync(_ name: String) throws(LogFileError) { try folder.sync(name) }
        func remove(_ name: String) throws(LogFileError) { try folder.remove(name) }
        func syncFolder() throws(LogFileError) { try folder.syncFolder() }
    }

    private final class SlowFile: LogFile {
        let file: any LogFile

        init(_ file: any LogFile) { self.file = file }

        func append(_ pieces: [UnsafeRawBufferPointer]) throws(LogFileError) {
            usleep(3000)
            try file.append(pieces)
        }
        func sync() throws(LogFileError) { try file.sync() }
        func isRemoved() -> Bool { file.isRemoved() }
    }

    /// Keeps a retained message of 8 KiB.
    private func retain(_ driven: DrivenBroker, _ restorer: MessageRestorer, _ topic: String) {
        let topic = Array(topic.utf8)
        let message = topic.withUnsafeBytes { topic in
            Self.payload.withUnsafeBytes { payload in
                restorer.message(
                    topic: topic,
                    properties: UnsafeRawBufferPointer(start: nil, count: 0),
                    payload: payload,
                    qos: 1,
                    isRetained: true,
                    expiresAt: 0,
                    publisher: nil,
                    number: 0
                )
            }
        }
        _ = driven.broker.retained.set(topic: topic.span.bytes, value: message.storage)
    }

    @Test("No more than the share of a reactor waits for the disk, and the checkpoint gets whole")
    func paced() throws {
        let path = FileManager.default.temporaryDirectory.path + "/paced-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let driven = try DrivenBroker()
        let restorer = MessageRestorer(driven.broker)
        for number in 0..<1000 { retain(driven, restorer, "r/\(number)") }
        let log = SessionLog(driven.broker, lastSession: 0, messageCounter: 0, retainedVersion: 0)
        for worker in driven.workers { worker.record(in: log) }
        var options = LogOptions(syncing: .never)
        options.bufferByteCountMax = Self.buffer
        var position = LogPosition(log: 1)
        position.isReset = true
        try log.start(SlowFiles(LogFolder(path)), options, at: position)
        var most = 0
        let end = Date(timeIntervalSinceNow: 30)
        while log.figures?.lastCheckpointAt == 0, Date() < end {
            driven.turn()
            most = max(most, log.figures?.waitingByteCount ?? 0)
        }
        #expect(log.figures?.lastCheckpointAt ?? 0 > 0, "the checkpoint never gets whole")
        #expect(log.figures?.writtenByteCount ?? 0 > 1000 * 8192, "all is in it")
        // A piece is begun when half of the share waits.
        #expect(most > 64 << 10 && most < 2 * Self.buffer + (64 << 10), "\(most) bytes wait")
        _ = log.close(nil)
    }
}
