// SPDX-License-Identifier: Apache-2.0
// A log folder whose disk is slow or broken for as long as a test wants.

import Foundation
import Persist

/// The files of a log, which write at once, later, or not at all.
///
/// `@unchecked Sendable`: the condition guards the mode.
final class GatedFiles: LogFiles, @unchecked Sendable {
    /// What becomes of a write.
    enum Mode {
        case open
        /// It waits until the mode is another one.
        case blocked
        /// It fails.
        case failing
    }

    private let files: LogFolder
    private let condition = NSCondition()
    private var current = Mode.open

    init(_ files: LogFolder) { self.files = files }

    /// What becomes of writes from now on.
    var mode: Mode {
        get { condition.withLock { current } }
        set {
            condition.withLock {
                current = newValue
                condition.broadcast()
            }
        }
    }

    fileprivate func pass() throws(LogFileError) {
        condition.lock()
        defer { condition.unlock() }
        while current == .blocked { condition.wait() }
        if current == .failing { throw LogFileError("write", "", code: ENOSPC) }
    }

    func makeFolder() throws(LogFileError) { try files.makeFolder() }
    func names() throws(LogFileError) -> [String] { try files.names() }
    func read(_ name: String) throws(LogFileError) -> LogBytes { try files.read(name) }
    func create(_ name: String) throws(LogFileError) -> any LogFile {
        try pass()
        return GatedFile(try files.create(name), self)
    }
    func sync(_ name: String) throws(LogFileError) { try files.sync(name) }
    func remove(_ name: String) throws(LogFileError) { try files.remove(name) }
    func syncFolder() throws(LogFileError) { try files.syncFolder() }
}

private final class GatedFile: LogFile {
    private let file: any LogFile
    private let gate: GatedFiles

    init(_ file: any LogFile, _ gate: GatedFiles) {
        self.file = file
        self.gate = gate
    }

    func append(_ pieces: [UnsafeRawBufferPointer]) throws(LogFileError) {
        try gate.pass()
        try file.append(pieces)
    }
    func sync() throws(LogFileError) { try file.sync() }
    func isRemoved() -> Bool { file.isRemoved() }
}
