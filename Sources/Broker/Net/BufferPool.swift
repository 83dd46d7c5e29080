// SPDX-License-Identifier: Apache-2.0
// Output blocks shared by all connections of a reactor.

import CLinux
import Glibc

/// Keeps free blocks of a few sizes so that a busy connection finds one without the allocator
/// and an idle one holds none.
///
/// Block sizes are powers of two from 2 KiB. Blocks up to `pooledSizeMax` are kept, at most
/// `pooledBytesMax` bytes of each size; larger ones go straight back to the allocator.
struct BufferPool: ~Copyable {
    static let sizeMin = 2 << 10
    static let pooledSizeMax = 256 << 10
    private static let pooledBytesMax = 2 << 20
    private static let classCount = 8

    private var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: classCount)

    init() {}

    deinit {
        for list in free { for block in list { block.deallocate() } }
    }

    /// The size of the block that holds `count` bytes.
    static func blockSize(for count: Int) -> Int {
        var size = sizeMin
        while size < count { size *= 2 }
        return size
    }

    /// A block of exactly `size` bytes, a value of `blockSize(for:)`.
    mutating func take(size: Int) -> UnsafeMutableRawPointer {
        let index = Self.classIndex(size)
        if index < Self.classCount, let block = free[index].popLast() { return block }
        return UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    }

    /// Takes a block back.
    mutating func give(_ block: UnsafeMutableRawPointer, size: Int) {
        let index = Self.classIndex(size)
        if index < Self.classCount, free[index].count * size < Self.pooledBytesMax {
            free[index].append(block)
        } else {
            block.deallocate()
        }
    }

    private static func classIndex(_ size: Int) -> Int {
        size.trailingZeroBitCount - sizeMin.trailingZeroBitCount
    }
}
