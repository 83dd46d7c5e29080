// SPDX-License-Identifier: Apache-2.0
// When which TICK callback is due.

import CMosquitto
import Glibc

/// When which TICK callback is due.
///
/// Only on the plugin thread.
final class TickTable {
    /// Milliseconds between calls for callbacks that do not say.
    private static let intervalMilliseconds: Int64 = 100
    private static let waitMilliseconds: Int64 = 1 << 40
    private var dueAt: [Int: Int64] = [:]

    /// Calls those that are due; returns the milliseconds until the next, nil without any.
    func run(_ callbacks: [Callback], _ watch: Stopwatch) -> Int64? {
        guard !callbacks.isEmpty else {
            dueAt = [:]
            return nil
        }
        var now = MonotonicTime.milliseconds()
        var next = Int64.max
        for callback in callbacks {
            var due = dueAt[callback.number] ?? now
            if due <= now {
                due = now + Self.call(callback, watch)
                now = MonotonicTime.milliseconds()
                dueAt[callback.number] = due
            }
            next = min(next, due)
        }
        if dueAt.count > callbacks.count {
            let numbers = Set(callbacks.map(\.number))
            dueAt = dueAt.filter { numbers.contains($0.key) }
        }
        return max(0, next - now)
    }

    /// Calls one; returns how long it does not want to be called again.
    private static func call(_ callback: Callback, _ watch: Stopwatch) -> Int64 {
        var time = timespec()
        _ = clock_gettime(CLOCK_REALTIME, &time)
        var data = mosquitto_evt_tick()
        data.now_s = time.tv_sec
        data.now_ns = time.tv_nsec
        _ = callback.call(&data, watch)
        let seconds = min(max(0, Int64(data.next_s)), waitMilliseconds / 1000)
        let milliseconds = min(max(0, Int64(data.next_ms)), waitMilliseconds)
        let wait = seconds * 1000 + milliseconds
        return wait == 0 ? intervalMilliseconds : wait
    }
}
