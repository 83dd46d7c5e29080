// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as mosquitto.db are read or refused, and what is read can be written.

import Glibc
import Persist

/// The first byte says which version and how large the buffer is, the rest are chunks; or, with its
/// high bit, a whole file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDatabase(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let choice = start[0]
    var bytes: [UInt8] = []
    if choice & 0x80 == 0 {
        bytes += [0x00, 0xB5, 0x00] + Array("mosquitto db".utf8) + [0, 0, 0, 0, 0, 0, 0]
        bytes.append(2 + choice % 8 % 5)
    }
    bytes += UnsafeBufferPointer(start: start + 1, count: count - 1)

    let whole = read(bytes, bufferByteCount: 4096, stepMax: .max)
    let small = read(bytes, bufferByteCount: 1 << Int(choice >> 3 & 7), stepMax: 3)
    precondition(whole.records == small.records, "what is read does not depend on the buffer")
    precondition(whole.error == small.error, "nor does the error")
    if let error = whole.error {
        precondition(error.offset <= UInt64(bytes.count), "the place is in the file")
        precondition(!error.logLine.isEmpty && !error.description.isEmpty, "it says something")
    }
    rewrite(whole.records)
    return 0
}

private func read(
    _ bytes: [UInt8],
    bufferByteCount: Int,
    stepMax: Int
) -> (records: [DatabaseRecord], error: DatabaseReadError?) {
    let source = DatabaseBytes(bytes, stepMax: stepMax)
    var reader = DatabaseReader(bufferByteCount: bufferByteCount, source: source.read)
    var collector = DatabaseCollector()
    do throws(DatabaseReadError) {
        try reader.read(into: &collector)
    } catch {
        return (collector.records, error)
    }
    return (collector.records, nil)
}

/// Writes the records to memory and reads them again.
private func rewrite(_ all: [DatabaseRecord]) {
    let records = all.filter {
        if case .notice = $0 { return false }
        return true
    }
    var bytes: [UInt8] = []
    do throws(DatabaseWriteError) {
        // Only the name is used of the file.
        let path = "/dev/shm/fuzz-\(getpid()).db"
        var writer = try DatabaseWriter(path: path, bufferByteCount: 64) {
            bytes.append(contentsOf: $1)
            return $1.count
        }
        for record in records { try writer.write(record) }
        try writer.finish()
        unlink(path)
    } catch {
        preconditionFailure("what was read can be written: \(error)")
    }
    let again = read(bytes, bufferByteCount: 64, stepMax: .max)
    precondition(again.error == nil && again.records == records, "it comes back as it was")
}
