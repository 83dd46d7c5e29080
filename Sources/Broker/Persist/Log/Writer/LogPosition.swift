// SPDX-License-Identifier: Apache-2.0
// Where a log goes on that was read before.

/// Where a log goes on that was read before.
package struct LogPosition: Sendable, Equatable {
    /// Its number.
    package var log: UInt64
    /// The sequence number of the next segment.
    package var nextSequence: UInt64
    /// The first segment that is needed.
    package var base: UInt64
    /// The last segment that counts; 0 for none.
    package var previousSequence: UInt64 = 0
    /// How many bytes of it count.
    package var previousLength: UInt64 = 0
    /// How often the broker has started, this time included.
    package var incarnation: UInt64 = 1
    /// Bytes the log had when its last checkpoint was whole.
    package var checkpointByteCount: UInt64 = 0
    /// Segments that count, with their lengths.
    package var segments: [LogSegment] = []
    /// Segments that do not count any more and can be removed.
    package var obsolete: [UInt64] = []
    /// Whether what was read is not all there was: the log begins anew with a checkpoint.
    package var isReset = false

    /// A log that has nothing yet.
    package init(log: UInt64) {
        self.log = log
        nextSequence = 1
        base = 1
    }
}
