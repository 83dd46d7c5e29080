// SPDX-License-Identifier: Apache-2.0
// When a process is started again.

/// When a process that has ended is started again: at once, then ever later while processes live only for
/// a short time.
struct RestartPolicy {
    /// Milliseconds before the second process in a row.
    static let firstWait: Int64 = 10
    /// Milliseconds that are waited at most.
    static let waitMax: Int64 = 30_000
    /// Milliseconds after which a process counts as one that works.
    static let settledAfter: Int64 = 60_000

    private var wait: Int64 = 0

    /// A process has ended that was started at one time, in milliseconds; how long to wait with the next.
    mutating func waitAfterDeath(startedAt: Int64, now: Int64) -> Int64 {
        if now - startedAt >= Self.settledAfter { wait = 0 }
        defer { wait = wait == 0 ? Self.firstWait : min(wait * 2, Self.waitMax) }
        return wait
    }
}
