// SPDX-License-Identifier: Apache-2.0
// A configuration source in memory, and short ways to parse with it.

import Config
import Log

/// A configuration source whose files are in memory.
struct MemorySource: ConfigurationSource {
    var files: [String: [UInt8]] = [:]
    var directories: [String: [String]] = [:]

    func contents(of path: String) -> ConfigurationFileContents {
        if directories[path] != nil { return .directory }
        return files[path].map { .bytes($0) } ?? .unreadable
    }

    func entries(ofDirectory path: String) -> [String]? { directories[path] }

    func canonicalPath(ofDirectory path: String) -> String? {
        directories[path] == nil ? nil : "/absolute/\(path)"
    }

    func resolutionFailure(of host: String) -> String? {
        host.contains("unknown") ? "Name or service not known" : nil
    }

    let hostName = "machine"
}

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
