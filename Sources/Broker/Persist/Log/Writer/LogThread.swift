// SPDX-License-Identifier: Apache-2.0
// Threads of the log, how they wait, and their clock.

import CLinux
import Glibc

/// The clocks of the log.
package enum LogClock {
    /// Nanoseconds of a clock that never goes back.
    package static func monotonicNanoseconds() -> Int64 { nanoseconds(CLOCK_MONOTONIC) }

    /// Seconds since 1970.
    package static func wallSeconds() -> Int64 { nanoseconds(CLOCK_REALTIME) / 1_000_000_000 }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        _ = clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
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
