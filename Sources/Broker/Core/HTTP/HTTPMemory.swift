// SPDX-License-Identifier: Apache-2.0
// What the HTTP connections of a listener hold.

import Net
import Synchronization

/// The memory of one listener's HTTP connections: `http_memory_limit`.
///
/// Counts each connection with what it costs by itself, the head of its request while that is not
/// complete, and the piece of an answer that is on its way. Any thread.
final class HTTPMemory: Sendable {
    private let held = Atomic<Int>(0)

    /// Bytes held now.
    var byteCount: Int { held.load(ordering: .relaxed) }

    /// Takes `count` bytes; returns false, and takes nothing, when that is more than `limit` (> 0).
    func take(_ count: Int, limit: Int) -> Bool {
        assert(count >= 0)
        let sum = held.add(count, ordering: .relaxed).newValue
        if limit > 0, sum > limit {
            held.subtract(count, ordering: .relaxed)
            return false
        }
        HeldMemory.note(count)
        return true
    }

    /// Gives bytes back.
    func give(_ count: Int) {
        let before = held.subtract(count, ordering: .relaxed).oldValue
        assert(before >= count, "no more is given back than was taken")
        HeldMemory.note(-count)
    }
}
