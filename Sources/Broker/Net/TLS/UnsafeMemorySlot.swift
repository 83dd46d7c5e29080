// SPDX-License-Identifier: Apache-2.0
// One slot of `HibernatingMemory`.

import Glibc

/// Memory for what belongs to one connection: handed out from the front, zeroed when freed, folded up
/// and unfolded as a whole.
///
/// Used by one thread at a time.
struct UnsafeMemorySlot {
    private struct Head {
        /// Bytes in use, head included; a multiple of 16.
        var usedCount: Int
        /// Blocks that have not been freed.
        var liveCount: Int
    }

    private static let headSize = MemoryLayout<Head>.size
    private static let blockHeadSize = 16

    /// MADV_POPULATE_WRITE.
    private static let populate: CInt = 23

    let base: UnsafeMutableRawPointer

    init(base: UnsafeMutableRawPointer) {
        self.base = base
    }

    /// A slot that is empty.
    init(startingAt base: UnsafeMutableRawPointer) {
        self.base = base
        head.pointee = Head(usedCount: Self.headSize, liveCount: 0)
    }

    private var head: UnsafeMutablePointer<Head> { base.assumingMemoryBound(to: Head.self) }

    /// Blocks that have not been freed.
    var liveCount: Int { head.pointee.liveCount }

    // MARK: Blocks

    /// A block for `count` bytes, aligned to 16; nil when the slot is full.
    func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
        let used = head.pointee.usedCount
        guard count <= HibernatingMemory.slotSize else { return nil }
        let end = used + Self.blockHeadSize + (count + 15) & ~15
        guard end <= HibernatingMemory.slotSize else { return nil }
        let block = base + used
        block.storeBytes(of: end - used - Self.blockHeadSize, as: Int.self)
        head.pointee = Head(usedCount: end, liveCount: head.pointee.liveCount + 1)
        return block + Self.blockHeadSize
    }

    /// Room of a block.
    func size(of pointer: UnsafeMutableRawPointer) -> Int {
        (pointer - Self.blockHeadSize).load(as: Int.self)
    }

    /// Leaves zeros where the block was; its room is used again if it was the last one.
    func free(_ pointer: UnsafeMutableRawPointer) {
        let size = size(of: pointer)
        memset(pointer - Self.blockHeadSize, 0, Self.blockHeadSize + size)
        head.pointee.liveCount -= 1
        if pointer + size == base + head.pointee.usedCount {
            head.pointee.usedCount -= Self.blockHeadSize + size
        }
    }

    // MARK: Sleep

    /// Moves the contents to the heap and gives the pages back; nil, and nothing has happened, when
    /// memory is out.
    func sleep() -> UnsafePackedMemory? {
        let words = UnsafeBufferPointer(
            start: base.assumingMemoryBound(to: UInt64.self),
            count: head.pointee.usedCount / 8
        )
        guard let packed = UnsafePackedMemory(words) else { return nil }
        dropPages()
        HibernatingMemory.noteAsleep(true)
        return packed
    }

    /// Puts the contents back.
    ///
    /// One call for all the pages is cheaper than a fault for each; kernels before 5.14 refuse it.
    func wake(_ packed: UnsafePackedMemory) {
        _ = madvise(base, 8 * packed.wordCount, Self.populate)
        packed.restore(to: base.assumingMemoryBound(to: UInt64.self))
        packed.free()
        HibernatingMemory.noteAsleep(false)
    }

    /// Forgets the contents; the pages read as zeros from now on.
    func dropPages() {
        _ = madvise(base, HibernatingMemory.slotSize, MADV_DONTNEED)
    }
}
