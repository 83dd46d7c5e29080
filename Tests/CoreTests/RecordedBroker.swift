// SPDX-License-Identifier: Apache-2.0
// A broker in this process whose session log is read back and compared with what it has.

import Foundation
import Inflight
import MQTT
import Persist
import Topics

@testable import Core

/// Gives a driven broker a session log in a folder of its own, and looks whether that says what the
/// broker has in memory.
final class RecordedBroker {
    let driven: DrivenBroker
    private let folder: URL
    private let log: SessionLog
    /// Lets the writer's calls through, or not.
    let gate: GatedFiles

    /// `byteCount`: the log has so many bytes when the first checkpoint is wanted; `bufferByteCount`:
    /// so many bytes of each reactor may wait.
    convenience init(
        _ driven: DrivenBroker,
        checkpointAt byteCount: UInt64 = 1 << 30,
        bufferByteCount: Int = 16 << 20
    ) throws {
        var options = LogOptions(syncing: .never)
        options.firstCheckpointByteCount = byteCount
        options.segmentByteCount = byteCount
        options.bufferByteCountMax = bufferByteCount
        options.retryNanoseconds = 1_000_000...10_000_000
        try self.init(driven, options)
    }

    /// `files`: instead of those of the folder, which is empty then.
    init(_ driven: DrivenBroker, _ options: LogOptions, files: (any LogFiles)? = nil) throws {
        self.driven = driven
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("recorded-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        log = SessionLog(driven.broker, lastSession: 0, messageCounter: 0, retainedVersion: 0)
        for worker in driven.workers { worker.record(in: log) }
        gate = GatedFiles(try files ?? LogFolder(folder.appendingPathComponent("log").path))
        try log.start(gate, options, at: LogPosition(log: 1))
    }

    /// Ends the log; the broker has ended.
    func end() {
        _ = log.close(nil)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Makes turns until everything recorded is safe; false when it never is.
    func awaitSafety() -> Bool {
        let end = Date(timeIntervalSinceNow: 20)
        while true {
            driven.settle()
            if driven.workers.allSatisfy({ $0.recorder?.isSettled == true }), !driven.isReady {
                return true
            }
            guard Date() < end else { return false }
            usleep(100)
        }
    }

    /// Waits until the writer has done what the blocked gate allows, or has nothing to do.
    func awaitWriter() {
        var looks = 0
        while gate.isAllowing, looks < 10 || (log.figures?.waitingByteCount ?? 0) > 0 {
            usleep(20)
            looks += 1
        }
        gate.allow(0)
    }

    /// The files as they are now.
    func copyFiles() throws -> URL {
        let copy = folder.appendingPathComponent("copy")
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: false)
        let source = folder.appendingPathComponent("log")
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path)
        where name != "LOCK" {
            // A segment may go while this reads: what took its place is complete.
            try? FileManager.default.copyItem(
                at: source.appendingPathComponent(name),
                to: copy.appendingPathComponent(name)
            )
        }
        return copy
    }

    /// Reads the log as it is and says what differs.
    func complaints() throws -> [String] {
        guard awaitSafety() else { return ["the log never comes to rest"] }
        let copy = try copyFiles()
        let recovered = try RecoveredLog.read(LogFolder(copy.path), LogReading(), newLog: 1)
        var complaints: [String] = []
        if recovered.missingCount > 0 {
            let counters = driven.workers.compactMap { $0.recorder?.counter }
            let hex = counters.map { String($0, radix: 16) }
            complaints.append("\(recovered.missingCount) missing, counters \(hex)")
        }
        var found: [String: SessionPicture] = [:]
        for place in recovered.sessions.indices {
            let picture = SessionPicture(recovered, at: place)
            if picture.expiryInterval != 0 || picture.will != nil {
                found[recovered.sessions[place].identity.clientIdentifier] = picture
            }
        }
        for session in driven.workers.flatMap(\.sessions.all) {
            let name = session.identity.clientIdentifier
            let there = found.removeValue(forKey: name)
            guard session.isPersistent || session.will != nil, session.undecidedCount == 0 else {
                continue
            }
            complaints += SessionPicture(session).differences(from: there).map { "\(name): \($0)" }
        }
        complaints += found.filter { name, _ in
            !driven.workers.contains { $0.sessions[name] != nil }
        }
        .map { "\($0.key) is in the log alone" }
        return complaints + retainedComplaints(recovered)
    }

    private func retainedComplaints(_ recovered: RecoveredLog) -> [String] {
        var there: Set<[UInt8]> = []
        for (number, _) in recovered.retained {
            guard let message = recovered.message(number) else { return ["retained, missing"] }
            there.insert(Array(message.topic) + [0] + Array(message.payload))
        }
        var here: Set<[UInt8]> = []
        let cursor = driven.broker.retained.cursorOverAll()
        var values: [AnyObject] = []
        while !driven.broker.retained.next(cursor, limit: 1000, into: &values) {}
        for value in values {
            Message(value).withPublication { publication in
                if publication.topic.isOfBroker { return }
                here.insert(Array(publication.topic) + [0] + Array(publication.payload))
            }
        }
        return here == there
            ? []
            : [
                "retained: \(here.subtracting(there).count) more, \(there.subtracting(here).count) fewer"
            ]
    }
}
