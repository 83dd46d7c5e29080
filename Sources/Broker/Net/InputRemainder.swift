// SPDX-License-Identifier: Apache-2.0
// The beginning of a packet whose end has not arrived.

import CLinux
import Glibc

/// Received bytes a connection has to keep between two reads.
///
/// Empty (and without memory) unless a control packet is incomplete. Small remainders are moved in
/// front of the next read; large ones grow in place as their bytes arrive, never by what a peer
/// merely announces.
struct UnsafeInputRemainder {
    private var block: UnsafeMutableRawPointer?
    private var capacity = 0

    /// Bytes held.
    private(set) var count = 0

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block, count: count) }

    /// Replaces the content by a copy of `bytes`, which must not lie in this remainder.
    mutating func replace(with bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return clear() }
        if capacity < bytes.count { reallocate(bytes.count) }
        block?.copyMemory(from: source, byteCount: bytes.count)
        count = bytes.count
    }

    /// Room behind the content for a read of at least `minimum` bytes.
    mutating func reserve(_ minimum: Int) -> UnsafeMutableRawBufferPointer {
        if capacity - count < minimum { reallocate(max(capacity * 2, count + minimum)) }
        return UnsafeMutableRawBufferPointer(
            start: block.map { $0 + count },
            count: capacity - count
        )
    }

    /// Makes `added` bytes of the reserved room part of the content.
    mutating func commit(_ added: Int) {
        count += added
    }

    /// Drops the first `consumed` bytes.
    mutating func removeFirst(_ consumed: Int) {
        guard consumed < count, let block else { return clear() }
        if consumed > 0 { block.copyMemory(from: block + consumed, byteCount: count - consumed) }
        count -= consumed
    }

    /// Drops everything and frees the memory.
    mutating func clear() {
        free(block)
        self = Self()
    }

    private mutating func reallocate(_ size: Int) {
        guard let larger = realloc(block, size) else { return }
        block = larger
        capacity = size
    }
}
