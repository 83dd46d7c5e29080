// SPDX-License-Identifier: Apache-2.0
// What parsing a text came to.

import Config
import Log

/// The outcome of parsing one file called `test.conf`.
struct Outcome {
    var configuration = Configuration()
    var records: [LogRecord] = []
    /// The error lines; empty if all went well.
    var errors: [String] = []

    /// Parses the text.
    init(_ text: String, ports: [Int] = [], source: MemorySource = MemorySource()) {
        self.init(bytes: Array(text.utf8), ports: ports, source: source)
    }

    /// Parses the bytes.
    init(bytes: [UInt8], ports: [Int] = [], source: MemorySource = MemorySource()) {
        var source = source
        source.files["test.conf"] = bytes
        var parser = ConfigurationParser(source: source)
        do throws(ConfigurationError) {
            try parser.parse(file: "test.conf")
            configuration = try parser.finish(ports: ports)
        } catch {
            errors = error.lines
        }
        records = parser.records
    }

    /// The texts of the remarks of one type.
    func remarks(_ type: LogTypes) -> [String] {
        records.filter { $0.type == type }.map(\.message)
    }
}
