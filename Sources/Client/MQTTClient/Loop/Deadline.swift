// SPDX-License-Identifier: Apache-2.0
// Points in time after which nobody waits any longer.

/// A point in time on the clock that only goes forward.
package struct Deadline: Sendable {
    private let instant: ContinuousClock.Instant

    /// The deadline that is `duration` from now.
    package init(in duration: Duration) { instant = ContinuousClock.now + duration }

    /// Milliseconds left, rounded up, as `poll` wants them; 0 when it has passed.
    package var millisecondsLeft: Int32 {
        let left = (instant - ContinuousClock.now).components
        guard left.seconds >= 0, left.attoseconds >= 0 else { return 0 }
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
        return Int32(clamping: milliseconds + 1)
    }
}
