// SPDX-License-Identifier: Apache-2.0
// `memory_limit`, as a worker asks for it.

package import Net

extension Worker {
    /// Whether `memory_limit` is set and reached: what needs memory fails.
    var isOutOfMemory: Bool {
        limits.memoryMax != .max
            && broker.memory.isExhausted(limit: limits.memoryMax, at: now)
    }

    /// The same for a packet of `byteCount` bytes that makes the broker keep many small things.
    func isOutOfMemory(expecting byteCount: Int) -> Bool {
        guard limits.memoryMax != .max else { return false }
        broker.memory.expect(byteCount)
        return isOutOfMemory
    }

    /// Whether a connection may hold that many bytes more of an unfinished packet.
    package func reactor(_ reactor: Reactor, mayHold byteCount: Int) -> Bool {
        limits.memoryMax == .max
            || broker.memory.bytesInUse(at: now) + byteCount <= limits.memoryMax
    }
}
