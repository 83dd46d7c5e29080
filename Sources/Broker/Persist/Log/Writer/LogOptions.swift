// SPDX-License-Identifier: Apache-2.0
// How the log is written, and what is said about it.

/// When records are safe.
package enum LogSyncing: Sendable, Equatable, CaseIterable {
    /// When the disk has them.
    case always
    /// When the kernel has them; the disk gets them every second.
    case everySecond
    /// When the kernel has them; the disk gets them when that likes.
    case never
}

/// How the log is written.
package struct LogOptions: Sendable {
    package var syncing: LogSyncing
    /// Bytes of one reactor that may wait for the writer.
    package var bufferByteCountMax = 16 << 20
    /// A segment is closed when it has so many bytes.
    package var segmentByteCount: UInt64 = 64 << 20
    /// The log has so many bytes when the first checkpoint is wanted.
    package var firstCheckpointByteCount: UInt64 = 64 << 20
    /// A number that is another one after the machine was started anew; 0: unknown.
    package var boot: UInt64 = 0
    /// Nanoseconds before a failed write is tried again, the first time and at most.
    package var retryNanoseconds: ClosedRange<Int64> = 100_000_000...10_000_000_000

    package init(syncing: LogSyncing) { self.syncing = syncing }
}

/// One file of the log.
package struct LogSegment: Sendable, Hashable {
    package var sequence: UInt64
    /// Bytes of it that count.
    package var length: UInt64
}

/// What the writer tells, on its own thread.
package enum LogEvent: Sendable, Equatable {
    /// A reactor's records are safe up to this frame.
    case safe(reactor: UInt8, number: UInt64)
    /// Writing has failed: what was not called safe is lost, and nothing is taken until a checkpoint
    /// has begun.
    case failed(LogFileError)
    /// Writing works again: everything has to be recorded in this checkpoint, before the end of which
    /// nothing is safe.
    case resumed(checkpoint: UInt64)
    /// The log has grown: it is time for a checkpoint.
    case checkpointWanted
    /// A checkpoint has begun: what is handed over from now on is behind its beginning.
    case checkpointBegan(UInt64)
    /// A checkpoint is whole, and what was before it is gone.
    case checkpointCompleted(UInt64)
    /// All is written; whether the log ends as it should.
    case closed(isClean: Bool)
}
