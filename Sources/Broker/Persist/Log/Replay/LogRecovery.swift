// SPDX-License-Identifier: Apache-2.0
// Reads a log and says where it goes on.

import Inflight

/// How a log is to be read.
package struct LogReading: Sendable {
    /// Keeps what can be read of a damaged log, instead of refusing it.
    package var isRepairing = false
    /// As in `LogOptions`.
    package var boot: UInt64 = 0
    /// Second since 1970 in which the broker starts; 0: the last one of which the log knows.
    ///
    /// If the one before did not end as it should, those who were connected leave now.
    package var startedAt: Int64 = 0
    /// Is told from time to time how many bytes have been read, and of how many.
    package var progress: (@Sendable (_ count: Int, _ total: Int) -> Void)?

    package init(isRepairing: Bool = false, boot: UInt64 = 0, startedAt: Int64 = 0) {
        self.isRepairing = isRepairing
        self.boot = boot
        self.startedAt = startedAt
    }
}

/// Reads the frames that count, in order.
struct LogRecovery {
    private let reading: LogReading
    private let history: LogHistory
    private var replay = LogReplay()
    private var reader = RecordReader()
    private var numbers = FrameNumbers()
    private var losses: [LogLoss]
    /// Bytes at the end that were no whole frame.
    private var cutByteCount = 0
    private var segments: [LogSegment] = []
    private var byteCount = 0
    /// Bytes of all segments.
    private let totalCount: Int

    /// Reads all of a log.
    static func run(
        _ files: any LogFiles,
        _ reading: LogReading,
        newLog: UInt64
    ) throws(LogOpenError) -> RecoveredLog {
        var recovery = try LogRecovery(files, reading)
        return try recovery.run(newLog)
    }

    private init(_ files: any LogFiles, _ reading: LogReading) throws(LogOpenError) {
        self.reading = reading
        history = try LogHistory(files, reading)
        totalCount = history.parts.reduce(0) { $0 + $1.limit }
        losses = history.losses
        cutByteCount = history.cutByteCount
    }

    private mutating func run(_ newLog: UInt64) throws(LogOpenError) -> RecoveredLog {
        var incarnation: UInt64?
        for (index, part) in history.parts.enumerated() {
            let header = part.segment.header
            if let incarnation, incarnation != header.incarnation {
                replay.beginIncarnation(at: header.createdAt)
            }
            if incarnation != header.incarnation || header.flags.contains(.reset) {
                numbers = FrameNumbers()
            }
            incarnation = header.incarnation
            replay.beginSegment(at: header.createdAt)
            let end = try read(part, isLast: index == history.parts.count - 1)
            byteCount += end
            segments.append(LogSegment(sequence: header.sequence, length: UInt64(end)))
        }
        // What nobody has done yet is what the next one begins with.
        replay.restart(at: reading.startedAt)
        return RecoveredLog(
            replay,
            files: history.parts.map(\.segment.file),
            position: position(newLog),
            losses: losses,
            cutByteCount: cutByteCount,
            byteCount: byteCount
        )
    }

    private func position(_ newLog: UInt64) -> LogPosition {
        var position = LogPosition(log: history.log ?? newLog)
        position.nextSequence = (history.sequences.last ?? 0) + 1
        position.base = history.parts.isEmpty ? position.nextSequence : history.base
        position.segments = segments
        position.isReset = !losses.isEmpty
        // Without a loss it is void, older than the base, or was in the making. What could not be read
        // is a loss, so that nothing is removed before a new checkpoint is whole.
        position.obsolete = history.sequences.filter { sequence in
            !segments.contains { $0.sequence == sequence }
        }
        guard let last = history.parts.last, let end = segments.last else { return position }
        position.previousSequence = end.sequence
        position.previousLength = end.length
        position.incarnation = last.segment.header.incarnation + 1
        position.checkpointByteCount = last.segment.header.checkpointByteCount
        return position
    }

    // MARK: Frames

    /// Reads the frames of a segment; returns how many bytes of it count.
    private mutating func read(
        _ part: LogHistory.Part,
        isLast: Bool
    ) throws(LogOpenError) -> Int {
        var scan = SegmentScan(part.segment, limit: part.limit)
        if part.limit > part.segment.file.bytes.count {
            try lose(part, part.segment.file.bytes.count, nil, .short)
        }
        while true {
            switch scan.next() {
            case .end: return scan.offset
            case .frame(let frame):
                try apply(frame, part)
                reading.progress?(min(byteCount + scan.offset, totalCount), totalCount)
            case .broken:
                let start = scan.offset
                if isLast, isTorn(scan, part) {
                    cutByteCount += scan.limit - start
                    return start
                }
                guard reading.isRepairing else {
                    throw .damaged(LogPlace(file: part.segment.name, offset: start), .frame)
                }
                let isFound = scan.skipBroken(numbers)
                let end = isFound ? scan.offset : scan.limit
                try lose(part, start, end - start, .frame)
                if !isFound { return start }
            }
        }
    }

    private mutating func apply(
        _ frame: LoadedFrame,
        _ part: LogHistory.Part
    ) throws(LogOpenError) {
        switch numbers.accept(frame.head) {
        case .repeated: return
        case .gap: try lose(part, frame.offset, 0, .frameMissing)
        case .next: break
        }
        reader.begin(frame.body, of: frame.head.reactor)
        do throws(MalformedRecord) {
            while let record = try reader.read() { replay.apply(record, reader) }
        } catch {
            try lose(part, frame.offset, frame.body.count, .record)
        }
    }

    /// Notes a loss, or refuses it.
    private mutating func lose(
        _ part: LogHistory.Part,
        _ offset: Int,
        _ byteCount: Int?,
        _ reason: DamageReason
    ) throws(LogOpenError) {
        let place = LogPlace(file: part.segment.name, offset: offset)
        guard reading.isRepairing else { throw .damaged(place, reason) }
        losses.append(LogLoss(place: place, byteCount: byteCount, reason: reason))
    }

    /// Whether bytes that are no whole frame can be the end of what a power cut, or a killed broker,
    /// has let reach the disk: nothing behind them says that they were on it.
    private func isTorn(_ scan: SegmentScan, _ part: LogHistory.Part) -> Bool {
        let start = UInt64(scan.offset)
        let boot = part.segment.header.boot
        let isSameBoot = boot != 0 && boot == reading.boot
        var rest = scan
        var later = RecordReader()
        while rest.skipBroken(numbers) {
            // While the machine runs, what was written stays in its order.
            if isSameBoot { return false }
            while case .frame(let frame) = rest.next() {
                if frame.head.isAfterSync { return false }
                guard frame.head.reactor == LogFrameHead.writer else { continue }
                later.begin(frame.body, of: frame.head.reactor)
                while let record = try? later.read() {
                    if case .synced(let offset) = record, offset > start { return false }
                }
            }
            guard rest.offset < rest.limit else { break }
        }
        // What was not looked at may say so.
        return !rest.isSearchOver
    }
}
