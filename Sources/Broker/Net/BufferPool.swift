// SPDX-License-Identifier: Apache-2.0
// Output blocks shared by all connections of a reactor.

import CLinux
import Glibc

/// Keeps free blocks of a few sizes so that a busy connection finds one without the allocator
/// and an idle one holds none.
///
/// Block sizes are powers of two from 2 KiB. Blocks up to `pooledSizeMax` are kept, at most
/// `pooledBytesMax` bytes of each size; larger ones go straight back to the allocator.
final class BufferPool {
    static let sizeMin = 2 << 10
    static let pooledSizeMax = 256 << 10
    private static let pooledBytesMax = 2 << 20
    private static let classCount = 8
    private static let listCapacity = pooledBytesMax / sizeMin

    /// One stack of free blocks per size, `listCapacity` places each.
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let counts: UnsafeMutablePointer<Int>

    init() {
        free = .allocate(capacity: Self.classCount * Self.listCapacity)
        counts = .allocate(capacity: Self.classCount)
        counts.initialize(repeating: 0, count: Self.classCount)
    }

    deinit {
        for index in 0..<Self.classCount {
            for place in 0..<counts[index] { free[index * Self.listCapacity + place].deallocate() }
        }
        free.deallocate()
        counts.deallocate()
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
        if index < Self.classCount, counts[index] > 0 {
            counts[index] -= 1
            return free[index * Self.listCapacity + counts[index]]
        }
        return UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    }

    /// Takes a block back.
    func give(_ block: UnsafeMutableRawPointer, size: Int) {
        let index = Self.classIndex(size)
        if index < Self.classCount, counts[index] * size < Self.pooledBytesMax {
            free[index * Self.listCapacity + counts[index]] = block
            counts[index] += 1
        } else {
            block.deallocate()
        }
    }

    private static func classIndex(_ size: Int) -> Int {
        size.trailingZeroBitCount - sizeMin.trailingZeroBitCount
    }
}
