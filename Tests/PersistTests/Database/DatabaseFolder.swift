// SPDX-License-Identifier: Apache-2.0
// A folder of a test's own, gone with the test.

import Foundation
import Persist
import TestSupport

/// A folder for files to be written to.
final class DatabaseFolder {
    let path: String
    /// Where the file is to be.
    var file: String { path + "/mosquitto.db" }

    init() throws { path = try Broker.makeDirectory() }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The names of what is there, sorted.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    /// The bytes of the file.
    var bytes: Bytes {
        get throws { Bytes(try Data(contentsOf: URL(fileURLWithPath: file))) }
    }

    /// Writes records to the file.
    func write(_ records: [DatabaseRecord], bufferByteCount: Int = 256 * 1024) throws {
        var writer = try DatabaseWriter(path: file, bufferByteCount: bufferByteCount)
        for record in records { try writer.write(record) }
        let count = writer.byteCount
        try writer.finish()
        guard try bytes.count == Int(count) else { throw Mismatch("\(count) is not the size") }
    }
}
