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
/// the records of frames, that get the heads they need (`LogFraming`): without these no mutation would
/// come past mask and checksums; bit 2, whether there are several segments of these; bit 3, whether
/// the last byte of the newest segment is missing.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSessionLog(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let rest = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    let reading = LogReading(isRepairing: start[0] & 1 != 0)
    do throws(LogOpenError) {
        let files = FuzzFiles(files: segments(rest, start[0]))
        let log = try RecoveredLog.read(files, reading, newLog: 1)
        use(log)
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
    return 0
}

private func segments(_ bytes: [UInt8], _ form: UInt8) -> [String: [UInt8]] {
    if form & 2 != 0 { return ["0000000000000001.seg": bytes] }
    var files = ["0000000000000001.seg": LogFraming.segment(ofRecords: bytes)]
    if form & 4 != 0 { files = LogFraming.segments(ofRecords: bytes) }
    if form & 8 != 0, let newest = files.keys.max() { files[newest]?.removeLast() }
    return files
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
