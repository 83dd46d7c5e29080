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

/// What one HTTP connection has taken of its listener's memory; gives it back when it goes.
struct HTTPShare: ~Copyable {
    private let memory: HTTPMemory
    private let limit: Int
    private(set) var byteCount = 0

    init(of memory: HTTPMemory, limit: Int) {
        self.memory = memory
        self.limit = limit
    }

    deinit { memory.give(byteCount) }

    /// Makes the share that large; returns false, and changes nothing, when there is no room.
    mutating func resize(to count: Int) -> Bool {
        if count > byteCount {
            guard memory.take(count - byteCount, limit: limit) else { return false }
        } else {
            memory.give(byteCount - count)
        }
        byteCount = count
        return true
    }
}
