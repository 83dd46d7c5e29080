// SPDX-License-Identifier: Apache-2.0
// A configuration source in memory.

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

    func canonicalPath(ofDirectory path: String) -> DirectoryPath {
        if files[path] != nil { return .failure("Not a directory") }
        return directories[path] == nil
            ? .failure("No such file or directory") : .absolute("/absolute/\(path)")
    }

    func resolutionFailure(of host: String) -> String? {
        host.contains("unknown") ? "Name or service not known" : nil
    }

    let hostName = "machine"
}
