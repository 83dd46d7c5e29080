// SPDX-License-Identifier: Apache-2.0
// Remembers what the writer tells.

import Synchronization

@testable import Persist

/// Remembers what the writer tells.
final class EventLog: LogObserver {
    private struct State {
        var events: [LogEvent] = []
        var safe: [UInt8: UInt64] = [:]
    }
    private let state = Mutex(State())
    private let signal = WakeSignal()

    func log(_ event: LogEvent) {
        state.withLock { state in
            state.events.append(event)
            if case .safe(let reactor, let number) = event { state.safe[reactor] = number }
        }
        signal.raise()
    }

    var events: [LogEvent] { state.withLock { $0.events } }
    func safe(_ reactor: UInt8) -> UInt64 { state.withLock { $0.safe[reactor] ?? 0 } }

    /// Whether a write or a sync has failed.
    var hasFailed: Bool { events.contains { if case .failed = $0 { true } else { false } } }

    /// The checkpoint that is wanted since writing goes on; nil before.
    var resumedCheckpoint: UInt64? {
        var last: UInt64?
        for case .resumed(let number) in events { last = number }
        return last
    }

    /// Waits for something the writer tells; false after ten seconds.
    func wait(_ isSo: (EventLog) -> Bool) -> Bool {
        let deadline = LogClock.monotonicNanoseconds() + 10_000_000_000
        while !isSo(self) {
            if LogClock.monotonicNanoseconds() > deadline { return false }
            signal.wait(until: deadline)
        }
        return true
    }
}
