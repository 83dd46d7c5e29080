// SPDX-License-Identifier: Apache-2.0
// How messages are numbered by those who accept them.

/// Message numbers: a reactor's counter, and the reactor in the lowest byte.
///
/// The counter goes on over restarts, so a number says when a message was accepted, and by whom.
package enum MessageNumbers {
    /// The greatest counter.
    package static let counterMax: UInt64 = 1 << 56 - 1

    /// The number of a reactor's message.
    package static func make(reactor: UInt8, counter: UInt64) -> MessageNumber {
        precondition(counter <= counterMax, "a counter has 56 bits")
        return counter << 8 | UInt64(reactor)
    }

    /// Which reactor accepted it.
    package static func reactor(of number: MessageNumber) -> UInt8 {
        UInt8(truncatingIfNeeded: number)
    }

    /// How many that reactor had accepted before.
    package static func counter(of number: MessageNumber) -> UInt64 { number >> 8 }

    /// The number of the message that its reactor accepts `count` messages later.
    @inline(__always)
    package static func following(_ number: MessageNumber, by count: Int) -> MessageNumber {
        assert(count >= 0, "counters rise")
        return number &+ UInt64(truncatingIfNeeded: count) << 8
    }
}
