// SPDX-License-Identifier: Apache-2.0
// Reads bytes or a file and keeps what comes of it.

import Glibc
import Persist
import TestSupport

/// What came of reading some bytes.
struct DatabaseReading {
    var collected: DatabaseCollector
    var error: DatabaseReadError?

    var records: [DatabaseRecord] { collected.records }

    init(_ bytes: Bytes, bufferByteCount: Int = 4096, stepMax: Int = .max) {
        self.init(DatabaseBytes(bytes, stepMax: stepMax), bufferByteCount: bufferByteCount)
    }

    init(_ source: DatabaseBytes, bufferByteCount: Int = 4096) {
        collected = DatabaseCollector()
        var reader = DatabaseReader(bufferByteCount: bufferByteCount, source: source.read)
        do throws(DatabaseReadError) {
            try reader.read(into: &collected)
        } catch {
            self.error = error
        }
    }

    /// Reads a file.
    init(path: String) throws {
        collected = DatabaseCollector()
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Mismatch("open \(path): errno \(errno)") }
        defer { _ = close(descriptor) }
        var reader = DatabaseReader(descriptor: descriptor)
        do throws(DatabaseReadError) {
            try reader.read(into: &collected)
        } catch {
            self.error = error
        }
    }
}
