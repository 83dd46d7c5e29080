// SPDX-License-Identifier: Apache-2.0
// Threads of the log, how they wait, and their clock.

import CLinux
import Glibc

/// The clocks of the log.
enum LogClock {
    /// Nanoseconds of a clock that never goes back.
    static func monotonicNanoseconds() -> Int64 { nanoseconds(CLOCK_MONOTONIC) }

    /// Seconds since 1970.
    static func wallSeconds() -> Int64 { nanoseconds(CLOCK_REALTIME) / 1_000_000_000 }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        _ = clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Lets one thread sleep until another has something for it.
///
/// `@unchecked Sendable`: the flag is read and written under the lock beside it, and all three have
/// one address for as long as the object lives.
final class WakeSignal: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isRaised = false

    init() {
        lock.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(lock)
        condition.deallocate()
        lock.deallocate()
    }

    /// Wakes who waits, or lets the next wait end at once.
    func raise() {
        pthread_mutex_lock(lock)
        isRaised = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(lock)
    }

    /// Waits until it is raised, or until a time of the monotonic clock.
    func wait(until deadline: Int64?) {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        var time = timespec()
        if let deadline {
            time.tv_sec = Int(deadline / 1_000_000_000)
            time.tv_nsec = Int(deadline % 1_000_000_000)
        }
        while !isRaised {
            if deadline == nil {
                pthread_cond_wait(condition, lock)
            } else if pthread_cond_timedwait(condition, lock, &time) == ETIMEDOUT {
                break
            }
        }
        isRaised = false
    }
}

/// A named operating-system thread that runs one closure.
struct LogThread: Sendable {
    private let identifier: pthread_t

    /// Starts a thread; at most 15 bytes of the name show in `top -H`.
    init(named name: String, _ body: @escaping @Sendable () -> Void) throws(LogFileError) {
        var identifier = pthread_t()
        let box = Unmanaged.passRetained(LogThreadBody(name: name, run: body))
        let code = pthread_create(&identifier, nil, runLogThread, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw LogFileError("pthread_create", name, code: code)
        }
        self.identifier = identifier
    }

    /// Waits until the thread has ended.
    func join() { _ = pthread_join(identifier, nil) }
}

private final class LogThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

private func runLogThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let body = Unmanaged<LogThreadBody>.fromOpaque(context).takeRetainedValue()
    _ = pthread_setname_np(pthread_self(), String(body.name.prefix(15)))
    body.run()
    return nil
}
