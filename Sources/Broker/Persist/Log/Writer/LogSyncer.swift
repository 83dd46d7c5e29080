// SPDX-License-Identifier: Apache-2.0
// Waits for the disk while the writer goes on.

import Synchronization

/// A thread that syncs a segment each second, so that writes do not stand behind it.
final class LogSyncer: Sendable {
    private struct Order {
        var file: (any LogFile)?
        var sequence: UInt64 = 0
        var offset: UInt64 = 0
        var isStopped = false
    }

    private let order = Mutex(Order())
    private let signal = WakeSignal()
    private let thread = Mutex<LogThread?>(nil)
    private let report: @Sendable (LogJob) -> Void

    /// Starts the thread; nil when there can be none, and the writer has to wait itself.
    init?(_ report: @escaping @Sendable (LogJob) -> Void) {
        self.report = report
        do throws(LogFileError) {
            let started = try LogThread(named: "log-syncer") { [self] in run() }
            thread.withLock { $0 = started }
        } catch {
            return nil
        }
    }

    /// Syncs what has been written so far; one at a time.
    func sync(_ file: any LogFile, _ sequence: UInt64, _ offset: UInt64) {
        order.withLock { order in
            assert(order.file == nil, "one sync at a time")
            order.file = file
            order.sequence = sequence
            order.offset = offset
        }
        signal.raise()
    }

    /// Ends the thread.
    func stop() {
        order.withLock { $0.isStopped = true }
        signal.raise()
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    private func run() {
        while true {
            signal.wait(until: nil)
            let next = order.withLock { order -> Order in
                defer { order.file = nil }
                return order
            }
            if let file = next.file {
                let begin = LogClock.monotonicNanoseconds()
                var failure: LogFileError?
                do throws(LogFileError) { try file.sync() } catch { failure = error }
                report(
                    .synced(
                        sequence: next.sequence,
                        offset: next.offset,
                        failure,
                        nanoseconds: LogClock.monotonicNanoseconds() - begin
                    )
                )
            }
            if next.isStopped { return }
        }
    }
}
