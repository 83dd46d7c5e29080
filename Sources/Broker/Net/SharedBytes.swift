// SPDX-License-Identifier: Apache-2.0
// Bytes that several connections have yet to write.

/// Bytes in memory that lasts as long as somebody has yet to write them.
package final class SharedBytes {
    /// The bytes.
    package let bytes: UnsafeRawBufferPointer
    private let block: UnsafeMutableRawPointer
    private let capacity: Int

    /// Copies `source`.
    package init(copying source: UnsafeRawBufferPointer) {
        capacity = source.count
        block = .allocate(byteCount: capacity, alignment: 16)
        HeldMemory.note(capacity)
        if let base = source.baseAddress { block.copyMemory(from: base, byteCount: source.count) }
        bytes = UnsafeRawBufferPointer(start: block, count: source.count)
    }

    /// Takes over a block of a pool, with `capacity` bytes, of which `bytes` is a part.
    init(adopting block: UnsafeMutableRawPointer, capacity: Int, bytes: UnsafeRawBufferPointer) {
        if let start = bytes.baseAddress {
            assert(block <= start && start + bytes.count <= block + capacity)
        }
        self.block = block
        self.capacity = capacity
        self.bytes = bytes
    }

    deinit { BufferPool.release(block, size: capacity) }
}
