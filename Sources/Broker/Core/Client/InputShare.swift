// SPDX-License-Identifier: Apache-2.0
// How much one client may ask for in one turn.

import Net

/// What a client has used of its share of a turn, by what its packets have made the worker do.
///
/// Work is counted in packets and deliveries, and now and then the clock is looked at; so this costs
/// next to nothing, and a plugin that takes its time counts as well.
struct InputShare {
    /// Work after which the share is used up, whatever the time.
    private static let workMax = 16_384
    /// Work between two looks at the clock.
    private static let workBetween = 64
    /// Slices of a reactor that make a share.
    private static let slices: Int64 = 2

    /// Packets handled and deliveries made since the share began.
    var work = 0
    private var nextLook = 0
    private var began: Int64 = 0

    /// A new turn of a client begins.
    @inline(__always)
    mutating func begin() {
        work = 0
        nextLook = Self.workBetween
        began = 0
    }

    /// Counts a packet; returns whether it has to wait for the next turn.
    @inline(__always)
    mutating func isUsed(on reactor: Reactor) -> Bool {
        work &+= 1
        return work >= nextLook && isOver(reactor)
    }

    private mutating func isOver(_ reactor: Reactor) -> Bool {
        if work >= Self.workMax { return true }
        nextLook = work + Self.workBetween
        let now = reactor.nanoseconds()
        if began == 0 { began = now }
        return now - began >= Self.slices * reactor.slice
    }
}
