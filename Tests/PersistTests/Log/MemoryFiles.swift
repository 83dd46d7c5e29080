// SPDX-License-Identifier: Apache-2.0
// The files of a log in memory: what was done to them can be done again, in part.

import Glibc
import Synchronization

@testable import Persist

/// Something that was done to the files.
enum FileStep: Sendable {
    case create(String)
    case append(String, [UInt8])
    case sync(String)
    case remove(String)
    case syncFolder
}

/// Files in memory, which note what is done to them and fail when they are told to.
final class MemoryFiles: LogFiles {
    struct State {
        var contents: [String: [UInt8]] = [:]
        var steps: [FileStep] = []
        /// Decides whether the next step fails, and how.
        var fault: (@Sendable (FileStep) -> CInt?)?
        /// How much of a failing write gets there.
        var partialWriteCount = 0
        var areRemoved = false
    }

    private let state: Mutex<State>

    init(_ contents: [String: [UInt8]] = [:]) {
        var state = State()
        state.contents = contents
        self.state = Mutex(state)
    }

    /// The files after some steps, which stay known.
    convenience init(steps: [FileStep]) {
        self.init(PowerCut.contents(after: steps[...], leaving: .all))
        state.withLock { $0.steps = steps }
    }

    var contents: [String: [UInt8]] {
        get { state.withLock { $0.contents } }
        set { state.withLock { $0.contents = newValue } }
    }
    var steps: [FileStep] { state.withLock { $0.steps } }
    func setFault(partial: Int = 0, _ fault: (@Sendable (FileStep) -> CInt?)?) {
        state.withLock { state in
            state.fault = fault
            state.partialWriteCount = partial
        }
    }
    func removeAll() {
        state.withLock { state in
            state.contents = [:]
            state.areRemoved = true
        }
    }

    private func take(_ step: FileStep, _ call: String) throws(LogFileError) {
        let code = state.withLock { state -> CInt? in
            if let code = state.fault?(step) {
                if case .append(let name, let bytes) = step {
                    state.contents[name, default: []] += bytes.prefix(state.partialWriteCount)
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
            case .sync, .syncFolder: break
            }
            return nil
        }
        if let code { throw LogFileError(call, "", code: code) }
    }

    func makeFolder() throws(LogFileError) { state.withLock { $0.areRemoved = false } }
    func names() throws(LogFileError) -> [String] { Array(contents.keys) }
    func read(_ name: String) throws(LogFileError) -> LogBytes {
        guard let bytes = contents[name] else { throw LogFileError("open", name, code: ENOENT) }
        return LogBytes(capacity: bytes.count) { memory in
            memory.copyBytes(from: bytes)
            return bytes.count
        }
    }
    func create(_ name: String) throws(LogFileError) -> any LogFile {
        try take(.create(name), "open")
        return MemoryFile(name, self)
    }
    func sync(_ name: String) throws(LogFileError) { try take(.sync(name), "fdatasync") }
    func remove(_ name: String) throws(LogFileError) { try take(.remove(name), "unlink") }
    func syncFolder() throws(LogFileError) { try take(.syncFolder, "fsync") }

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

/// What a disk has after a power cut.
enum PowerCut {
    /// What is left of each block that no sync covers.
    enum Rest {
        /// Everything: the broker was killed, not the machine.
        case all
        /// Nothing.
        case nothing
        /// Everything but one write, counted from the last one, 0.
        case allBut(write: Int)
        /// What chance leaves, block by block of 512 bytes: there, zeros, or the end of the file.
        case random(LogDice)
    }

    /// The files after some steps.
    static func contents(after steps: ArraySlice<FileStep>, leaving rest: Rest) -> [String: [UInt8]]
    {
        var files: [String: (bytes: [UInt8], synced: Int, isNamed: Bool)] = [:]
        var removed: [String: (bytes: [UInt8], synced: Int, isNamed: Bool)] = [:]
        for step in steps {
            switch step {
            case .create(let name): files[name] = ([], 0, false)
            case .append(let name, let bytes): files[name]?.bytes += bytes
            case .sync(let name):
                let count = files[name]?.bytes.count ?? 0
                files[name]?.synced = count
            case .remove(let name):
                removed[name] = files[name]
                files[name] = nil
            case .syncFolder:
                for name in files.keys { files[name]?.isNamed = true }
                removed = [:]
            }
        }
        if case .allBut(let write) = rest {
            return hole(steps, write, files.mapValues { ($0.bytes, $0.synced) })
        }
        guard case .random(var dice) = rest else {
            guard case .nothing = rest else { return files.mapValues(\.bytes) }
            return files.filter(\.value.isNamed).mapValues { Array($0.bytes[..<$0.synced]) }
        }
        var left: [String: [UInt8]] = [:]
        for (name, file) in files.sorted(by: { $0.key < $1.key })
        where file.isNamed || dice.isOne(in: 2) {
            left[name] = tear(file.bytes, file.synced, &dice)
        }
        for (name, file) in removed.sorted(by: { $0.key < $1.key }) where dice.isOne(in: 2) {
            left[name] = tear(file.bytes, file.synced, &dice)
        }
        return left
    }

    /// Zeros in the place of one write that no sync covers.
    private static func hole(
        _ steps: ArraySlice<FileStep>,
        _ write: Int,
        _ files: [String: (bytes: [UInt8], synced: Int)]
    ) -> [String: [UInt8]] {
        var ends: [String: Int] = [:]
        var writes: [(name: String, range: Range<Int>)] = []
        for case .append(let name, let bytes) in steps {
            let start = ends[name, default: 0]
            writes.append((name, start..<(start + bytes.count)))
            ends[name] = start + bytes.count
        }
        var left = files.mapValues(\.bytes)
        guard write < writes.count else { return left }
        let (name, range) = writes[writes.count - 1 - write]
        guard let file = files[name], range.lowerBound >= file.synced else { return left }
        for index in range { left[name]?[index] = 0 }
        return left
    }

    private static func tear(_ bytes: [UInt8], _ synced: Int, _ dice: inout LogDice) -> [UInt8] {
        var left = bytes
        let odds = 2 + dice.roll(4)
        var block = synced
        while block < bytes.count {
            let end = min((block / 512 + 1) * 512, bytes.count)
            if dice.isOne(in: odds) {
                for index in block..<end { left[index] = 0 }
            }
            block = end
        }
        // The length reaches the disk apart from the blocks.
        if dice.isOne(in: 3), bytes.count > synced {
            left.removeLast(dice.roll(bytes.count - synced + 1))
        }
        return left
    }
}
