// SPDX-License-Identifier: Apache-2.0
// What the parser needs from the system: files, directories, names.

/// What came of reading a configuration file.
package enum ConfigurationFileContents: Sendable, Equatable {
    /// The bytes of the file.
    case bytes([UInt8])
    /// The path is a directory.
    case directory
    /// The file cannot be opened or read.
    case unreadable
}

/// What came of looking for a directory.
package enum DirectoryPath: Sendable, Equatable {
    /// Its absolute path without links.
    case absolute(String)
    /// Why there is none, in the words of the system.
    case failure(String)
}

/// Everything the parser asks the system for, so that tests and fuzzing can answer themselves.
package protocol ConfigurationSource: Sendable {
    /// Reads a file whole.
    func contents(of path: String) -> ConfigurationFileContents
    /// The names in a directory in any order; nil if it cannot be opened.
    func entries(ofDirectory path: String) -> [String]?
    /// The absolute path of a directory without links.
    func canonicalPath(ofDirectory path: String) -> DirectoryPath
    /// Why a host name cannot be resolved; nil if it can.
    func resolutionFailure(of host: String) -> String?
    /// The name of this machine.
    var hostName: String { get }
}
