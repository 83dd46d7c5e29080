// SPDX-License-Identifier: Apache-2.0
// `memory_limit`: how much heap is in use, cheap enough to ask for every message.

import CLinux
import Glibc
import Synchronization

/// An estimate of the heap in use: what the allocator said within the last second, and the payloads
/// stored since then.
///
/// Used only while `memory_limit` is set. Any thread.
final class MemoryGuard: Sendable {
    private let sampledBytes = Atomic<Int>(0)
    private let storedThen = Atomic<Int>(0)
    private let sampledAt = Atomic<Int64>(-1)

    /// Whether more than `limit` bytes are in use; `second` is the reactor's clock.
    func isExhausted(limit: Int, at second: Int64) -> Bool {
        sample(at: second)
        let since = StoredMessages.byteCount - storedThen.load(ordering: .relaxed)
        return sampledBytes.load(ordering: .relaxed) + since > limit
    }

    private func sample(at second: Int64) {
        guard sampledAt.exchange(second, ordering: .relaxed) != second else { return }
        let usage = mallinfo2()
        sampledBytes.store(Int(usage.uordblks + usage.hblkhd), ordering: .relaxed)
        storedThen.store(StoredMessages.byteCount, ordering: .relaxed)
    }
}

extension Worker {
    /// Whether `memory_limit` is set and reached: what needs memory fails.
    var isOutOfMemory: Bool {
        limits.memoryMax != .max
            && broker.memory.isExhausted(limit: limits.memoryMax, at: now)
    }
}
