// SPDX-License-Identifier: Apache-2.0
// When sessions without a connection have to be looked at.

import Topics

/// The times at which something is due for a session, in milliseconds of the reactor clock; 0: never.
struct SessionDeadlines: Equatable {
    /// When it ends.
    var expiresAt: Int64 = 0
    /// When its delayed will is published.
    var willDueAt: Int64 = 0

    /// The earlier of the two; 0: never.
    var next: Int64 {
        if expiresAt == 0 { return willDueAt }
        return willDueAt == 0 ? expiresAt : min(expiresAt, willDueAt)
    }
}

/// The sessions for which something is due, earliest first.
///
/// A heap that knows where each session stands: a session is in it at most once, and leaves it when
/// its client comes back, so it is never larger than the number of sessions that wait. All
/// operations take O(log n) steps. Invariants: no entry is earlier than its parent; `places` says
/// where the session of a slot stands.
struct DeadlineQueue {
    private struct Entry {
        let due: Int64
        let session: SessionHandle
    }

    private var entries: [Entry] = []
    /// By slot of the session: its place + 1; 0 for none.
    private var places: [UInt32] = []

    /// Sessions in it.
    var count: Int { entries.count }

    /// The earliest time.
    var first: Int64? { entries.first?.due }

    /// Enters a session, moves it, or with 0 takes it out.
    mutating func set(_ session: SessionHandle, at due: Int64) {
        let slot = Int(session.slot)
        if slot < places.count, places[slot] != 0 { remove(at: Int(places[slot]) - 1) }
        guard due != 0 else { return }
        if slot >= places.count {
            places += Array(repeating: 0, count: slot + 1 - places.count)
        }
        entries.append(Entry(due: due, session: session))
        notePlace(entries.count - 1)
        rise(entries.count - 1)
        checkInvariants()
    }

    /// Takes out the session whose time is the earliest, if that has come.
    mutating func pop(dueAt now: Int64) -> SessionHandle? {
        guard let first = entries.first, first.due <= now else { return nil }
        remove(at: 0)
        return first.session
    }

    private mutating func remove(at place: Int) {
        places[Int(entries[place].session.slot)] = 0
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        notePlace(place)
        rise(place)
        sink(Int(places[Int(last.session.slot)]) - 1)
    }

    private mutating func notePlace(_ place: Int) {
        places[Int(entries[place].session.slot)] = UInt32(clamping: place + 1)
    }

    private mutating func swap(_ first: Int, _ second: Int) {
        entries.swapAt(first, second)
        notePlace(first)
        notePlace(second)
    }

    private mutating func rise(_ place: Int) {
        var child = place
        while child > 0 {
            let parent = (child - 1) / 2
            if entries[parent].due <= entries[child].due { return }
            swap(parent, child)
            child = parent
        }
    }

    private mutating func sink(_ place: Int) {
        var parent = place
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].due < entries[least].due {
                least = child
            }
            if least == parent { return }
            swap(parent, least)
            parent = least
        }
    }

    /// Forgets all.
    mutating func removeAll() {
        entries = []
        places = []
    }

    /// Checks the order at the root, and where the last entry stands; all of it with `isThorough`.
    func checkInvariants(isThorough: Bool = false) {
        #if DEBUG
        let checked = isThorough ? entries.indices : entries.indices.suffix(1)
        for place in checked {
            let entry = entries[place]
            assert(Int(places[Int(entry.session.slot)]) == place + 1, "places are known")
            assert(place == 0 || entries[(place - 1) / 2].due <= entry.due, "in order")
        }
        #endif
    }
}
