// SPDX-License-Identifier: Apache-2.0
// What the writer does, without its thread.

import Glibc

/// What the writer is asked to do, in this order.
enum LogJob: Sendable {
    /// To write the records of a reactor's turn; the reactor had begun its part of this checkpoint.
    case frame(FrameMemory, reactor: UInt8, number: UInt64, since: UInt64)
    /// To begin a checkpoint.
    case beginCheckpoint
    /// To end the checkpoint of this number: everything it needs has been handed over.
    case completeCheckpoint(UInt64)
    /// To sync in another way from now on.
    case setSyncing(LogSyncing)
    /// A sync in the background has ended.
    case synced(sequence: UInt64, offset: UInt64, LogFileError?, nanoseconds: Int64)
    /// To end the log.
    case close(WrittenDatabase?)
}

/// Writes frames into segments, and knows which of them are safe.
///
/// ```
///                write or sync fails              retried: new segment
///   working -------------------------> failed ------------------------> resuming
///      ^                                 ^   write or sync fails           |
///      |                                 +---------------------------------+
///      +-------------------------------------------------------------------+
///                         the checkpoint of that segment is whole
/// ```
/// While failed, what comes is thrown away. While resuming, it is written and nothing is called safe:
/// the new segment counts only together with its whole checkpoint (see `SegmentHeader.Flags.reset`).
/// What a reactor has recorded before its part of that has begun is thrown away too: the images have
/// what has come of it, and part of what belongs to it was lost.
/// Used by one thread; the time is handed in.
final class LogEngine {
    enum State: Equatable {
        case working
        case failed(retryAt: Int64)
        case resuming
        case closed
    }

    /// The segment that is written.
    struct Current {
        let file: SegmentFile
        let sequence: UInt64
        /// What the heads of its frames are mixed with.
        let mask: FrameMask
        /// Bytes in it.
        var length: UInt64
        /// Bytes of it that are on the disk.
        var syncedLength: UInt64
        /// What the last mark in it says about that.
        var markedLength: UInt64
        /// Bytes of it whose frames were called safe, whatever that meant then: they count.
        var safeLength: UInt64
    }

    let files: any LogFiles
    private(set) var options: LogOptions
    private let wallSeconds: () -> Int64
    private let nanoseconds: () -> Int64
    /// Starts a sync in the background; nil: all syncs are waited for.
    var startSync: ((any LogFile, _ sequence: UInt64, _ offset: UInt64) -> Void)?

    var state = State.working
    var position: LogPosition
    var current: Current?
    /// The checkpoint under way: the sequence number of its first segment.
    var checkpoint: UInt64?
    var isCheckpointWanted = false
    /// The segment since whose beginning nothing has failed.
    private var firstSequence: UInt64 = 0
    /// The checkpoint with which the log began anew the last time; 0 if it never did.
    private(set) var resetSequence: UInt64 = 0
    /// What counts while that is not whole: up to where of which segment.
    var countedEnd = LogSegment(sequence: 0, length: 0)
    private var retryDelay: Int64
    private var lastSyncAt: Int64 = 0
    private var lastLookAt: Int64 = 0
    /// When the sync in the background began.
    private(set) var syncStartedAt: Int64?
    var now: Int64 = 0

    private var frames: [(memory: FrameMemory, reactor: UInt8, number: UInt64)] = []
    /// Frames that will be safe when the checkpoint is whole, by reactor.
    private var held = [UInt64](repeating: 0, count: 256)
    private var control = RecordBuffer(any: LogFrameHead.writer)
    private var controlNumber: UInt64 = 0
    var events: [LogEvent] = []
    /// Memory of frames that were written.
    var spares: [FrameMemory] = []
    var figures = LogFigures()

    init(
        files: any LogFiles,
        options: LogOptions,
        position: LogPosition,
        wallSeconds: @escaping () -> Int64,
        nanoseconds: @escaping () -> Int64 = LogClock.monotonicNanoseconds
    ) {
        self.files = files
        self.options = options
        self.position = position
        self.wallSeconds = wallSeconds
        self.nanoseconds = nanoseconds
        retryDelay = options.retryNanoseconds.lowerBound
    }

    deinit {
        for frame in frames { frame.memory.free() }
        for spare in spares { spare.free() }
    }

    /// Begins the first segment and removes what is not needed any more.
    func start(now: Int64) throws(LogFileError) {
        self.now = now
        try files.makeFolder()
        // The next header promises that all of the segment before it is there.
        if position.previousSequence != 0, !position.isReset {
            try files.sync(SegmentName.name(position.previousSequence))
        }
        let flags: SegmentHeader.Flags = position.isReset ? [.checkpoint, .reset] : []
        try createSegment(flags)
        firstSequence = current?.sequence ?? 0
        if position.isReset {
            resume()
        } else {
            removeObsolete()
        }
        updateFigures()
    }

    /// Does the jobs; what has come of them is in `events` and `spares`.
    func run(_ jobs: [LogJob], now: Int64) {
        self.now = now
        retryIfDue()
        for job in jobs {
            if case .frame(let memory, let reactor, let number, let checkpoint) = job {
                if checkpoint >= resetSequence {
                    frames.append((memory, reactor, number))
                } else {
                    spares.append(memory)
                }
                continue
            }
            writeFrames()
            switch job {
            case .frame: break
            case .beginCheckpoint: beginCheckpoint()
            case .completeCheckpoint(let number): completeCheckpoint(number)
            case .setSyncing(let syncing): options.syncing = syncing
            case .synced(let sequence, let offset, let error, let nanoseconds):
                noteSync(sequence, offset, error, nanoseconds)
            case .close(let database): close(database)
            }
        }
        writeFrames()
        syncIfDue()
        lookForFile()
        wantCheckpoint()
        updateFigures()
    }

    /// When `run` is to be called though nobody asks for anything; nil: not at all.
    var deadline: Int64? {
        switch state {
        case .failed(let retryAt): retryAt
        case .working, .resuming:
            options.syncing == .everySecond && syncStartedAt == nil && isDirty
                ? lastSyncAt + Self.second : nil
        case .closed: nil
        }
    }

    /// Whether the disk is so far behind that nothing more should be written.
    func isSyncOverdue(at now: Int64) -> Bool {
        syncStartedAt.map { now - $0 > 2 * Self.second } ?? false
    }

    static let second: Int64 = 1_000_000_000

    /// Whether the disk has not got everything.
    private var isDirty: Bool { current.map { $0.syncedLength < $0.length } ?? false }

    // MARK: Frames

    /// Writes all frames that have come as one piece.
    private func writeFrames() {
        defer {
            spares.append(contentsOf: frames.lazy.map(\.memory))
            frames.removeAll(keepingCapacity: true)
        }
        guard !frames.isEmpty, state == .working || state == .resuming, var segment = current else {
            return
        }
        do throws(LogFileError) {
            if segment.markedLength < segment.syncedLength, segment.syncedLength < segment.length {
                try writeControl(.synced(offset: segment.syncedLength))
                segment = current ?? segment
                segment.markedLength = segment.syncedLength
            }
            let isAfterSync = segment.syncedLength == segment.length
            if isAfterSync { segment.markedLength = segment.length }
            var byteCount = 0
            let pieces = frames.indices.map { index in
                let offset = segment.length + UInt64(byteCount)
                let piece = seal(index, segment, offset, isAfterSync: isAfterSync && index == 0)
                byteCount += piece.count
                return piece
            }
            try segment.file.append(pieces)
            segment.length += UInt64(byteCount)
            current = segment
            noteWrite(byteCount)
            if options.syncing == .always { try syncCurrent() }
            confirmFrames()
            if segment.length >= options.segmentByteCount { try roll([]) }
        } catch {
            fail(error)
        }
    }

    private func seal(
        _ index: Int,
        _ segment: Current,
        _ offset: UInt64,
        isAfterSync: Bool
    ) -> UnsafeRawBufferPointer {
        let frame = frames[index]
        let head = LogFrameHead(
            bodyCount: frame.memory.count - LogFrameHead.byteCount,
            number: frame.number,
            reactor: frame.reactor,
            isAfterSync: isAfterSync
        )
        head.seal(frame.memory.base, segment.mask, at: Int(offset))
        return UnsafeRawBufferPointer(start: frame.memory.base, count: frame.memory.count)
    }

    private func confirmFrames() {
        for frame in frames { held[Int(frame.reactor)] = frame.number }
        if state == .working { confirmHeld() }
    }

    /// Calls safe what was written.
    private func confirmHeld() {
        if let length = current?.length { current?.safeLength = length }
        for reactor in held.indices where held[reactor] > 0 {
            events.append(.safe(reactor: UInt8(reactor), number: held[reactor]))
            held[reactor] = 0
        }
    }

    /// Writes a frame of the writer's own.
    func writeControl(_ record: LogRecord) throws(LogFileError) {
        guard var segment = current else { return }
        control.write(record)
        controlNumber += 1
        control.closeRecord()
        let byteCount = control.memory.count
        let head = LogFrameHead(
            bodyCount: byteCount - LogFrameHead.byteCount,
            number: controlNumber,
            reactor: LogFrameHead.writer,
            isAfterSync: segment.syncedLength == segment.length
        )
        head.seal(control.memory.base, segment.mask, at: Int(segment.length))
        defer { control.removeAll() }
        try segment.file.append([
            UnsafeRawBufferPointer(start: control.memory.base, count: byteCount)
        ])
        segment.length += UInt64(byteCount)
        current = segment
        noteWrite(byteCount)
    }

    private func noteWrite(_ byteCount: Int) {
        figures.writtenByteCount += UInt64(byteCount)
        figures.writeCount += 1
    }

    // MARK: Syncs

    /// Waits until the current segment is on the disk.
    func syncCurrent() throws(LogFileError) {
        guard var segment = current, segment.syncedLength < segment.length else { return }
        let begin = nanoseconds()
        try segment.file.sync()
        figures.syncs.note(nanoseconds() - begin)
        segment.syncedLength = segment.length
        current = segment
        lastSyncAt = now
    }

    private func syncIfDue() {
        guard options.syncing == .everySecond, state == .working || state == .resuming,
            syncStartedAt == nil, now - lastSyncAt >= Self.second, isDirty, let segment = current
        else { return }
        guard let startSync else {
            do throws(LogFileError) { try syncCurrent() } catch { fail(error) }
            return
        }
        lastSyncAt = now
        syncStartedAt = now
        startSync(segment.file, segment.sequence, segment.length)
    }

    private func noteSync(
        _ sequence: UInt64,
        _ offset: UInt64,
        _ error: LogFileError?,
        _ nanoseconds: Int64
    ) {
        syncStartedAt = nil
        if let error {
            // Of a segment that was given up it is no news.
            if sequence >= firstSequence, state == .working || state == .resuming { fail(error) }
            return
        }
        figures.syncs.note(nanoseconds)
        guard var segment = current, segment.sequence == sequence else { return }
        segment.syncedLength = max(segment.syncedLength, offset)
        current = segment
    }

    /// Once a second in which something is written: whether the file still has a name.
    private func lookForFile() {
        guard now - lastLookAt >= Self.second, state == .working || state == .resuming,
            let segment = current
        else { return }
        lastLookAt = now
        guard segment.file.isRemoved() else { return }
        fail(LogFileError("write", SegmentName.name(segment.sequence), code: ENOENT))
    }

    // MARK: Faults

    /// Gives the current segment up.
    func fail(_ error: LogFileError) {
        if state == .working, let segment = current {
            endHistory(segment, segment.safeLength)
        } else if state == .resuming {
            giveUpReset()
        }
        current = nil
        checkpoint = nil
        held = [UInt64](repeating: 0, count: 256)
        figures.failureCount += 1
        retryLater()
        events.append(.failed(error))
    }

    private func retryIfDue() {
        guard case .failed(let retryAt) = state, now >= retryAt else { return }
        do throws(LogFileError) {
            try files.makeFolder()
            try createSegment([.checkpoint, .reset])
            firstSequence = current?.sequence ?? 0
            resume()
        } catch {
            figures.failureCount += 1
            retryLater()
        }
    }

    /// The segment that has just begun is a reset: its checkpoint has to be made.
    private func resume() {
        guard let sequence = current?.sequence else { return }
        state = .resuming
        countedEnd = LogSegment(
            sequence: position.previousSequence,
            length: position.previousLength
        )
        checkpoint = sequence
        resetSequence = sequence
        events.append(.resumed(checkpoint: sequence))
    }

    private func retryLater() {
        // A disk that fails may have taken its time about it.
        now = max(now, nanoseconds())
        state = .failed(retryAt: now + retryDelay)
        retryDelay = min(retryDelay * 2, options.retryNanoseconds.upperBound)
    }

    // MARK: The end of a checkpoint and of the log

    func completeCheckpoint(_ number: UInt64) {
        guard checkpoint == number, state == .working || state == .resuming else { return }
        do throws(LogFileError) {
            // The record stands behind what is on the disk, so that it is marked: damage before it
            // is not taken for the end of a reset that was never whole.
            try syncCurrent()
            try writeControl(.checkpointCompleted(number))
            try syncCurrent()
            checkpoint = nil
            isCheckpointWanted = false
            position.base = number
            if state == .resuming {
                state = .working
                retryDelay = options.retryNanoseconds.lowerBound
            }
            confirmHeld()
            position.checkpointByteCount = byteCount(from: number)
            // Even if the disk has no room for another header.
            removeObsolete()
            figures.lastCheckpointAt = wallSeconds()
            events.append(.checkpointCompleted(number))
            // Its header says where the log begins, so that no record needs to be looked for.
            try roll([])
        } catch {
            fail(error)
        }
    }

    private func close(_ database: WrittenDatabase?) {
        var isClean = false
        if state == .working {
            do throws(LogFileError) {
                // Whoever is connected leaves now.
                try writeControl(.clock(wallSeconds()))
                try writeControl(.cleanShutdown(database))
                try syncCurrent()
                isClean = true
            } catch {
                fail(error)
            }
        }
        if state == .working, let segment = current { endHistory(segment, segment.length) }
        current = nil
        state = .closed
        events.append(.closed(isClean: isClean))
    }

    /// The header of a segment that is about to begin.
    func header(_ flags: SegmentHeader.Flags) -> SegmentHeader {
        SegmentHeader(
            log: position.log,
            sequence: position.nextSequence,
            base: flags.contains(.reset) ? position.nextSequence : position.base,
            previousSequence: position.previousSequence,
            previousLength: position.previousLength,
            incarnation: position.incarnation,
            flags: flags,
            boot: options.boot,
            createdAt: wallSeconds(),
            checkpointByteCount: position.checkpointByteCount
        )
    }
}
