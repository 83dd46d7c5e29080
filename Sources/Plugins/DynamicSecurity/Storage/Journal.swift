// SPDX-License-Identifier: Apache-2.0
// The journal: changes that are on disk but not yet in the state file.

import Glibc

/// One command's changes on their way to the journal.
struct JournalRecord: Sendable {
    /// The state's change index afterwards.
    let changeIndex: Int
    /// What to apply, in order.
    let changes: [Change]
}

/// The file of changes beside the state file, appended to and fsynced before a change is answered.
///
/// ```
/// 5f1e03aa {"base":"<SHA-256 of a state file>","seq":12}     changes up to 12 are in that file
/// 91c2d04e {"seq":13,"changeIndex":7,"changes":[…]}          one record per command
/// ```
///
/// Each line begins with the CRC-32 of the rest. A line that a crash cut off fails its check and
/// ends the journal; it was never answered. Whichever state file is found at start, the base line
/// with its fingerprint says where to go on, so that a crash between writing the file, renaming
/// it and shortening the journal cannot lose or repeat anything. A file that no base line knows
/// was put there by somebody else: it counts, and the journal is set aside.
struct Journal: Sendable {
    /// Where a compaction found the journal.
    struct Mark: Sendable {
        /// The last change that the written state holds.
        let sequence: Int
        /// The length of the journal at that time.
        let offset: Int
    }

    /// The path of the state file.
    let statePath: String
    private(set) var sequence: Int
    /// The number of bytes known to be good; negative while there is no file.
    private(set) var length: Int
    private var base: Digest
    private var descriptor: Int32 = -1

    /// The path of the journal.
    static func path(of statePath: String) -> String { statePath + ".journal" }

    private var path: String { Journal.path(of: statePath) }

    /// Whether there are changes that the state file lacks.
    private(set) var hasChanges: Bool

    private init(statePath: String, base: Digest, sequence: Int, length: Int, hasChanges: Bool) {
        self.statePath = statePath
        self.base = base
        self.sequence = sequence
        self.length = length
        self.hasChanges = hasChanges
    }

    // MARK: - Start

    /// A journal beside a file that could not be read; nothing is ever appended to it.
    static func empty(_ statePath: String) -> Journal {
        Journal(statePath: statePath, base: .none, sequence: 0, length: -1, hasChanges: false)
    }

    /// Brings a state that was read from its file up to date.
    static func recover(
        _ model: inout Model,
        from statePath: String,
        base: Digest,
        log: (LogLevel, String) -> Void
    ) -> Journal {
        let path = path(of: statePath)
        var journal = Journal(
            statePath: statePath,
            base: base,
            sequence: 0,
            length: -1,
            hasChanges: false
        )
        let bytes: [UInt8]
        do {
            bytes = try File.read(path)
        } catch {
            if error.number != ENOENT { log(.error, "dynsec: Error: \(error)") }
            return journal
        }
        let scan = JournalScan(bytes, base: base)
        if scan.isDamaged {
            Journal.keepDamaged(bytes, path: path, log: log)
        } else if scan.goodLength < bytes.count {
            log(.notice, "dynsec: '\(path)' ends with an unfinished record, which is dropped.")
        }
        guard let firstSequence = scan.firstSequence else {
            if scan.hasRecords { journal.setAside(log) }
            return journal
        }
        var replayed = 0
        for record in scan.records where record.sequence > firstSequence {
            record.apply(to: &model)
            replayed += 1
        }
        if replayed > 0 { log(.info, "dynsec: \(replayed) changes read from '\(path)'.") }
        journal.sequence = scan.lastSequence
        journal.length = scan.goodLength
        journal.hasChanges = replayed > 0
        return journal
    }

    /// Leaves a copy of a journal that has whole records behind a broken one, which no crash explains.
    private static func keepDamaged(_ bytes: [UInt8], path: String, log: (LogLevel, String) -> Void)
    {
        let copy = path + ".damaged"
        log(
            .error,
            "dynsec: Error: '\(path)' is damaged; changes behind the damage are lost, '\(copy)' keeps them."
        )
        do throws(SystemError) {
            try File.replace(copy, with: bytes)
        } catch {
            log(.error, "dynsec: Error: \(error)")
        }
    }

    private func setAside(_ log: (LogLevel, String) -> Void) {
        let aside = path + ".unused"
        log(
            .warning,
            "dynsec: Warning: '\(path)' belongs to another version of '\(statePath)' and is set aside as '\(aside)'."
        )
        if rename(path, aside) != 0 {
            log(.error, "dynsec: Error: \(SystemError("rename \(path)"))")
        }
    }

    // MARK: - Appending

    /// Puts records on the disk; when this throws, none of them will be there after a restart.
    mutating func append(_ records: [JournalRecord]) throws(SystemError) {
        try open()
        var text: [UInt8] = []
        var last = sequence
        for record in records {
            last += 1
            text += Journal.line { $0.record(record, sequence: last) }
        }
        try append(text)
        sequence = last
        hasChanges = true
    }

    private mutating func append(_ text: [UInt8]) throws(SystemError) {
        do throws(SystemError) {
            try File.write(text, to: descriptor, path: path)
            guard fdatasync(descriptor) == 0 else { throw SystemError("fsync \(path)") }
        } catch {
            // What reached the file must not come back after a restart, and must not be in the
            // way of the next record.
            if ftruncate(descriptor, length) != 0 { close() }
            throw error
        }
        length += text.count
    }

    private mutating func open() throws(SystemError) {
        guard descriptor < 0 else { return }
        descriptor = try File.openForAppending(path)
        do throws(SystemError) {
            guard ftruncate(descriptor, max(length, 0)) == 0 else {
                throw SystemError("truncate \(path)")
            }
            guard length < 0 else { return }
            length = 0
            try append(Journal.baseLine(base, sequence: sequence))
            try File.syncFolder(of: path)
        } catch {
            if length == 0 { length = -1 }
            close()
            throw error
        }
    }

    /// Ends the use of the journal; one that says nothing the state file does not say is removed.
    mutating func finish() {
        close()
        guard !hasChanges, length >= 0 else { return }
        _ = unlink(path)
        length = -1
    }

    /// Closes the file; it is opened again when needed.
    private mutating func close() {
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
        descriptor = -1
    }

    // MARK: - Compaction

    /// Where the journal stands; what is before is in the state as it is now.
    var mark: Mark { Mark(sequence: sequence, offset: max(length, 0)) }

    /// Makes a written state file the current one and drops the records it holds.
    ///
    /// - Parameter temporary: The path of the file, written and fsynced.
    mutating func rebase(
        on digest: Digest,
        from temporary: String,
        at mark: Mark
    ) throws(SystemError) {
        try open()
        let tail = try File.read(
            descriptor,
            from: mark.offset,
            count: length - mark.offset,
            path: path
        )
        let line = Journal.baseLine(digest, sequence: mark.sequence)
        try append(line)
        try File.rename(temporary, to: statePath)
        base = digest
        try File.replace(path, with: line + tail)
        close()
        length = line.count + tail.count
        hasChanges = sequence > mark.sequence
    }

    private static func baseLine(_ digest: Digest, sequence: Int) -> [UInt8] {
        line { writer in
            writer.beginObject()
            writer.key("base")
            writer.string(digest.text)
            writer.key("seq")
            writer.integer(sequence)
            writer.endObject()
        }
    }

    private static func line(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(formatted: false)
        body(&writer)
        let check = writer.bytes.withUnsafeBufferPointer { CRC32.hexadecimal(of: $0) }
        return check + [UInt8(ascii: " ")] + writer.bytes + [UInt8(ascii: "\n")]
    }
}

extension JSONWriter {
    fileprivate mutating func record(_ record: JournalRecord, sequence: Int) {
        beginObject()
        key("seq")
        integer(sequence)
        key("changeIndex")
        integer(record.changeIndex)
        key("changes")
        beginArray()
        for change in record.changes { self.change(change) }
        endArray()
        endObject()
    }
}

/// The result of reading a journal.
private struct JournalScan {
    /// A record of changes that was read back.
    struct Record {
        let sequence: Int
        let document: JSONDocument

        /// Repeats the changes on a state.
        func apply(to model: inout Model) {
            var transaction = Transaction()
            document.withRoot { node in
                for node in node["changes"].map({ Array($0.children) }) ?? [] {
                    if let change = node.change(for: model) {
                        transaction.apply(change, to: &model)
                    }
                }
                model.changeIndex = node["changeIndex"]?.wideInteger ?? model.changeIndex
            }
        }
    }

    /// The records of changes, in order.
    var records: [Record] = []
    /// The last change held by the state file that is there; nil when no base line knows the file.
    var firstSequence: Int?
    var lastSequence = 0
    /// The length of the part that passes its checks.
    var goodLength = 0
    /// Whether whole records follow a broken one.
    var isDamaged = false
    /// Whether there is anything to lose.
    var hasRecords: Bool { !records.isEmpty }

    init(_ bytes: [UInt8], base: Digest) {
        bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            var isBroken = false
            while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Bytes(rebasing: bytes[start..<end])
                start = end + 1
                if isBroken {
                    isDamaged = isDamaged || JournalScan.document(in: line) != nil
                } else if add(line, base: base) {
                    goodLength = start
                } else {
                    isBroken = true
                }
            }
        }
    }

    /// What a line holds; nil when it fails its check.
    private static func document(in line: Bytes) -> JSONDocument? {
        guard line.count > 9, line[8] == UInt8(ascii: " ") else { return nil }
        let text = Bytes(rebasing: line[9...])
        guard CRC32.hexadecimal(of: text).elementsEqual(line[..<8]) else { return nil }
        return JSONDocument(parsingExactly: text)
    }

    private mutating func add(_ line: Bytes, base: Digest) -> Bool {
        guard let document = JournalScan.document(in: line) else { return false }
        let (sequence, digest) = document.withRoot { ($0["seq"]?.wideInteger, $0["base"]?.string) }
        guard let sequence else { return false }
        lastSequence = max(lastSequence, sequence)
        if let digest {
            if digest == base.text { firstSequence = sequence }
        } else {
            records.append(Record(sequence: sequence, document: document))
        }
        return true
    }
}

/// The usual 32-bit cyclic redundancy check.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320
        }
    }

    /// The check of some bytes, as eight digits.
    static func hexadecimal(of bytes: Bytes) -> [UInt8] {
        var check = UInt32.max
        table.withUnsafeBufferPointer { table in
            for byte in bytes { check = check >> 8 ^ table[Int((check ^ UInt32(byte)) & 0xFF)] }
        }
        let digits = Array("0123456789abcdef".utf8)
        return stride(from: 28, through: 0, by: -4).map { digits[Int(~check >> $0 & 15)] }
    }
}
