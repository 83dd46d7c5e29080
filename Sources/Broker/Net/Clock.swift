// SPDX-License-Identifier: Apache-2.0
// The clocks of the broker.

import CLinux
import Glibc

/// Reads the system clocks.
///
/// Reactors read them once per loop turn, never per message.
package enum Clock {
    /// Milliseconds of a clock that never goes back and does count time asleep.
    package static func monotonicMilliseconds() -> Int64 {
        let time = now(CLOCK_BOOTTIME)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Nanoseconds of the same clock; to share out a loop turn.
    package static func monotonicNanoseconds() -> Int64 {
        let time = now(CLOCK_BOOTTIME)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Nanoseconds of processor time the calling thread has used.
    static func threadNanoseconds() -> Int64 {
        let time = now(CLOCK_THREAD_CPUTIME_ID)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Seconds since 1970 by the wall clock.
    package static func wallSeconds() -> Int64 { Int64(now(CLOCK_REALTIME).tv_sec) }

    /// Nanoseconds since 1970 by the wall clock.
    package static func wallNanoseconds() -> Int64 {
        let time = now(CLOCK_REALTIME)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func now(_ clock: clockid_t) -> timespec {
        var time = timespec()
        _ = clock_gettime(clock, &time)
        return time
    }
}
