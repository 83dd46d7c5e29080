// SPDX-License-Identifier: Apache-2.0
// What there is to know about what outlives the broker.

package import Persist

/// Numbers about durable state at one moment, for those who watch the broker.
package struct DurableFigures: Sendable, Equatable {
    /// What the start has brought back.
    package struct Restored: Sendable, Equatable {
        package var sessionCount = 0
        package var subscriptionCount = 0
        /// Messages on their way to those sessions; one that goes to several counts for each.
        package var deliveryCount = 0
        package var retainedCount = 0

        package init() {}

        static func += (sum: inout Restored, more: Restored) {
            sum.sessionCount += more.sessionCount
            sum.subscriptionCount += more.subscriptionCount
            sum.deliveryCount += more.deliveryCount
            sum.retainedCount += more.retainedCount
        }
    }

    package internal(set) var restored = Restored()
    /// How long reading and bringing back took, in nanoseconds; 0: nothing is kept.
    package internal(set) var restoreNanoseconds: Int64 = 0
    /// Second since 1970 in which the database was last saved; 0: not since the start.
    package internal(set) var lastSaveAt: Int64 = 0
    /// How often the database could not be saved since the start.
    package internal(set) var failedSaveCount: UInt64 = 0
    /// The session log; nil when none is written.
    package internal(set) var log: LogFigures?

    /// What has failed since the start, of either kind.
    package var errorCount: UInt64 { failedSaveCount + (log?.failureCount ?? 0) }

    /// Whether what has to be recorded can be.
    package var isWritable: Bool { log?.isWorking ?? true }

    /// A line about the session log, as of a second since 1970; nil when none is written.
    package func logLine(at second: Int64) -> String? {
        guard let log else { return nil }
        // The clock may have been set back since.
        let age = max(0, second - log.lastCheckpointAt)
        let checkpoint = log.lastCheckpointAt == 0 ? "none yet" : "\(age) s ago"
        let syncCount = log.syncs.count
        let average = syncCount == 0 ? 0 : log.syncs.totalNanoseconds / Int64(syncCount)
        let milliseconds = "\(average / 1_000_000).\(average / 100_000 % 10) ms"
        return """
            Session log: \(log.byteCount) bytes in \(log.segmentCount) segments, \
            \(log.writtenByteCount) bytes written since the start, last checkpoint: \(checkpoint), \
            \(syncCount) syncs of \(milliseconds) on average, \(log.failureCount) errors.
            """
    }
}
