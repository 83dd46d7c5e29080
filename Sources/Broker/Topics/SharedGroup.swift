// SPDX-License-Identifier: Apache-2.0
// The sessions that share a subscription, and whose turn it is.

import Synchronization

/// One state of a shared subscription: its members, and a cursor that goes round them.
///
/// Members that leave are passed by from then on; when somebody joins, the index makes a new group
/// that goes on with whoever is next. So a group may be kept beside the generation it was found
/// under, and is out of date when the index has a later one.
package final class SharedGroup: Sendable {
    private let log: UnsafeTurnLog
    /// The window: the first turn in it was next when this state began.
    private let start: UInt32
    private let count: UInt32
    private let cursor = Atomic<UInt64>(0)

    init(_ log: UnsafeTurnLog, window: Range<Int>) {
        assert(!window.isEmpty && window.upperBound <= log.room)
        self.log = log
        start = UInt32(window.lowerBound)
        count = UInt32(window.count)
    }

    /// The turns of the log that this state goes round.
    var window: Range<Int> { Int(start)..<(Int(start) + Int(count)) }

    /// The log of the window.
    var turnLog: UnsafeTurnLog { log }

    /// How many turns of the window have passed in the present round.
    var passed: Int { Int(cursor.load(ordering: .relaxed) % UInt64(count)) }

    /// The member whose turn it is; the turn then passes on, whatever becomes of the message.
    ///
    /// Strict round robin in the order of subscribing. `nil` only when all members have left. Any
    /// thread. Fewer than half of the turns are of members that have left, so that a round takes at
    /// most twice as many steps as there are members.
    package func next() -> Destination? {
        for _ in 0..<count {
            let turn = cursor.wrappingAdd(1, ordering: .relaxed).oldValue
            if let member = log[Int(start) + Int(turn % UInt64(count))] { return member }
        }
        return nil
    }

    /// The first member for which `isWanted` holds, from the one whose turn it is.
    package func firstMember(where isWanted: (Destination) -> Bool) -> Destination? {
        let head = passed
        for step in 0..<Int(count) {
            let turn = (head + step) % Int(count)
            if let member = log[Int(start) + turn], isWanted(member) { return member }
        }
        return nil
    }

    /// The members from the one whose turn it is to the one who had the last turn.
    package var membersInTurn: [Destination] {
        let head = window.lowerBound + passed
        return (head..<window.upperBound).compactMap { log[$0] }
            + (window.lowerBound..<head).compactMap { log[$0] }
    }
}
