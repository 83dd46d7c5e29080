// SPDX-License-Identifier: Apache-2.0
// When a process is started again.

/// When a process that has ended is started again.
///
/// One that has answered for a while is followed at once by another one. Where they end sooner, the next ones
/// wait, ever longer: up to a quarter of a second while the plugin can be set up, so that a client who
/// ends one process after the other keeps nobody else waiting beyond `plugin_restart_wait`, and up to half a
/// minute while it cannot.
struct RestartPolicy {
    /// Milliseconds before the second process in a row.
    static let firstWait: Int64 = 10
    /// Milliseconds that are waited at most after one that was set up.
    static let answeringWaitMax: Int64 = 250
    /// Milliseconds that are waited at most.
    static let waitMax: Int64 = 30_000
    /// Milliseconds of answering after which a process counts as one that works: more than it takes to start
    /// it.
    static let settledAfter: Int64 = 100

    private var wait: Int64 = 0

    /// A process has ended that has answered for so many milliseconds; nil if the plugin was not set up.
    ///
    /// - Returns: how long to wait with the next one
    mutating func waitAfterDeath(answeredFor: Int64?) -> Int64 {
        if let answeredFor, answeredFor >= Self.settledAfter { wait = 0 }
        let limit = answeredFor == nil ? Self.waitMax : Self.answeringWaitMax
        let result = min(wait, limit)
        wait = result == 0 ? Self.firstWait : min(result * 2, Self.waitMax)
        return result
    }
}
