// SPDX-License-Identifier: Apache-2.0
// How often and how long each plugin is called.

import CLinux
import CMosquitto
import Glibc
import Log
import Net
import Synchronization

/// A clock for short times.
enum MonotonicTime {
    /// Nanoseconds since some moment.
    static func nanoseconds() -> Int64 {
        var time = timespec()
        _ = clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Milliseconds since that moment.
    static func milliseconds() -> Int64 { nanoseconds() / 1_000_000 }

    /// Seconds of the clock that reactors count message expiry by.
    static func reactorSeconds() -> Int64 { Clock.monotonicMilliseconds() / 1000 }
}

/// What the statistics say when a callback was slow.
package final class Stopwatch: Sendable {
    /// Nanoseconds above which a callback is slow; 0 switches it off.
    let slowNanoseconds: Atomic<Int>
    let log: Log

    init(log: Log, slowMilliseconds: Int) {
        self.log = log
        slowNanoseconds = Atomic(slowMilliseconds * 1_000_000)
    }

    /// Puts another threshold in force.
    func setThreshold(milliseconds: Int) {
        slowNanoseconds.store(milliseconds * 1_000_000, ordering: .relaxed)
    }
}

/// Figures about the calls of one plugin, by event.
///
/// All of it may be used from any thread.
package final class CallbackStatistics: Sendable {
    /// The figures of one event.
    final class Row: Sendable {
        let calls = Atomic<Int>(0)
        let errors = Atomic<Int>(0)
        let nanoseconds = Atomic<Int>(0)
        let lastWarningAt = Atomic<Int64>(0)
        let buckets: [Cell] = (0..<CallbackStatistics.bucketCount).map { _ in Cell() }
    }

    /// One bucket of the histogram.
    final class Cell: Sendable {
        let count = Atomic<Int>(0)
    }

    /// The figures of one event as of now.
    package struct Figures: Sendable {
        /// What log lines call the event.
        package let event: String
        /// Calls that have returned.
        package let calls: Int
        /// Calls that returned what no rule of the event foresees.
        package let errors: Int
        /// Nanoseconds of all calls.
        package let nanoseconds: Int
        /// Calls by time: entry n counts those below 2^n microseconds that no earlier one counts;
        /// the last one all others.
        package let histogram: [Int]
    }

    private static let bucketCount = 24
    private let rows: [Row] = (0...PluginEvent.numberMax).map { _ in Row() }
    /// Tells who is slow.
    let pluginName: @Sendable () -> String

    init(pluginName: @escaping @Sendable () -> String) {
        self.pluginName = pluginName
    }

    /// Counts a call.
    func note(_ event: PluginEvent, code: CInt, nanoseconds: Int64, _ watch: Stopwatch) {
        let row = rows[Int(event.rawValue)]
        row.calls.add(1, ordering: .relaxed)
        row.nanoseconds.add(Int(nanoseconds), ordering: .relaxed)
        if Self.isError(code) { row.errors.add(1, ordering: .relaxed) }
        let microseconds = UInt64(max(0, nanoseconds) / 1000)
        let bucket = min(64 - microseconds.leadingZeroBitCount, Self.bucketCount - 1)
        row.buckets[bucket].count.add(1, ordering: .relaxed)
        let limit = watch.slowNanoseconds.load(ordering: .relaxed)
        if limit > 0, nanoseconds > limit { warn(event, row, nanoseconds, watch.log) }
    }

    /// At most one line per second, plugin and event.
    private func warn(_ event: PluginEvent, _ row: Row, _ nanoseconds: Int64, _ log: Log) {
        let now = MonotonicTime.milliseconds()
        let last = row.lastWarningAt.load(ordering: .relaxed)
        guard last == 0 || now - last >= 1000,
            row.lastWarningAt.compareExchange(expected: last, desired: now, ordering: .relaxed)
                .exchanged
        else { return }
        log.warning(
            "Warning: Plugin \(pluginName()) took \(nanoseconds / 1_000_000) ms"
                + " in a '\(event.name)' callback."
        )
    }

    /// Results that are neither an answer nor a passing on.
    private static func isError(_ code: CInt) -> Bool {
        switch code {
        case MOSQ_ERR_SUCCESS.rawValue, MOSQ_ERR_PLUGIN_DEFER.rawValue,
            MOSQ_ERR_PLUGIN_IGNORE.rawValue, MOSQ_ERR_AUTH.rawValue,
            MOSQ_ERR_ACL_DENIED.rawValue, MOSQ_ERR_AUTH_CONTINUE.rawValue,
            MOSQ_ERR_AUTH_DELAYED.rawValue, MOSQ_ERR_QUOTA_EXCEEDED.rawValue:
            false
        default: true
        }
    }

    /// The figures of every event that has been called.
    package var figures: [Figures] {
        PluginEvent.allCases.compactMap { event in
            let row = rows[Int(event.rawValue)]
            let calls = row.calls.load(ordering: .relaxed)
            guard calls > 0 else { return nil }
            return Figures(
                event: event.name,
                calls: calls,
                errors: row.errors.load(ordering: .relaxed),
                nanoseconds: row.nanoseconds.load(ordering: .relaxed),
                histogram: row.buckets.map { $0.count.load(ordering: .relaxed) }
            )
        }
    }
}
