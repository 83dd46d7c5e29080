// SPDX-License-Identifier: Apache-2.0
// Who is in a group: joining, leaving and being found in constant time.

/// The members of one group as the index changes them.
///
/// A turn that has passed since the last joining moves its member to the end of the log when
/// somebody joins, who then comes after all others. So each joining costs as many steps as there were
/// messages since the one before, and no more than there are members; the log is made anew when it is
/// full or half of its window is gone, which as many changes share.
///
/// Invariants: `count` turns of `group.window` are not gone, fewer than half are, and no session has
/// two; `table`, if there is one, has the positions of all that are not gone.
@safe
struct UnsafeGroupMembers {
    /// Up to so many turns are searched one by one, without a table.
    private static let fewMax = 16

    /// What publishers see of the group.
    private(set) var group: SharedGroup
    private var table: UnsafePositionTable?
    /// How many members there are.
    private(set) var count: UInt32

    /// A group of one.
    init(_ member: Destination) {
        let log = UnsafeTurnLog(room: 1)
        log.initialize(0, to: member)
        group = SharedGroup(log, window: 0..<1)
        count = 1
    }

    /// Frees the table; the value must not be used again.
    func release() { table?.release() }

    private func index(of session: SessionHandle) -> Int? {
        let log = group.turnLog
        if let table { return table.position(of: session.rawValue) { log.session($0) } }
        for index in group.window {
            UnsafeStepCount.note()
            if log.session(index) == session.rawValue { return index }
        }
        return nil
    }

    /// The destination of a member.
    func find(_ session: SessionHandle) -> Destination? {
        index(of: session).flatMap { group.turnLog[$0] }
    }

    /// Gives a member other options; its turn and its slot stay, and what it was is returned.
    func replace(with member: Destination) -> Destination? {
        guard let index = index(of: member.session), let previous = group.turnLog[index] else {
            return nil
        }
        group.turnLog.replace(index, with: member.keepingSlot(of: previous))
        return previous
    }

    /// Adds a session that is not a member: it waits until all others have had their turn.
    mutating func join(_ member: Destination) {
        let passed = group.passed
        if group.window.upperBound + passed + 1 > group.turnLog.room {
            renew(adding: member)
        } else {
            turn(passed, adding: member)
        }
        count += 1
    }

    /// Moves those who had their turn behind the others, and the new member behind them.
    private mutating func turn(_ passed: Int, adding member: Destination) {
        let log = group.turnLog
        let window = group.window
        var end = window.upperBound
        for index in window.prefix(passed) {
            UnsafeStepCount.note()
            guard let moved = log[index] else { continue }
            log.initialize(end, to: moved)
            table?.move(moved.session.rawValue, from: index, to: end)
            end += 1
        }
        log.initialize(end, to: member)
        table?.insert(member.session.rawValue, at: end)
        group = SharedGroup(log, window: (window.lowerBound + passed)..<(end + 1))
        if table == nil, group.window.count > Self.fewMax { renew(adding: nil) }
    }

    /// Goes on with a new log, without turns of members that have left.
    private mutating func renew(adding member: Destination?) {
        let members = group.membersInTurn + (member.map { [$0] } ?? [])
        let log = UnsafeTurnLog(room: members.count + members.count / 4)
        table?.release()
        table = members.count > Self.fewMax ? UnsafePositionTable(room: log.room) : nil
        for (index, member) in members.enumerated() {
            UnsafeStepCount.note()
            log.initialize(index, to: member)
            table?.insert(member.session.rawValue, at: index)
        }
        group = SharedGroup(log, window: 0..<members.count)
    }

    /// Removes a member, which is returned; the last one is followed by the end of the group.
    mutating func leave(_ session: SessionHandle) -> Destination? {
        guard let index = index(of: session) else { return nil }
        let log = group.turnLog
        let member = log[index]
        table?.remove(session.rawValue, at: index) { log.session($0) }
        log.markGone(index)
        count -= 1
        if count > 0, Int(count) * 2 < group.window.count { renew(adding: nil) }
        return member
    }

    /// Asserts what the type's comment says.
    func checkInvariants() {
        let members = group.membersInTurn
        assert(members.count == count && count > 0 && members.count * 2 >= group.window.count)
        for member in members { assert(find(member.session) == member) }
        assert(table.map { $0.count == members.count } ?? (group.window.count <= Self.fewMax))
    }
}
