// SPDX-License-Identifier: Apache-2.0
// Which segments of a log count, and how much of each.

/// The segments that count, found by their headers.
///
/// Each header names the one before it, so the way goes from the newest back to the base. A segment
/// that began after a fault counts only with its whole checkpoint; else it and all behind it are
/// void, and what counts ends where its header says.
struct LogHistory {
    /// A segment that counts.
    struct Part {
        let segment: LoadedSegment
        /// Bytes of it that count, if they are whole.
        let limit: Int
    }

    private let files: any LogFiles
    /// Ascending.
    private(set) var parts: [Part] = []
    private(set) var base: UInt64 = 1
    /// All files that are segments by their names, ascending.
    let sequences: [UInt64]
    /// The log they belong to; nil if there is none.
    private(set) var log: UInt64?
    private(set) var losses: [LogLoss] = []
    /// Bytes before a fault that a power cut has taken.
    private(set) var cutByteCount = 0
    private let reading: LogReading

    /// Finds what counts.
    ///
    /// When repairing, what cannot be read is left out and noted.
    init(_ files: any LogFiles, _ reading: LogReading) throws(LogOpenError) {
        self.files = files
        self.reading = reading
        do throws(LogFileError) {
            sequences = try files.names().compactMap(SegmentName.sequence).sorted()
        } catch {
            throw .file(error)
        }
        if reading.isRepairing { try collectAll() } else { try walkBack() }
    }

    // MARK: The way back

    private mutating func walkBack() throws(LogOpenError) {
        guard var segment = try newest() else { return }
        var limit = segment.file.bytes.count
        base = segment.header.base
        while true {
            guard limit <= segment.file.bytes.count, limit >= SegmentHeader.byteCount else {
                throw .damaged(
                    LogPlace(file: segment.name, offset: segment.file.bytes.count),
                    .short
                )
            }
            parts.insert(Part(segment: segment, limit: limit), at: 0)
            let header = segment.header
            if header.flags.contains(.checkpoint),
                header.sequence > base || header.flags.contains(.reset)
            {
                if Self.isCompleted(header.sequence, in: parts) {
                    base = header.sequence
                    return
                }
                if header.flags.contains(.reset) { parts = [] }
            }
            guard header.previousSequence != 0, parts.isEmpty || header.sequence > base else {
                return
            }
            guard header.previousSequence < header.sequence else {
                throw .damaged(LogPlace(file: segment.name, offset: 0), .misplaced)
            }
            segment = try load(header.previousSequence)
            limit = self.limit(of: segment, before: header)
            cutByteCount = parts.isEmpty ? Int(clamping: header.previousLength) - limit : 0
            if parts.isEmpty { base = segment.header.base }
        }
    }

    /// The newest segment that was ever used.
    private mutating func newest() throws(LogOpenError) -> LoadedSegment? {
        for sequence in sequences.reversed() {
            do throws(LogOpenError) {
                return try load(sequence)
            } catch {
                // Without a whole header and without frames it was being made.
                guard case .damaged(_, .short) = error else { throw error }
            }
        }
        return nil
    }

    private mutating func load(_ sequence: UInt64) throws(LogOpenError) -> LoadedSegment {
        let name = SegmentName.name(sequence)
        guard sequences.contains(sequence) else { throw .segmentMissing(file: name) }
        let file: LogBytes
        do throws(LogFileError) { file = try files.read(name) } catch { throw .file(error) }
        let start = LogPlace(file: name, offset: 0)
        switch SegmentHeader.read(file.bytes) {
        case .newer(let version): throw .newerVersion(file: name, version)
        case .broken:
            let isUnused = file.bytes.count <= SegmentHeader.byteCount
            throw .damaged(start, isUnused ? .short : .header)
        case .whole(let header):
            guard header.sequence == sequence, header.base <= sequence else {
                throw .damaged(start, .misplaced)
            }
            if let log, log != header.log { throw .damaged(start, .foreign) }
            log = header.log
            return LoadedSegment(header: header, file: file)
        }
    }

    /// Whether segments, of which the first is that of a checkpoint, say that this is whole.
    ///
    /// What is behind broken bytes counts too: it says that those were on the disk.
    private static func isCompleted(_ checkpoint: UInt64, in parts: [Part]) -> Bool {
        for header in parts.dropFirst().map(\.segment.header)
        where !header.flags.contains(.reset) && header.base >= checkpoint { return true }
        var reader = RecordReader()
        for part in parts {
            var scan = SegmentScan(part.segment, limit: part.limit)
            while let frame = scan.nextWhole() {
                // It is written when all before it is on the disk, and says so.
                guard frame.head.reactor == LogFrameHead.writer, frame.head.isAfterSync else {
                    continue
                }
                reader.begin(frame.body, of: frame.head.reactor)
                // A record that means nothing is met again when the history is read.
                while let record = try? reader.read() {
                    if case .checkpointCompleted(checkpoint) = record { return true }
                }
            }
        }
        return false
    }

    // MARK: Repairing

    /// Takes all segments whose header is whole, from the base on.
    ///
    /// Which resets are void is decided over all of them first: only then is it known which segment
    /// is the newest that counts, and what it says of the base.
    private mutating func collectAll() throws(LogOpenError) {
        let all = try loadAll()
        var counting = all
        for first in all.reversed() where first.header.flags.contains(.checkpoint) {
            // It may have gone with an older one already.
            guard counting.contains(where: { $0.header.sequence == first.header.sequence }) else {
                continue
            }
            let behind = Self.followers(of: first, in: counting)
            let parts = counting.filter { behind.contains($0.header.sequence) }
                .map { Part(segment: $0, limit: limit(of: $0, in: all)) }
            if Self.isCompleted(first.header.sequence, in: parts) {
                base = first.header.sequence
                break
            }
            guard first.header.flags.contains(.reset) else { continue }
            counting.removeAll { behind.contains($0.header.sequence) }
        }
        base = max(base, counting.last?.header.base ?? 1)
        parts = counting.filter { $0.header.sequence >= base }
            .map { Part(segment: $0, limit: limit(of: $0, in: all)) }
        noteMissing()
    }

    /// All segments that can be read, ascending; the others are losses.
    private mutating func loadAll() throws(LogOpenError) -> [LoadedSegment] {
        var all: [LoadedSegment] = []
        for sequence in sequences {
            do throws(LogOpenError) {
                all.append(try load(sequence))
            } catch {
                guard case .damaged(let place, let reason) = error else { throw error }
                // The last one may have been in the making.
                if reason == .short, sequence == sequences.last { continue }
                losses.append(LogLoss(place: place, byteCount: nil, reason: reason))
            }
        }
        return all
    }

    /// The sequence numbers of a segment and of those that go on behind it.
    private static func followers(
        of segment: LoadedSegment,
        in all: [LoadedSegment]
    ) -> Set<UInt64> {
        var found: Set<UInt64> = [segment.header.sequence]
        // Ascending: whom a segment names has been decided about.
        for next in all where found.contains(next.header.previousSequence) {
            // A reset goes on with what counted before the fault; what it follows says its limit.
            found.insert(next.header.sequence)
        }
        return found
    }

    /// How much of a segment counts is what the newest one says that names it.
    private func limit(of segment: LoadedSegment, in all: [LoadedSegment]) -> Int {
        let follower = all.last { $0.header.previousSequence == segment.header.sequence }
        return follower.map { limit(of: segment, before: $0.header) } ?? segment.file.bytes.count
    }

    /// How much of a segment counts before another one.
    ///
    /// All of that is on the disk, but before a reset, which follows a fault: there a power cut, by
    /// which the machine was started anew, may have taken the last bytes.
    private func limit(of segment: LoadedSegment, before next: SegmentHeader) -> Int {
        let length = Int(clamping: next.previousLength)
        let isSameBoot = next.boot != 0 && next.boot == reading.boot
        guard next.flags.contains(.reset), !isSameBoot else { return length }
        return min(length, segment.file.bytes.count)
    }

    private mutating func noteMissing() {
        for (index, part) in parts.enumerated() {
            let header = part.segment.header
            guard header.sequence > base, header.previousSequence != 0,
                !header.flags.contains(.reset),
                index == 0 || parts[index - 1].segment.header.sequence != header.previousSequence
            else { continue }
            let name = SegmentName.name(header.previousSequence)
            // A file that is there and unreadable is noted already.
            guard !losses.contains(where: { $0.place.file == name }) else { continue }
            losses.append(
                LogLoss(
                    place: LogPlace(file: name, offset: 0),
                    byteCount: nil,
                    reason: .frameMissing
                )
            )
        }
    }
}

/// Something of a log that could not be kept.
package struct LogLoss: Sendable, Equatable, CustomStringConvertible {
    /// Where it was.
    package let place: LogPlace
    /// How much; nil for a whole file.
    package let byteCount: Int?
    /// What was wrong.
    package let reason: DamageReason

    package var description: String {
        let amount = byteCount.map { "\($0) bytes" } ?? "the file"
        return "\(place): \(reason.rawValue), \(amount) left out"
    }
}
