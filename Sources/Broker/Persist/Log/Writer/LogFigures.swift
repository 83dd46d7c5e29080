// SPDX-License-Identifier: Apache-2.0
// What there is to know about the log while it is written.

/// Numbers about the log, for those who watch it.
package struct LogFigures: Sendable, Equatable {
    /// Bytes of all segments that count.
    package var byteCount: UInt64 = 0
    /// Segments that count.
    package var segmentCount = 0
    /// Bytes written since the broker has started, and in how many pieces.
    package var writtenByteCount: UInt64 = 0
    package var writeCount: UInt64 = 0
    /// The syncs since then that have worked.
    package var syncs = SyncDurations()
    /// Second since 1970 in which the last checkpoint was whole; 0 for none since the start.
    package var lastCheckpointAt: Int64 = 0
    /// How often something has failed since the start: a write, a sync, an attempt to begin anew.
    package var failureCount: UInt64 = 0
    /// Whether what is recorded is safe in time: nothing has failed, or all is on record again.
    package var isWorking = true
    /// Bytes of all reactors that wait to be written.
    package var waitingByteCount = 0

    package init() {}
}
