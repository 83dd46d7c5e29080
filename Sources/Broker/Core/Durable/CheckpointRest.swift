// SPDX-License-Identifier: Apache-2.0
// Who has yet to do its part of a checkpoint.

/// How many workers have yet to finish their part of a checkpoint, and of which.
///
/// After a fault another checkpoint begins while workers may still be at the one before: what they
/// finish of that does not count.
struct CheckpointRest: Sendable {
    private var number: UInt64 = 0
    private var workerCount = 0

    /// No checkpoint is under way.
    init() {}

    /// A checkpoint has begun, in which so many workers take part.
    init(number: UInt64, workerCount: Int) {
        self.number = number
        self.workerCount = workerCount
    }

    /// A worker has finished its part of a checkpoint; returns whether all of that is done now.
    mutating func finish(_ number: UInt64) -> Bool {
        guard number == self.number, workerCount > 0 else { return false }
        workerCount -= 1
        return workerCount == 0
    }
}
