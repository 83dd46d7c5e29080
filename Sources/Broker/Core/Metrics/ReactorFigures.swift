// SPDX-License-Identifier: Apache-2.0
// What is known of a reactor, as a plain value.

import Net

/// A reactor at one moment.
struct ReactorFigures: Sendable {
    var name: String
    var busyNanoseconds: UInt64 = 0
    /// Turns by duration, each bucket by itself.
    var turns = [UInt64](repeating: 0, count: TurnFigures.boundsNanoseconds.count + 1)
    var backlogByteCount = 0
    var connectionCount = 0

    static func += (sum: inout ReactorFigures, more: ReactorFigures) {
        sum.busyNanoseconds &+= more.busyNanoseconds
        sum.turns = zip(sum.turns, more.turns).map { $0 &+ $1 }
        sum.backlogByteCount += more.backlogByteCount
        sum.connectionCount += more.connectionCount
    }
}
