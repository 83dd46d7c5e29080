// SPDX-License-Identifier: Apache-2.0
// The files of a log in memory: what was done to them can be done again, in part.

import Glibc
package import Persist
import Synchronization

/// Something that was done to the files.
package enum FileStep: Sendable {
    case create(String)
    case append(String, [UInt8])
    case sync(String)
    /// A sync that has failed: what it was for may never reach the disk, and no other sync says so.
    case failedSync(String)
    case remove(String)
    case syncFolder
}

/// Files in memory, which note what is done to them and fail when they are told to.
package final class MemoryFiles: LogFiles {
    private struct State {
        var contents: [String: [UInt8]] = [:]
        var steps: [FileStep] = []
        /// Decides whether the next step fails, and how.
        var fault: (@Sendable (FileStep) -> CInt?)?
        /// How much of a failing write gets there.
        var partialWriteCount = 0
        var areRemoved = false
    }

    private let state: Mutex<State>

    /// The files that are there; none of what they hold was written by steps.
    package init(_ contents: [String: [UInt8]] = [:]) {
        var state = State()
        state.contents = contents
        self.state = Mutex(state)
    }

    /// The files after some steps, which stay known.
    package convenience init(steps: [FileStep]) {
        self.init(PowerCut.contents(after: steps[...], leaving: .all))
        state.withLock { $0.steps = steps }
    }

    /// The bytes of each file.
    package var contents: [String: [UInt8]] {
        get { state.withLock { $0.contents } }
        set { state.withLock { $0.contents = newValue } }
    }
    /// What was done to them, in order.
    package var steps: [FileStep] { state.withLock { $0.steps } }
    /// How much was done to them.
    package var stepCount: Int { state.withLock { $0.steps.count } }
    /// Steps for which `fault` has a value of `errno` fail from now on; a write that does gets
    /// `partial` bytes there.
    package func setFault(partial: Int = 0, _ fault: (@Sendable (FileStep) -> CInt?)?) {
        state.withLock { state in
            state.fault = fault
            state.partialWriteCount = partial
        }
    }
    /// Somebody removes the folder.
    package func removeAll() {
        state.withLock { state in
            state.contents = [:]
            state.areRemoved = true
        }
    }

    private func take(_ step: FileStep, _ call: String) throws(LogFileError) {
        let code = state.withLock { state -> CInt? in
            if let code = state.fault?(step) {
                switch step {
                case .append(let name, let bytes):
                    let part = Array(bytes.prefix(state.partialWriteCount))
                    state.contents[name, default: []] += part
                    state.steps.append(.append(name, part))
                case .sync(let name): state.steps.append(.failedSync(name))
                default: break
                }
                return code
            }
            state.steps.append(step)
            switch step {
            case .create(let name):
                guard state.contents[name] == nil else { return EEXIST }
                state.contents[name] = []
            case .append(let name, let bytes): state.contents[name, default: []] += bytes
            case .remove(let name): state.contents[name] = nil
            case .sync, .failedSync, .syncFolder: break
            }
            return nil
        }
        if let code { throw LogFileError(call, "", code: code) }
    }

    package func makeFolder() throws(LogFileError) { state.withLock { $0.areRemoved = false } }
    package func names() throws(LogFileError) -> [String] { Array(contents.keys) }
    package func read(_ name: String) throws(LogFileError) -> LogBytes {
        guard let bytes = contents[name] else { throw LogFileError("open", name, code: ENOENT) }
        return LogBytes(capacity: bytes.count) { memory in
            memory.copyBytes(from: bytes)
            return bytes.count
        }
    }
    package func create(_ name: String) throws(LogFileError) -> any LogFile {
        try take(.create(name), "open")
        return MemoryFile(name, self)
    }
    package func sync(_ name: String) throws(LogFileError) { try take(.sync(name), "fdatasync") }
    package func remove(_ name: String) throws(LogFileError) { try take(.remove(name), "unlink") }
    package func syncFolder() throws(LogFileError) { try take(.syncFolder, "fsync") }

    fileprivate func append(_ name: String, _ bytes: [UInt8]) throws(LogFileError) {
        try take(.append(name, bytes), "write")
    }
    fileprivate var areRemoved: Bool { state.withLock { $0.areRemoved } }
}

private final class MemoryFile: LogFile {
    private let name: String
    private let files: MemoryFiles

    init(_ name: String, _ files: MemoryFiles) {
        self.name = name
        self.files = files
    }

    func append(_ pieces: [UnsafeRawBufferPointer]) throws(LogFileError) {
        try files.append(name, pieces.flatMap { Array($0) })
    }
    func sync() throws(LogFileError) { try files.sync(name) }
    func isRemoved() -> Bool { files.areRemoved }
}
