// SPDX-License-Identifier: Apache-2.0
// A folder for the files of one test.

import Foundation
import Glibc
import TestSupport

/// A folder that goes away with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws { path = try Broker.makeDirectory() }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file with this mode and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
        chmod(file(name), mode)
        return file(name)
    }

    /// The content of a file.
    func read(_ name: String) throws -> String {
        try String(contentsOfFile: file(name), encoding: .utf8)
    }

    /// The names of the files.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}
