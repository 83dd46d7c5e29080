// SPDX-License-Identifier: Apache-2.0
// What the log of a recorded broker says when it ends after one of its frames.

import Foundation
import Inflight
import Testing

@testable import Core
@testable import Persist

extension RecordedBroker {
    /// Makes turns until `isSo`; false when it never is.
    func turns(until isSo: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: 20)
        while !isSo() {
            driven.settle()
            guard Date() < end else { return false }
            usleep(100)
        }
        return true
    }

    /// What would be there if the broker had been killed after each of the frames it has written.
    func afterEachFrame() throws -> [RecoveredLog] {
        #expect(awaitSafety(), "the log comes to rest")
        let copy = try copyFiles()
        let names = try FileManager.default.contentsOfDirectory(atPath: copy.path)
        let path = copy.appendingPathComponent(try #require(names.first))
        #expect(names.count == 1, "there was no checkpoint")
        let bytes = [UInt8](try Data(contentsOf: path))
        var found: [RecoveredLog] = []
        let ends = frameEnds(of: bytes)
        for end in ends {
            try Data(bytes[..<end]).write(to: path)
            found.append(try RecoveredLog.read(LogFolder(copy.path), LogReading(), newLog: 1))
        }
        #expect(ends.last == bytes.count, "there is nothing but frames")
        return found
    }

    /// Bytes of the log.
    func byteCount() throws -> Int {
        #expect(awaitSafety(), "the log comes to rest")
        let copy = try copyFiles()
        return try FileManager.default.contentsOfDirectory(atPath: copy.path)
            .reduce(0) { try $0 + Data(contentsOf: copy.appendingPathComponent($1)).count }
    }
}

extension RecoveredLog {
    /// The payloads of the messages on their way to a client.
    func outgoing(_ name: String) -> [String] {
        image(of: name)?.outgoing.map { payload($0.message) } ?? []
    }

    /// The payloads of the QoS 2 messages of a client that are not released.
    func incoming(_ name: String) -> [String] {
        image(of: name)?.incoming.map { payload($0.message) } ?? []
    }

    private func image(of name: String) -> SessionImage? {
        sessions.firstIndex { $0.identity.clientIdentifier == name }.map { image(at: $0) }
    }

    private func payload(_ number: MessageNumber) -> String {
        message(number).map { String(decoding: $0.payload, as: UTF8.self) } ?? "missing"
    }
}
