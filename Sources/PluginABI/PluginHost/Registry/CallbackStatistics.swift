// SPDX-License-Identifier: Apache-2.0
// How often and how long each plugin is called.

import CBrokerShims
import CLinux
import CMosquitto
import Glibc
import Log
import Net
import Results
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
        fileprivate let event: PluginEvent
        /// Tells who is slow.
        fileprivate let pluginName: @Sendable () -> String
        fileprivate let lastWarningAt = Atomic<Int64>(0)
        /// Calls, errors, nanoseconds and the histogram, in shards of whole cache lines: reactors that
        /// count at the same time do not wait for each other.
        ///
        /// Never freed, like the row.
        fileprivate nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<Int>>

        init(_ event: PluginEvent, pluginName: @escaping @Sendable () -> String) {
            self.event = event
            self.pluginName = pluginName
            let count = Self.shardCount * Self.shardWords
            words = UnsafeMutableRawPointer.allocate(
                byteCount: count * MemoryLayout<Atomic<Int>>.stride,
                alignment: 64
            ).bindMemory(to: Atomic<Int>.self, capacity: count)
            for index in 0..<count { (words + index).initialize(to: Atomic(0)) }
        }

        fileprivate static let shardCount = 8
        /// Words of a shard: four figures, then the histogram; 256 bytes.
        fileprivate static let shardWords = 32
        fileprivate static let callsWord = 0
        fileprivate static let errorsWord = 1
        fileprivate static let nanosecondsWord = 2
        fileprivate static let slowWord = 3
        fileprivate static let bucketsWord = 4

        /// The sum of a word over all shards.
        fileprivate func sum(_ word: Int) -> Int {
            (0..<Self.shardCount).reduce(0) { sum, shard in
                sum + words[shard * Self.shardWords + word].load(ordering: .relaxed)
            }
        }
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
        /// Calls that were slower than the threshold.
        package let slowCalls: Int
        /// Calls by time: entry n counts those below 2^n microseconds that no earlier one counts;
        /// the last one all others.
        package let histogram: [Int]
    }

    fileprivate static let bucketCount = 24
    private let rows: [Row]

    init(pluginName: @escaping @Sendable () -> String) {
        rows = PluginEvent.allCases.map { Row($0, pluginName: pluginName) }
    }

    /// The row of an event.
    func row(_ event: PluginEvent) -> Row { rows[Int(event.rawValue) - 1] }

    /// The figures of every event that has been called.
    package var figures: [Figures] { rows.compactMap(\.figures) }
}

extension CallbackStatistics {
    /// The figures of one event without counting references: plugins and their figures live as long as the
    /// process.
    struct Reference: Sendable {
        private let row: Unmanaged<Row>

        init(_ row: Row) { self.row = Unmanaged.passUnretained(row) }

        /// Counts calls that have taken so long each, and warns when they were slow.
        @inline(__always)
        func note(code: CInt, nanoseconds: Int64, calls: Int = 1, _ watch: Stopwatch) {
            row._withUnsafeGuaranteedRef {
                $0.note(code: code, nanoseconds: nanoseconds, calls: calls, watch)
            }
        }

        /// Counts calls that have succeeded within `CallbackStatistics.shortMax` each.
        func note(shortCalls calls: Int, nanoseconds: Int) {
            row._withUnsafeGuaranteedRef { $0.note(shortCalls: calls, nanoseconds: nanoseconds) }
        }

        /// Whether they are of the same event of the same plugin.
        func isSame(_ other: Self) -> Bool { row.toOpaque() == other.row.toOpaque() }
    }

    /// Nanoseconds of the longest call that the first entry of the histogram counts; nobody takes that for
    /// slow.
    static let shortMax: Int64 = 999
}

extension CallbackStatistics.Row {
    /// Counts calls that have taken so long each.
    func note(code: CInt, nanoseconds duration: Int64, calls: Int = 1, _ watch: Stopwatch) {
        let thread = Int(broker_thread_slot()?.pointee.index ?? 0)
        let shard = words + (thread & (Self.shardCount - 1)) * Self.shardWords
        shard[Self.callsWord].add(calls, ordering: .relaxed)
        shard[Self.nanosecondsWord].add(calls * Int(duration), ordering: .relaxed)
        if Self.isError(code) { shard[Self.errorsWord].add(1, ordering: .relaxed) }
        let microseconds = UInt64(max(0, duration) / 1000)
        let bucket = min(
            64 - microseconds.leadingZeroBitCount,
            CallbackStatistics.bucketCount - 1
        )
        shard[Self.bucketsWord + bucket].add(calls, ordering: .relaxed)
        let limit = watch.slowNanoseconds.load(ordering: .relaxed)
        guard limit > 0, duration > limit else { return }
        shard[Self.slowWord].add(1, ordering: .relaxed)
        warn(duration, watch.log)
    }

    /// Counts calls that have succeeded within a microsecond each.
    fileprivate func note(shortCalls calls: Int, nanoseconds: Int) {
        let thread = Int(broker_thread_slot()?.pointee.index ?? 0)
        let shard = words + (thread & (Self.shardCount - 1)) * Self.shardWords
        shard[Self.callsWord].add(calls, ordering: .relaxed)
        shard[Self.nanosecondsWord].add(nanoseconds, ordering: .relaxed)
        shard[Self.bucketsWord].add(calls, ordering: .relaxed)
    }

    /// At most one line per second, plugin and event.
    private func warn(_ duration: Int64, _ log: Log) {
        let now = MonotonicTime.milliseconds()
        let last = lastWarningAt.load(ordering: .relaxed)
        guard last == 0 || now - last >= 1000,
            lastWarningAt.compareExchange(expected: last, desired: now, ordering: .relaxed)
                .exchanged
        else { return }
        log.warning(
            "Warning: Plugin \(pluginName()) took \(duration / 1_000_000) ms"
                + " in a '\(event.name)' callback."
        )
    }

    /// Results that are neither an answer nor a passing on.
    private static func isError(_ code: CInt) -> Bool {
        switch code {
        case ResultCode.success, ResultCode.pluginDefer,
            ResultCode.pluginIgnore, ResultCode.notAuthorized,
            ResultCode.accessDenied, ResultCode.authContinue,
            ResultCode.authDelayed, ResultCode.quotaExceeded:
            false
        default: true
        }
    }

    /// The figures as of now; nil when there was no call.
    fileprivate var figures: CallbackStatistics.Figures? {
        let calls = sum(Self.callsWord)
        guard calls > 0 else { return nil }
        return CallbackStatistics.Figures(
            event: event.name,
            calls: calls,
            errors: sum(Self.errorsWord),
            nanoseconds: sum(Self.nanosecondsWord),
            slowCalls: sum(Self.slowWord),
            histogram: (0..<CallbackStatistics.bucketCount).map { sum(Self.bucketsWord + $0) }
        )
    }
}
