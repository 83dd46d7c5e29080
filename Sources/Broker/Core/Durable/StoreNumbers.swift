// SPDX-License-Identifier: Apache-2.0
// Message numbers as persistence plugins know them.

import Inflight

/// Gives out message numbers that never come again, over restarts either, and rise on each reactor.
///
/// ```
/// 63 node: 10 | second: 31 | 1/128 ms of it, and what is above: 15 | reactor: 8
/// ```
/// The bits are those of the original's store identifiers, but for the lowest eight. The next number is at least
/// the last one and 256, however many are taken in a moment.
struct StoreNumbers {
    /// 2021-11-17, from which seconds are counted.
    private static let epoch: Int64 = 1_637_168_273
    private static let nodeShift: UInt64 = 54

    private let node: UInt64
    private let reactor: UInt8
    private var counter: UInt64

    /// Numbers of a reactor behind `last`, the greatest one that is known.
    init(node: UInt16, reactor: UInt8, last: MessageNumber) {
        precondition(node < 1024, "a node has ten bits")
        self.node = UInt64(node)
        self.reactor = reactor
        counter = last >> Self.nodeShift == UInt64(node) ? MessageNumbers.counter(of: last) : 0
    }

    /// Numbers for `count` messages that come at a moment, in nanoseconds since 1970.
    mutating func take(_ count: Int, at nanoseconds: Int64) -> MessageNumber {
        assert(count > 0, "somebody wants them")
        let second = UInt64(bitPattern: nanoseconds / 1_000_000_000 - Self.epoch) & 0x7FFF_FFFF
        let part = UInt64(nanoseconds % 1_000_000_000) >> 7
        let time = node << Self.nodeShift | second << 23 | part
        let first = max(counter + 1, MessageNumbers.counter(of: time))
        counter = first + UInt64(count) - 1
        return MessageNumbers.make(reactor: reactor, counter: first)
    }
}
