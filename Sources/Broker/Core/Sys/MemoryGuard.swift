// SPDX-License-Identifier: Apache-2.0
// How much heap is in use, cheap enough to ask for every message: `memory_limit`, `$SYS`.

import CLinux
import Glibc
import Net
import Synchronization

/// An estimate of the heap in use: what the allocator said within the last second, and the payloads
/// stored since then.
///
/// Used while `memory_limit` is set, and by `$SYS`. Any thread.
final class MemoryGuard: Sendable {
    private let sampledBytes = Atomic<Int>(0)
    private let storedThen = Atomic<Int>(0)
    private let sampledAt = Atomic<Int64>(-1)

    /// Whether more than `limit` bytes are in use; `second` is the reactor's clock.
    func isExhausted(limit: Int, at second: Int64) -> Bool {
        bytesInUse(at: second) > limit
    }

    /// The estimate; `second` is the reactors' clock.
    func bytesInUse(at second: Int64) -> Int {
        sample(at: second)
        let since = StoredMessages.byteCount - storedThen.load(ordering: .relaxed)
        return sampledBytes.load(ordering: .relaxed) + since
    }

    private func sample(at second: Int64) {
        guard sampledAt.exchange(second, ordering: .relaxed) != second else { return }
        let usage = mallinfo2()
        let heap = Int(usage.uordblks + usage.hblkhd)
        sampledBytes.store(heap + TLSContext.memoryInUse, ordering: .relaxed)
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
