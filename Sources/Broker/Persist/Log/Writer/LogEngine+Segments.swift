// SPDX-License-Identifier: Apache-2.0
// Segments begin, end and go.

extension LogEngine {
    /// Closes the current segment and begins the next one.
    func roll(_ flags: SegmentHeader.Flags) throws(LogFileError) {
        // What follows in another file may only be there if all of this one is.
        try syncCurrent()
        if let segment = current { endHistory(segment, segment.length) }
        current = nil
        try createSegment(flags)
    }

    /// What counts ends with so many bytes of a segment.
    func endHistory(_ segment: Current, _ length: UInt64) {
        position.previousSequence = segment.sequence
        position.previousLength = length
        position.segments.removeAll { $0.sequence == segment.sequence }
        position.segments.append(LogSegment(sequence: segment.sequence, length: length))
    }

    /// Makes the file of the next segment; header and name are on the disk when this returns.
    func createSegment(_ flags: SegmentHeader.Flags) throws(LogFileError) {
        let header = header(flags)
        let name = SegmentName.name(header.sequence)
        // Also the name of one that fails is not used again.
        position.nextSequence += 1
        let file = SegmentFile(try files.create(name))
        do throws(LogFileError) {
            let bytes = header.bytes
            let memory = UnsafeMutableRawBufferPointer.allocate(
                byteCount: bytes.count,
                alignment: 16
            )
            defer { memory.deallocate() }
            memory.copyBytes(from: bytes)
            try file.append([UnsafeRawBufferPointer(memory)])
            try file.sync()
            try files.syncFolder()
        } catch {
            // It has no frame: if it stays, it is passed over.
            do throws(LogFileError) { try files.remove(name) } catch {
                position.obsolete.append(header.sequence)
            }
            throw error
        }
        let length = UInt64(SegmentHeader.byteCount)
        current = Current(
            file: file,
            sequence: header.sequence,
            mask: FrameMask(log: header.log, sequence: header.sequence),
            length: length,
            syncedLength: length,
            markedLength: length,
            safeLength: length
        )
        figures.writtenByteCount += length
    }

    /// Begins a checkpoint with a segment of its own.
    func beginCheckpoint() {
        guard state == .working, checkpoint == nil else { return }
        do throws(LogFileError) {
            try roll(.checkpoint)
            checkpoint = current?.sequence
            if let checkpoint { events.append(.checkpointBegan(checkpoint)) }
        } catch {
            fail(error)
        }
    }

    /// Removes the segments before the base, the oldest first.
    func removeObsolete() {
        let base = position.base
        position.obsolete += position.segments.filter { $0.sequence < base }.map(\.sequence)
        position.obsolete.sort()
        position.segments.removeAll { $0.sequence < base }
        position.obsolete.removeAll { sequence in
            do throws(LogFileError) {
                try files.remove(SegmentName.name(sequence))
                return true
            } catch {
                // The next checkpoint tries again.
                return false
            }
        }
    }

    /// Removes a reset that will never be whole, and what follows it: on a full disk the next one
    /// needs the room.
    ///
    /// The last one first, so that what is left at any moment is void and hangs together.
    func giveUpReset() {
        assert(state == .resuming, "its checkpoint is not whole")
        position.previousSequence = countedEnd.sequence
        position.previousLength = countedEnd.length
        position.obsolete += position.segments.map(\.sequence).filter { $0 >= resetSequence }
        position.segments.removeAll { $0.sequence >= resetSequence }
        if let segment = current { position.obsolete.append(segment.sequence) }
        position.obsolete.sort()
        do throws(LogFileError) {
            while let last = position.obsolete.last, last >= resetSequence {
                try files.remove(SegmentName.name(last))
                position.obsolete.removeLast()
                if last > resetSequence { try files.syncFolder() }
            }
        } catch {
            // They go when a checkpoint is whole.
        }
    }

    /// Bytes of the log from a segment on.
    func byteCount(from sequence: UInt64) -> UInt64 {
        let closed = position.segments.lazy.filter { $0.sequence >= sequence }
        return closed.reduce(current?.length ?? 0) { $0 + $1.length }
    }

    /// Asks for a checkpoint once when the log has grown to twice what the last one left.
    func wantCheckpoint() {
        guard state == .working, checkpoint == nil, !isCheckpointWanted else { return }
        let limit = max(options.firstCheckpointByteCount, 2 * position.checkpointByteCount)
        guard byteCount(from: position.base) >= limit else { return }
        isCheckpointWanted = true
        events.append(.checkpointWanted)
    }

    func updateFigures() {
        figures.byteCount = byteCount(from: position.base)
        figures.segmentCount =
            position.segments.count { $0.sequence >= position.base } + (current == nil ? 0 : 1)
        figures.isWorking = state == .working
    }
}
