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
    static let trimInterval: Int64 = 2000

    /// The free blocks of one size.
    private struct List {
        var count = 0
        /// The least `count` since the last trim.
        var lowest = 0
    }

    /// One stack of free blocks per size, `listCapacity` places each.
    private let places: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let lists: UnsafeMutablePointer<List>
    /// How many blocks are free.
    private var freeCount = 0
    /// When the next trim is, in milliseconds; nil while nothing is free.
    private(set) var dueAt: Int64?

    init() {
        assert(Self.sizeMin << (Self.classCount - 1) == Self.pooledSizeMax)
        places = .allocate(capacity: Self.classCount * Self.listCapacity)
        lists = .allocate(capacity: Self.classCount)
        lists.initialize(repeating: List(), count: Self.classCount)
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
        if index < Self.classCount, lists[index].count > 0 {
            freeCount -= 1
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
        if index < Self.classCount, lists[index].count * size < Self.pooledBytesMax {
            places[index * Self.listCapacity + lists[index].count] = block
            lists[index].count += 1
            freeCount += 1
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
        } else if freeCount > 0 {
            dueAt = now + Self.trimInterval
        }
    }

    private func trim(_ now: Int64) {
        for index in 0..<Self.classCount {
            free(lists[index].lowest, of: index)
            lists[index].lowest = lists[index].count
        }
        dueAt = freeCount > 0 ? now + Self.trimInterval : nil
        assert(checkInvariants())
    }

    private func free(_ count: Int, of index: Int) {
        for _ in 0..<count {
            lists[index].count -= 1
            freeCount -= 1
            let block = places[index * Self.listCapacity + lists[index].count]
            Self.release(block, size: Self.sizeMin << index)
        }
    }

    private static func classIndex(_ size: Int) -> Int {
        precondition(size >= sizeMin && size & (size - 1) == 0, "a block has one of the sizes")
        return size.trailingZeroBitCount - sizeMin.trailingZeroBitCount
    }

    /// Whether the invariants hold; to be asserted.
    func checkInvariants() -> Bool {
        let sum = (0..<Self.classCount).reduce(0) { $0 + lists[$1].count }
        precondition(sum == freeCount, "the free blocks are counted")
        for index in 0..<Self.classCount {
            let list = lists[index]
            precondition(0 <= list.lowest && list.lowest <= list.count, "the least is least")
            let byteCount = list.count * (Self.sizeMin << index)
            precondition(byteCount <= Self.pooledBytesMax, "few are kept")
        }
        return true
    }
}
