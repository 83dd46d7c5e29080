// SPDX-License-Identifier: Apache-2.0
// The groups of all filters: by filter and share name, and in the order in which they were made.

/// One group, in the ring of its filter.
///
/// Invariant: `name` belongs to the record of the group in use that it names.
@safe
private struct UnsafeGroupRecord {
    /// The name the members chose (5.0 section 4.8.2).
    let name: UnsafeLevelText
    let hash: UInt32
    let node: UInt32
    /// The next group of the same filter, of the last one the first; while free, the next free one.
    var next: UInt32
    /// The group before, of the first one the last.
    var previous: UInt32
    /// Who is in it; nil while the record is free.
    var members: UnsafeGroupMembers?
}

/// Every group of every filter.
///
///     first group of a node -> next -> next -> the first again;   previous of the first is the last
///
/// A node of the filter tree holds an index, 0 when its filter has no group, which methods get as
/// `first`. Found, added and removed in constant time, however many groups a filter has.
///
/// Invariants: record 0 stands for no group; a record in use is in the ring of its node and in
/// `table`, and no two of a node have the same name.
@safe
struct UnsafeGroupTable: ~Copyable {
    private var records: [UnsafeGroupRecord] = []
    private var firstFree: UInt32 = 0
    /// Groups in use.
    private(set) var count = 0
    private var table = UnsafeHashTable()
    private let hasher = UnsafeTopicHash.process

    deinit {
        for record in records where record.members != nil {
            unsafe record.name.release()
            record.members?.release()
        }
    }

    /// Adds a member to a group, or gives it other options and returns what it was before.
    mutating func subscribe(
        _ node: UInt32,
        _ first: inout UInt32,
        name: RawSpan,
        member: Destination
    ) -> Destination? {
        let index = unsafe withKey(name) { unsafe find(node, $0) }
        guard index != 0 else {
            add(node, &first, name, member)
            return nil
        }
        if let previous = records[Int(index)].members?.replace(with: member) { return previous }
        records[Int(index)].members?.join(member)
        return nil
    }

    /// Removes a member, which is returned, and its group if it was the last one.
    mutating func unsubscribe(
        _ node: UInt32,
        _ first: inout UInt32,
        name: RawSpan,
        session: SessionHandle
    ) -> Destination? {
        let index = unsafe withKey(name) { unsafe find(node, $0) }
        guard index != 0, let member = records[Int(index)].members?.leave(session) else {
            return nil
        }
        if records[Int(index)].members?.count == 0 { remove(index, &first) }
        return member
    }

    /// The destination of a member of a group.
    func find(_ node: UInt32, name: RawSpan, session: SessionHandle) -> Destination? {
        let index = unsafe withKey(name) { unsafe find(node, $0) }
        return index == 0 ? nil : records[Int(index)].members?.find(session)
    }

    /// Calls `body` with each group of a node, the oldest first.
    @inline(__always)  // Nearly always there is none, which is then one comparison.
    func forEachGroup(_ first: UInt32, _ body: (SharedGroup) -> Void) {
        guard first != 0 else { return }
        var index = first
        repeat {
            if let members = records[Int(index)].members { body(members.group) }
            index = records[Int(index)].next
        } while index != first
    }

    // MARK: Records

    /// Calls `body` with a share name made ready for look-ups.
    private func withKey<Result>(_ name: RawSpan, _ body: (UnsafeLevelKey) -> Result) -> Result {
        unsafe name.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else {
                preconditionFailure("a share name has at least one character")
            }
            return unsafe body(UnsafeLevelKey(start, count: bytes.count, hasher: hasher))
        }
    }

    private func find(_ node: UInt32, _ key: UnsafeLevelKey) -> UInt32 {
        table.find(unsafe hasher.edge(parent: node, level: key.hash)) { index in
            UnsafeStepCount.note()
            let record = records[Int(index)]
            return unsafe record.node == node && key.equals(record.name)
        }
    }

    private mutating func add(
        _ node: UInt32,
        _ first: inout UInt32,
        _ name: RawSpan,
        _ member: Destination
    ) {
        if records.isEmpty { records.append(Self.vacant(next: 0)) }
        var index = firstFree
        if index == 0 {
            index = UInt32(records.count)
            records.append(Self.vacant(next: 0))
        } else {
            firstFree = records[Int(index)].next
        }
        let isFirst = first == 0
        if isFirst { first = index }
        let last = isFirst ? index : records[Int(first)].previous
        let first = first
        let record = unsafe withKey(name) { key in
            unsafe UnsafeGroupRecord(
                name: UnsafeLevelText(copying: key),
                hash: hasher.edge(parent: node, level: key.hash),
                node: node,
                next: first,
                previous: last,
                members: UnsafeGroupMembers(member)
            )
        }
        records[Int(index)] = record
        records[Int(last)].next = index
        records[Int(first)].previous = index
        table.insert(record.hash, index)
        count += 1
    }

    private mutating func remove(_ index: UInt32, _ first: inout UInt32) {
        let record = records[Int(index)]
        table.remove(record.hash, index)
        unsafe record.name.release()
        record.members?.release()
        records[Int(record.previous)].next = record.next
        records[Int(record.next)].previous = record.previous
        if first == index { first = record.next == index ? 0 : record.next }
        records[Int(index)] = Self.vacant(next: firstFree)
        firstFree = index
        count -= 1
    }

    private static func vacant(next: UInt32) -> UnsafeGroupRecord {
        unsafe UnsafeGroupRecord(
            name: .empty,
            hash: 0,
            node: 0,
            next: next,
            previous: 0,
            members: nil
        )
    }

    /// Asserts what the types' comments say about the groups of a node; returns their members.
    func checkInvariants(_ node: UInt32, first: UInt32) -> Int {
        guard first != 0 else { return 0 }
        var index = first
        var members = 0
        repeat {
            let record = records[Int(index)]
            assert(record.node == node && records[Int(record.next)].previous == index)
            assert(table.find(record.hash) { $0 == index } == index)
            record.members?.checkInvariants()
            members += Int(record.members?.count ?? 0)
            index = record.next
        } while index != first
        return members
    }
}
