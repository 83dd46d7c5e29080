// SPDX-License-Identifier: Apache-2.0
// When a bridge connects again.

import Config

/// How long a bridge waits before it connects again: always as long, or at random between bounds that
/// grow with each failure, so that very many bridges do not come back at once.
///
/// Invariant: `previous` lies between the base and the cap, if there was a wait.
struct BridgeBackoff {
    /// A wait.
    struct Wait: Equatable {
        let milliseconds: Int
        /// Whether the bounds begin anew: the last connection was good for long enough.
        let isReset: Bool
    }

    private let base: Int
    private let cap: Int
    private let stableSeconds: Int64
    private var previous: Int?

    /// Follows `restart_timeout`.
    init(_ timeout: BridgeRestartTimeout) {
        assert(timeout.base > 0 && timeout.cap >= timeout.base, "the parser has checked that")
        base = timeout.base * 1000
        cap = timeout.cap * 1000
        stableSeconds = Int64(timeout.stable)
    }

    /// Whether every wait is the same, which the log does not tell again each time.
    var isConstant: Bool { base == cap }

    /// The wait after an attempt that has failed, or a connection that has ended.
    ///
    /// - Parameter lastedSeconds: how long the remote had accepted the bridge; nil if it never did
    mutating func next(
        afterLasting lastedSeconds: Int64?,
        _ generator: inout some RandomNumberGenerator
    ) -> Wait {
        if isConstant { return Wait(milliseconds: base, isReset: false) }
        if let lastedSeconds, lastedSeconds >= stableSeconds {
            previous = base
            return Wait(milliseconds: base, isReset: true)
        }
        let bound = previous.map { 3 * $0 } ?? 2 * base
        let wait = min(cap, Int.random(in: base..<max(bound, base + 1), using: &generator))
        previous = wait
        return Wait(milliseconds: wait, isReset: false)
    }
}
