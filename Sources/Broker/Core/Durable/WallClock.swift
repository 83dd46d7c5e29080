// SPDX-License-Identifier: Apache-2.0
// The clock of the reactors beside the one that goes on while no broker runs.

import Net

/// How the clock of the reactors stands to the wall clock, read once.
///
/// Reactors count from the start of the machine and never go back; what is kept beyond the end of
/// the broker counts seconds since 1970. Ends of messages are rounded both ways by the same whole
/// seconds, so that restarts of the broker do not add up; a restart of the machine may move one by
/// less than a second. Moments count as the end of their second: what is to last from then on is
/// never cut short.
package struct WallClock: Sendable {
    /// Milliseconds since 1970 at 0 of the reactor clock.
    private let milliseconds: Int64
    /// The same in whole seconds.
    private let seconds: Int64
    /// Second since 1970 in which it was read.
    package let now: Int64
    /// Millisecond of the reactor clock at which it was read.
    let reactorNow: Int64

    /// Reads both clocks.
    package init() {
        self.init(
            reactor: Clock.monotonicMilliseconds(),
            wall: Clock.wallNanoseconds() / 1_000_000
        )
    }

    /// Reads the wall clock beside the clock of a reactor, on its thread.
    init(_ reactor: Reactor) {
        // The reactor has read its own when the turn began.
        let elapsed = (reactor.nanoseconds() - reactor.turnBeganAt) / 1_000_000
        self.init(
            reactor: reactor.now + elapsed,
            wall: Clock.wallNanoseconds() / 1_000_000
        )
    }

    /// Takes the milliseconds of both clocks at one moment.
    init(reactor: Int64, wall: Int64) {
        reactorNow = reactor
        milliseconds = wall - reactor
        // Of negative numbers too the nearest.
        seconds = (milliseconds + 500) / 1000 - (milliseconds < -500 ? 1 : 0)
        now = wall / 1000
    }

    /// The end of a message (see `Expiry`) as messages have it, in seconds of the reactor clock.
    ///
    /// `second` since 1970; 0 stays 0, never.
    package func messageExpiry(_ second: Int64) -> Int64 {
        second == 0 ? 0 : max(1, second &- seconds)
    }

    /// The end of a message in seconds since 1970; the other way.
    package func storedExpiry(_ second: Int64) -> Int64 {
        second == 0 ? 0 : max(1, second + seconds)
    }

    /// Second since 1970 in which something happened at a millisecond of the reactor clock.
    func second(at reactorMilliseconds: Int64) -> Int64 {
        (reactorMilliseconds + milliseconds) / 1000
    }

    /// Millisecond of the reactor clock at which something happened in a second since 1970, at its
    /// end; negative before the machine's start.
    ///
    /// What lies in the future happens now: the clock has gone back.
    func moment(of second: Int64) -> Int64 {
        min(reactorNow, (min(second, now) + 1) * 1000 - 1 - milliseconds)
    }
}
