// SPDX-License-Identifier: Apache-2.0
// The members of a shared subscription in the order of their turns.

import Synchronization

/// One member: its session, and the rest of its `Destination`.
struct UnsafeTurn: ~Copyable {
    let session: Atomic<UInt64>
    let rest: Atomic<UInt64>
}

/// Members of one group, in memory that is only added to; the header is how many there is room for.
///
///     [ earlier ... | start ... window of a SharedGroup ... end | room left ]
///
/// Publishers read their window without a lock while the index, under its write lock, adds turns
/// after its end, marks members as gone and gives them other options. A turn always belongs to the
/// same member, so whoever still reads an older window sees nothing wrong, and what is torn apart
/// between the two words of a turn is never another member's.
///
/// Sendable because the room never changes and turns are atomic.
///
/// Invariants: turns below every window's end are initialised; `gone` is no member's session.
@safe
struct UnsafeTurnLog: @unchecked Sendable {
    /// The session of a turn whose member has left.
    static var gone: UInt64 { .max }

    private let buffer: ManagedBuffer<Int, UnsafeTurn>

    /// A log without turns; what is in it needs no end of its own.
    init(room: Int) {
        buffer = .create(minimumCapacity: room) { _ in room }
    }

    /// How many turns there is room for.
    var room: Int { buffer.header }

    /// Writes a turn for the first time; nobody reads it before a window includes it.
    func initialize(_ index: Int, to member: Destination) {
        assert(index < room && member.session.rawValue != Self.gone)
        unsafe buffer.withUnsafeMutablePointerToElements { turns in
            unsafe (turns + index).initialize(
                to: UnsafeTurn(
                    session: Atomic(member.session.rawValue),
                    rest: Atomic(member.rest)
                )
            )
        }
    }

    /// The session of a turn in a window, or `gone`.
    @inline(__always)  // Once per message to a group.
    func session(_ index: Int) -> UInt64 {
        unsafe buffer.withUnsafeMutablePointerToElements { turns in
            unsafe turns[index].session.load(ordering: .relaxed)
        }
    }

    /// The member of a turn in a window; nil when it has left.
    @inline(__always)  // Once per message to a group.
    subscript(index: Int) -> Destination? {
        let session = session(index)
        guard session != Self.gone else { return nil }
        let rest = unsafe buffer.withUnsafeMutablePointerToElements { turns in
            unsafe turns[index].rest.load(ordering: .relaxed)
        }
        return Destination(session: SessionHandle(rawValue: session), rest: rest)
    }

    /// The member of a turn leaves.
    func markGone(_ index: Int) {
        unsafe buffer.withUnsafeMutablePointerToElements { turns in
            unsafe turns[index].session.store(Self.gone, ordering: .relaxed)
        }
    }

    /// The member of a turn changes its options.
    func replace(_ index: Int, with member: Destination) {
        assert(session(index) == member.session.rawValue)
        unsafe buffer.withUnsafeMutablePointerToElements { turns in
            unsafe turns[index].rest.store(member.rest, ordering: .relaxed)
        }
    }
}
