// SPDX-License-Identifier: Apache-2.0
// Calls that are counted together.

import Results

/// Calls of one callback that have succeeded at once and are counted together: most are like that where
/// answers come in crowds.
struct ShortCalls {
    private var figures: CallbackStatistics.Reference?
    private var calls = 0
    private var nanoseconds = 0

    /// Takes a call in; false if it is to be counted by itself.
    @inline(__always)
    mutating func take(
        _ figures: CallbackStatistics.Reference,
        code: CInt,
        nanoseconds duration: Int64
    ) -> Bool {
        guard code == ResultCode.success, 0...CallbackStatistics.shortMax ~= duration else {
            return false
        }
        if self.figures?.isSame(figures) != true {
            count()
            self.figures = figures
        }
        calls += 1
        nanoseconds += Int(duration)
        return true
    }

    /// Counts what was taken in.
    mutating func count() {
        if calls > 0 { figures?.note(shortCalls: calls, nanoseconds: nanoseconds) }
        (calls, nanoseconds) = (0, 0)
    }
}
