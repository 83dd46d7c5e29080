// SPDX-License-Identifier: Apache-2.0
// The journal: changes that are on disk but not yet in the state file.

import Glibc
import JSON
import SafeFiles

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
    private var file: JournalFile?
    /// Whether the file's name is on the disk too.
    private var isNameSafe = true
    /// A journal as long as this holds thousands of changes.
    private static let longLength = 4 * 1_024 * 1_024

    /// The path of the journal.
    static func path(of statePath: String) -> String { statePath + ".journal" }

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
        let bytes: ArraySlice<UInt8>
        do {
            // Behind the records there are zeros.
            let all = try File.read(path)
            bytes = all[..<((all.lastIndex { $0 != 0 } ?? -1) + 1)]
        } catch {
            if error.code != ENOENT { log(.error, "dynsec: Error: \(error)") }
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
    private static func keepDamaged(
        _ bytes: ArraySlice<UInt8>,
        path: String,
        log: (LogLevel, String) -> Void
    ) {
        let copy = path + ".damaged"
        log(
            .error,
            "dynsec: Error: '\(path)' is damaged; changes behind the damage are lost, '\(copy)' keeps them."
        )
        do throws(FileError) {
            try File.replace(copy, with: Array(bytes))
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
            log(.error, "dynsec: Error: \(FileError("rename", path))")
        }
    }

    // MARK: - Appending

    /// Puts records on the disk; when this throws, none of them will be there after a restart.
    mutating func append(_ records: [JournalRecord]) throws(FileError) {
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

    private mutating func append(_ text: [UInt8]) throws(FileError) {
        try open()
        if !isNameSafe {
            // After a power failure the file would not be found, or an older one in its place.
            try File.syncFolder(of: path)
            isNameSafe = true
        }
        do throws(FileError) {
            try file?.append(text)
        } catch {
            // Opening it again cuts off what may be left of the text.
            close()
            throw error
        }
        length = file?.length ?? length
    }

    private mutating func open() throws(FileError) {
        guard file == nil else { return }
        guard length < 0 else {
            file = try JournalFile(opening: path, length: length)
            return
        }
        var new = try JournalFile(opening: path, length: 0)
        do throws(FileError) {
            try new.append(Journal.baseLine(base, sequence: sequence))
        } catch {
            new.close()
            throw error
        }
        use(new)
    }

    private mutating func use(_ new: JournalFile) {
        close()
        length = new.length
        file = new
        isNameSafe = false
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
        file?.close()
        file = nil
    }

    // MARK: - Compaction

    /// Where the journal stands; what is before is in the state as it is now.
    var mark: Mark { Mark(sequence: sequence, offset: max(length, 0)) }

    /// Says that a state file with this fingerprint, which is not in its place yet, holds the changes up to a mark.
    mutating func announce(_ digest: Digest, at mark: Mark) throws(FileError) {
        try append(Journal.baseLine(digest, sequence: mark.sequence))
    }

    /// Takes note that the announced file is in its place.
    mutating func rebase(on digest: Digest, at mark: Mark) {
        base = digest
        hasChanges = sequence > mark.sequence
    }

    /// Whether the journal is to be written anew without what the state file holds.
    ///
    /// Those who change something wait while that is finished, so under load it is left until there is something to
    /// gain.
    var isWorthShortening: Bool { !hasChanges || length > Journal.longLength }

    /// Begins a shorter journal: the text it starts with, and how much of this one that covers.
    mutating func beginShortening(
        at mark: Mark
    ) throws(FileError) -> (text: [UInt8], covered: Int) {
        try open()
        let tail = try file?.read(from: mark.offset) ?? []
        return (Journal.baseLine(base, sequence: mark.sequence) + tail, max(length, 0))
    }

    /// Puts a shorter journal in place of this one, with what has been appended meanwhile.
    mutating func finishShortening(
        with shorter: JournalFile,
        from temporary: String,
        covered: Int
    ) throws(FileError) {
        var new = shorter
        do throws(FileError) {
            // It is closed after trouble with the disk; nothing of it must be missed.
            try open()
            let rest = try file?.read(from: covered) ?? []
            if !rest.isEmpty { try new.append(rest) }
            guard rename(temporary, path) == 0 else { throw FileError("rename", temporary) }
        } catch {
            new.close()
            throw error
        }
        new.path = path
        use(new)
        try File.syncFolder(of: path)
        isNameSafe = true
    }

    /// The path of the journal.
    var path: String { Journal.path(of: statePath) }

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
