// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as a session log are read or refused, and what is read can be used.

import Glibc
import Inflight
import Persist

/// The files of a log that is read only.
private struct FuzzFiles: LogFiles {
    let files: [String: [UInt8]]

    func makeFolder() throws(LogFileError) {}
    func names() throws(LogFileError) -> [String] { Array(files.keys) }
    func read(_ name: String) throws(LogFileError) -> LogBytes {
        guard let bytes = files[name] else { throw LogFileError("open", name, code: ENOENT) }
        return LogBytes(capacity: bytes.count) { memory in
            memory.copyBytes(from: bytes)
            return bytes.count
        }
    }
    func create(_ name: String) throws(LogFileError) -> any LogFile {
        throw LogFileError("open", name, code: EROFS)
    }
    func sync(_ name: String) throws(LogFileError) {}
    func remove(_ name: String) throws(LogFileError) {}
    func syncFolder() throws(LogFileError) {}
}

/// The first byte says how: bit 0, whether to repair; bit 1, whether the rest is a whole segment or
/// the records of frames, each with a byte for its length and one for its reactor, that get the head
/// they need; without that no mutation would come past the checksums.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSessionLog(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let rest = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    let bytes = start[0] & 2 == 0 ? LogFraming.segment(ofRecords: rest) : rest
    let reading = LogReading(isRepairing: start[0] & 1 != 0)
    let files = FuzzFiles(files: ["0000000000000001.seg": bytes])
    do throws(LogOpenError) {
        let log = try RecoveredLog.read(files, reading, newLog: 1)
        use(log)
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
    return 0
}

/// Looks at everything.
private func use(_ log: RecoveredLog) {
    for place in log.sessions.indices {
        let image = log.image(at: place)
        for outgoing in image.outgoing {
            precondition(log.message(outgoing.message) != nil, "a message of an image is there")
        }
        for incoming in image.incoming {
            precondition(log.message(incoming.message) != nil, "a message of an image is there")
        }
    }
    for retained in log.retained {
        let message = log.message(retained.message)
        precondition(message.map { $0.topic.count <= 65_535 } ?? false, "it has a topic")
    }
}
