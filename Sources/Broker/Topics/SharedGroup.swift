// SPDX-License-Identifier: Apache-2.0
// The sessions that share a subscription, and whose turn it is.

import Synchronization

/// One state of a shared subscription: its members, and a cursor that goes round them.
///
/// The members never change; when somebody joins or leaves, the index makes a new group that goes
/// on with whoever is next. So a group may be kept beside the generation it was found under, and is
/// out of date when the index has a later one.
package final class SharedGroup: Sendable {
    /// The name the members chose (5.0 section 4.8.2).
    package let shareName: [UInt8]

    /// The members; the first was next in turn when this state began.
    package let members: [Destination]

    private let cursor = Atomic<UInt64>(0)

    init(shareName: [UInt8], members: [Destination]) {
        self.shareName = shareName
        self.members = members
    }

    /// The member whose turn it is; the turn then passes on, whatever becomes of the message.
    ///
    /// Strict round robin in the order of subscribing. `nil` only for a group without members, which
    /// the index never hands out. Any thread.
    package func next() -> Destination? {
        guard !members.isEmpty else { return nil }
        let turn = cursor.wrappingAdd(1, ordering: .relaxed).oldValue
        return members[Int(turn % UInt64(members.count))]
    }

    /// The members from the one whose turn it is to the one who had the last turn.
    var membersInTurn: [Destination] {
        guard !members.isEmpty else { return [] }
        let head = Int(cursor.load(ordering: .relaxed) % UInt64(members.count))
        return Array(members[head...] + members[..<head])
    }
}
