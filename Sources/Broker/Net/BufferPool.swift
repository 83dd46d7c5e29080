// SPDX-License-Identifier: Apache-2.0
// Output blocks shared by all connections of a reactor.

import CLinux
import Glibc

/// Keeps free blocks of a few sizes so that a busy connection finds one without the allocator
/// and an idle one holds none.
///
/// Block sizes are powers of two from 2 KiB. Blocks up to `pooledSizeMax` are kept, at most
/// `pooledBytesMax` bytes of each size; larger ones go straight back to the allocator.
///
/// ```
/// one size:  | never needed since the last trim | in use by turns | …
///            0                                lowest            count   listCapacity
/// ```
/// What a burst has left is given back: `trim` frees the blocks nobody has needed for a while, so a
/// pool that is at rest is empty after two of its calls. Invariants, for each size:
/// `0 <= lowest <= count <= listCapacity`. All blocks, those in use too, are counted in
/// `HeldMemory`.
final class BufferPool {
    static let sizeMin = 2 << 10
    static let pooledSizeMax = 256 << 10
    private static let pooledBytesMax = 2 << 20
    private static let classCount = 8
    private static let listCapacity = pooledBytesMax / sizeMin
    /// Milliseconds between two trims.
    static let trimInterval: Int64 = 5000

    /// The free blocks of one size.
    private struct List {
        var count = 0
        /// The least `count` since the last trim.
        var lowest = 0
    }

    /// One stack of free blocks per size, `listCapacity` places each.
    private let places: UnsafeMutablePointer<UnsafeMutableRawPointer>
    ///
    /// A last list, of no size, has a count of more than 0 when a block may be free: kept here, where
    /// no access is checked.
    private let lists: UnsafeMutablePointer<List>
    /// When the next trim is, in milliseconds; nil while nothing is free.
    private(set) var dueAt: Int64?

    init() {
        assert(Self.sizeMin << (Self.classCount - 1) == Self.pooledSizeMax)
        places = .allocate(capacity: Self.classCount * Self.listCapacity)
        lists = .allocate(capacity: Self.classCount + 1)
        lists.initialize(repeating: List(), count: Self.classCount + 1)
    }

    deinit {
        for index in 0..<Self.classCount { free(lists[index].count, of: index) }
        places.deallocate()
        lists.deallocate()
    }

    /// The size of the block that holds `count` bytes.
    static func blockSize(for count: Int) -> Int {
        var size = sizeMin
        while size < count { size *= 2 }
        return size
    }

    /// A block of exactly `size` bytes, a value of `blockSize(for:)`.
    func take(size: Int) -> UnsafeMutableRawPointer {
        let index = Self.classIndex(size)
        if Self.isPooled(index), lists[index].count > 0 {
            lists[index].count -= 1
            lists[index].lowest = min(lists[index].lowest, lists[index].count)
            return places[index * Self.listCapacity + lists[index].count]
        }
        HeldMemory.note(size)
        return UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    }

    /// Takes a block back.
    func give(_ block: UnsafeMutableRawPointer, size: Int) {
        let index = Self.classIndex(size)
        if Self.isPooled(index), lists[index].count * size < Self.pooledBytesMax {
            places[index * Self.listCapacity + lists[index].count] = block
            lists[index].count += 1
            lists[Self.classCount].count = 1
        } else {
            Self.release(block, size: size)
        }
    }

    /// Frees a block that does not come back.
    static func release(_ block: UnsafeMutableRawPointer, size: Int) {
        block.deallocate()
        HeldMemory.note(-size)
    }

    /// Frees what nobody has needed since the last time, when it is time; `now` in milliseconds.
    func turnEnding(at now: Int64) {
        if let dueAt {
            if now >= dueAt { trim(now) }
        } else if lists[Self.classCount].count > 0 {
            dueAt = now + Self.trimInterval
        }
    }

    private func trim(_ now: Int64) {
        var isEmpty = true
        for index in 0..<Self.classCount {
            free(lists[index].lowest, of: index)
            lists[index].lowest = lists[index].count
            isEmpty = isEmpty && lists[index].count == 0
        }
        if isEmpty { lists[Self.classCount].count = 0 }
        dueAt = isEmpty ? nil : now + Self.trimInterval
        assert(checkInvariants())
    }

    private func free(_ count: Int, of index: Int) {
        for _ in 0..<count {
            lists[index].count -= 1
            let block = places[index * Self.listCapacity + lists[index].count]
            Self.release(block, size: Self.sizeMin << index)
        }
    }

    /// Whether there is a list of this number.
    @inline(__always)
    private static func isPooled(_ index: Int) -> Bool {
        UInt(bitPattern: index) < UInt(classCount)
    }

    @inline(__always)
    private static func classIndex(_ size: Int) -> Int {
        assert(size >= sizeMin && size & (size - 1) == 0, "a block has one of the sizes")
        return size.trailingZeroBitCount - sizeMin.trailingZeroBitCount
    }

    /// Whether the invariants hold; to be asserted.
    func checkInvariants() -> Bool {
        let isEmpty = (0..<Self.classCount).allSatisfy { lists[$0].count == 0 }
        precondition(isEmpty || lists[Self.classCount].count > 0, "what is free is known to be")
        for index in 0..<Self.classCount {
            let list = lists[index]
            precondition(0 <= list.lowest && list.lowest <= list.count, "the least is least")
            let byteCount = list.count * (Self.sizeMin << index)
            precondition(byteCount <= Self.pooledBytesMax, "few are kept")
        }
        return true
    }
}
