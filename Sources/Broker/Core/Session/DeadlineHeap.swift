// SPDX-License-Identifier: Apache-2.0
// When sessions without a connection have to be looked at.

import Topics

/// A priority queue of (second, session).
///
/// Entries are never taken out early: whoever pops one looks at the session and finds out whether
/// the time has really come.
struct DeadlineHeap {
    private struct Entry {
        let second: Int64
        let session: SessionHandle
    }

    private var entries: [Entry] = []

    /// The earliest second.
    var first: Int64? { entries.first?.second }

    /// Adds a deadline; O(log n).
    mutating func insert(_ session: SessionHandle, at second: Int64) {
        entries.append(Entry(second: second, session: session))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if entries[parent].second <= entries[child].second { break }
            entries.swapAt(parent, child)
            child = parent
        }
    }

    /// Takes the session of a deadline at or before `now`.
    mutating func pop(now: Int64) -> SessionHandle? {
        guard let first = entries.first, first.second <= now else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink()
        }
        return first.session
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].second < entries[least].second {
                least = child
            }
            if least == parent { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
