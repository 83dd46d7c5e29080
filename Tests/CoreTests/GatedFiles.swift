// SPDX-License-Identifier: Apache-2.0
// Files of a log whose disk is slow or broken for as long as a test wants.

import Foundation
import Persist

/// The files of a log, which write at once, later, or not at all.
///
/// `@unchecked Sendable`: the condition guards the mode.
final class GatedFiles: LogFiles, @unchecked Sendable {
    /// What becomes of a write or a sync.
    enum Mode {
        case open
        /// It waits until it is allowed, or the mode is another one.
        case blocked
        /// A write fails.
        case failing
    }

    private let files: any LogFiles
    private let condition = NSCondition()
    private var current = Mode.open
    /// How many may still pass though the gate is blocked.
    private var allowance = 0

    init(_ files: any LogFiles) { self.files = files }

    /// What becomes of writes from now on; what has begun has ended when this returns.
    var mode: Mode {
        get { condition.withLock { current } }
        set {
            condition.withLock {
                current = newValue
                condition.broadcast()
            }
        }
    }

    /// Lets so many pass while the gate is blocked, instead of those that were allowed before.
    func allow(_ count: Int) {
        condition.withLock {
            allowance = count
            condition.broadcast()
        }
    }

    /// Whether more may pass while the gate is blocked.
    var isAllowing: Bool { condition.withLock { allowance > 0 } }

    /// Does something when it may be done; nothing else is done at the same time.
    fileprivate func pass(
        isWrite: Bool,
        _ body: () throws(LogFileError) -> Void
    ) throws(LogFileError) {
        condition.lock()
        defer { condition.unlock() }
        while current == .blocked, allowance == 0 { condition.wait() }
        if current == .failing, isWrite { throw LogFileError("write", "", code: ENOSPC) }
        if current == .blocked { allowance -= 1 }
        try body()
    }

    func makeFolder() throws(LogFileError) { try files.makeFolder() }
    func names() throws(LogFileError) -> [String] { try files.names() }
    func read(_ name: String) throws(LogFileError) -> LogBytes { try files.read(name) }
    func create(_ name: String) throws(LogFileError) -> any LogFile {
        var created: (any LogFile)?
        try pass(isWrite: true) { () throws(LogFileError) in created = try files.create(name) }
        guard let created else { throw LogFileError("open", name, code: EIO) }
        return GatedFile(created, self)
    }
    func sync(_ name: String) throws(LogFileError) {
        try pass(isWrite: false) { () throws(LogFileError) in try files.sync(name) }
    }
    func remove(_ name: String) throws(LogFileError) {
        try pass(isWrite: false) { () throws(LogFileError) in try files.remove(name) }
    }
    func syncFolder() throws(LogFileError) {
        try pass(isWrite: false) { () throws(LogFileError) in try files.syncFolder() }
    }
}

private final class GatedFile: LogFile {
    private let file: any LogFile
    private let gate: GatedFiles

    init(_ file: any LogFile, _ gate: GatedFiles) {
        self.file = file
        self.gate = gate
    }

    func append(_ pieces: [UnsafeRawBufferPointer]) throws(LogFileError) {
        try gate.pass(isWrite: true) { () throws(LogFileError) in try file.append(pieces) }
    }
    func sync() throws(LogFileError) {
        try gate.pass(isWrite: false) { () throws(LogFileError) in try file.sync() }
    }
    func isRemoved() -> Bool { file.isRemoved() }
}
