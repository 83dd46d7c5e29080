// SPDX-License-Identifier: Apache-2.0
// The part of a listener's memory for answers that one connection has.

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
