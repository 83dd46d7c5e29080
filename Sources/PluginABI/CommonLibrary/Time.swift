// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_time.h: a steady clock and the wall clock.

public import CMosquitto
import Glibc
import Synchronization

/// The clock of `mosquitto_time()`; plain monotonic until the broker has chosen.
private let steadyClock = Atomic<CInt>(CLOCK_MONOTONIC)

/// Prefers the clock that goes on while the machine sleeps.
@c(mosquitto_time_init) @implementation
public func mosquitto_time_init() {
    var now = timespec()
    if clock_gettime(CLOCK_BOOTTIME, &now) == 0 {
        steadyClock.store(CLOCK_BOOTTIME, ordering: .relaxed)
    }
}

/// Seconds of the steady clock.
@c(mosquitto_time) @implementation
public func mosquitto_time() -> time_t {
    var now = timespec()
    clock_gettime(steadyClock.load(ordering: .relaxed), &now)
    return now.tv_sec
}

/// The wall clock.
@c(mosquitto_time_ns) @implementation
public func mosquitto_time_ns(_ s: UnsafeMutablePointer<time_t>!, _ ns: UnsafeMutablePointer<Int>!)
{
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    s?.pointee = now.tv_sec
    ns?.pointee = now.tv_nsec
}

/// The difference of two times: of the seconds, or else of the nanoseconds.
@c(mosquitto_time_cmp) @implementation
public func mosquitto_time_cmp(_ t1_s: time_t, _ t1_ns: Int, _ t2_s: time_t, _ t2_ns: Int) -> Int {
    // Callers may hold any number, so the subtraction must not trap.
    t1_s == t2_s ? t1_ns &- t2_ns : t1_s &- t2_s
}
