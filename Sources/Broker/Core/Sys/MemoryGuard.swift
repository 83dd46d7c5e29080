// SPDX-License-Identifier: Apache-2.0
// How much heap is in use, cheap enough to ask for every message: `memory_limit`, `$SYS`.

import CLinux
import Glibc
import Net
import Synchronization

/// An estimate of the heap in use: what the allocator has said, and what has changed since then of
/// what is noted where it is kept.
///
/// ```
/// estimate = last sample + (messages and buffers now − then) + expected since then
/// ```
/// Noted at every moment are messages (`StoredMessages`) and the buffers of connections
/// (`HeldMemory`). What a CONNECT or SUBSCRIBE leaves behind is spread over many small allocations;
/// it is expected to be so many bytes, and soon replaced by a new sample. A sample is taken once a
/// second, and sooner when much is expected: asking the allocator takes the longer the more free
/// pieces it has, so it gets a small share of the time.
///
/// Used while `memory_limit` is set, and by `$SYS`. Any thread.
final class MemoryGuard: Sendable {
    private let sampledBytes = Atomic<Int>(0)
    private let notedThen = Atomic<Int>(0)
    private let mostBytes = Atomic<Int>(0)
    private let expected = Atomic<Int>(0)
    private let sampledAt = Atomic<Int64>(-1)
    /// Nanoseconds of the monotonic clock before which no sample is taken out of turn.
    private let earliest = Atomic<Int64>(0)

    /// Bytes that may be expected before the allocator is asked.
    private static let expectedMax = 1 << 20
    /// A sample is followed by so many times its own duration.
    private static let pauseFactor: Int64 = 20

    /// Whether more than `limit` bytes are in use; `second` is the reactor's clock.
    func isExhausted(limit: Int, at second: Int64) -> Bool {
        bytesInUse(at: second) > limit
    }

    /// The estimate; `second` is the reactors' clock.
    func bytesInUse(at second: Int64) -> Int {
        if sampledAt.exchange(second, ordering: .relaxed) != second { sample() }
        let since = Self.noted - notedThen.load(ordering: .relaxed)
        return sampledBytes.load(ordering: .relaxed) + since + expected.load(ordering: .relaxed)
    }

    /// The most bytes in use of all samples.
    var mostBytesInUse: Int { mostBytes.load(ordering: .relaxed) }

    /// Notes about how many bytes will be kept that are noted nowhere else.
    func expect(_ count: Int) {
        let sum = expected.add(count, ordering: .relaxed).newValue
        guard sum > Self.expectedMax else { return }
        let now = Clock.monotonicNanoseconds()
        let due = earliest.load(ordering: .relaxed)
        guard now >= due else { return }
        // One of those who come now takes the sample.
        guard earliest.compareExchange(expected: due, desired: .max, ordering: .relaxed).exchanged
        else { return }
        sample()
        let end = Clock.monotonicNanoseconds()
        earliest.store(end + Self.pauseFactor * (end - now), ordering: .relaxed)
    }

    private static var noted: Int { StoredMessages.blockByteCount + HeldMemory.byteCount }

    private func sample() {
        expected.store(0, ordering: .relaxed)
        // Called by name alone it would be the initializer of the type, which is all zeros.
        let readUsage: () -> mallinfo2 = mallinfo2
        let usage = readUsage()
        let heap = Int(usage.uordblks + usage.hblkhd)
        sampledBytes.store(heap, ordering: .relaxed)
        mostBytes.max(heap, ordering: .relaxed)
        notedThen.store(Self.noted, ordering: .relaxed)
    }
}
