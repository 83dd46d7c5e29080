// SPDX-License-Identifier: Apache-2.0
// A clock that passes by being looked at.

import Net

/// Passes by a tenth of a slice with each look, or by another `step` in nanoseconds.
final class SteppingClock {
    private var time = Clock.monotonicNanoseconds()
    private let step: Int64

    init(step: Int64 = 50_000) { self.step = step }

    func look() -> Int64 {
        time += step
        return time
    }
}
