// SPDX-License-Identifier: Apache-2.0
// The beginning of a packet whose end has not arrived.

import CLinux
import Glibc

/// Received bytes a connection has to keep between two reads.
///
/// Empty (and without memory) unless a control packet is incomplete. Small remainders are moved in
/// front of the next read; large ones grow in place as their bytes arrive, never by what a peer
/// merely announces.
///
/// ```
/// block:  | content … | free … |
///         0         count   capacity
/// ```
/// Invariants: `0 <= count <= capacity`; there is a block exactly if `capacity > 0`. The memory is
/// counted in `HeldMemory`. Whoever has a remainder calls `clear` in the end.
struct UnsafeInputRemainder {
    private var block: UnsafeMutableRawPointer?
    private var capacity = 0

    /// Bytes held.
    private(set) var count = 0

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block, count: count) }

    /// Replaces the content by a copy of `bytes`, which must not lie in this remainder.
    ///
    /// Returns false, with nothing held, when the system has no memory.
    mutating func replace(with bytes: UnsafeRawBufferPointer) -> Bool {
        assert(!overlaps(bytes))
        guard let source = bytes.baseAddress, !bytes.isEmpty else {
            clear()
            return true
        }
        if capacity < bytes.count {
            // The old content is of no use: nothing need be copied.
            clear()
            guard reallocate(bytes.count) else { return false }
        }
        block?.copyMemory(from: source, byteCount: bytes.count)
        count = bytes.count
        assert(checkInvariants())
        return true
    }

    /// Room behind the content for a read of at least `minimum` bytes; nil when the system has no
    /// memory.
    mutating func reserve(_ minimum: Int) -> UnsafeMutableRawBufferPointer? {
        assert(minimum > 0)
        if capacity - count < minimum {
            guard reallocate(max(capacity * 2, count + minimum)) else { return nil }
        }
        return UnsafeMutableRawBufferPointer(
            start: block.map { $0 + count },
            count: capacity - count
        )
    }

    /// Makes `added` bytes of the reserved room part of the content.
    mutating func commit(_ added: Int) {
        precondition(added >= 0 && added <= capacity - count, "no more is committed than reserved")
        count += added
    }

    /// Drops the first `consumed` bytes.
    mutating func removeFirst(_ consumed: Int) {
        precondition(consumed >= 0 && consumed <= count, "no more is dropped than held")
        guard consumed < count, let block else { return clear() }
        if consumed > 0 { block.copyMemory(from: block + consumed, byteCount: count - consumed) }
        count -= consumed
        assert(checkInvariants())
    }

    /// Drops everything and frees the memory.
    mutating func clear() {
        guard let block else { return }
        free(block)
        HeldMemory.note(-capacity)
        self = Self()
    }

    private mutating func reallocate(_ size: Int) -> Bool {
        assert(size > capacity)
        guard let larger = realloc(block, size) else { return false }
        HeldMemory.note(size - capacity)
        block = larger
        capacity = size
        return true
    }

    private func overlaps(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let block, let start = bytes.baseAddress else { return false }
        return start < block + capacity && block < start + bytes.count
    }

    /// Whether the invariants hold; to be asserted.
    func checkInvariants() -> Bool {
        precondition(0 <= count && count <= capacity, "the content lies in the block")
        precondition((block == nil) == (capacity == 0), "a block has room")
        return true
    }
}
