// SPDX-License-Identifier: Apache-2.0
// Bytes that wait for a socket.

import CLinux
import Glibc

/// The encoded control packets that a connection has yet to write, in one growing block.
///
/// ```
/// block:  | done … | partly written packet … | whole packets … | free … |
///         0     packetStart      written                      end   capacity
/// ```
/// Invariants: `0 <= packetStart <= written <= end <= capacity`; a control packet begins at
/// `packetStart` unless the queue is empty; `packetCount` packets lie in `packetStart..<end`.
/// An empty queue owns no block.
struct UnsafeOutputQueue {
    private var block: UnsafeMutableRawPointer?
    private var capacity = 0
    private var packetStart = 0
    private var written = 0
    private var end = 0

    /// Control packets not completely written.
    private(set) var packetCount = 0

    /// Bytes not yet written.
    var byteCount: Int { end - written }

    var isEmpty: Bool { end == written }

    /// Room for `count` more bytes; `commit` makes what was written there part of the queue.
    @inline(__always)
    mutating func reserve(_ count: Int, from pool: inout BufferPool) -> UnsafeMutableRawPointer {
        if let block, capacity - end >= count { return block + end }
        return makeRoom(count, from: &pool)
    }

    /// Adds `count` bytes at the reserved place: `packets` whole control packets.
    @inline(__always)
    mutating func commit(_ count: Int, packets: Int) {
        end += count
        packetCount += packets
    }

    /// Copies whole control packets to the end of the queue.
    mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        packets: Int,
        from pool: inout BufferPool
    ) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count, from: &pool).copyMemory(from: source, byteCount: bytes.count)
        commit(bytes.count, packets: packets)
    }

    /// Takes over what is left of packets of which the first `skip` bytes went out already.
    mutating func appendRest(
        _ bytes: UnsafeRawBufferPointer,
        skipping skip: Int,
        packets: Int,
        from pool: inout BufferPool
    ) {
        append(bytes, packets: packets, from: &pool)
        advance(by: skip)
    }

    /// What is to be written next.
    var unwritten: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: block.map { $0 + written }, count: end - written)
    }

    /// Notes that `count` bytes went out, and which packets with them.
    mutating func advance(by count: Int) {
        written += count
        guard written < end, let block else {
            packetStart = end
            packetCount = 0
            return
        }
        while packetStart < written {
            let length = Self.packetLength(
                UnsafeRawBufferPointer(start: block + packetStart, count: end - packetStart)
            )
            guard packetStart + length <= written else { break }
            packetStart += length
            packetCount -= 1
        }
    }

    /// Gives the block back when everything is written.
    mutating func releaseIfEmpty(to pool: inout BufferPool) {
        guard isEmpty, let block else { return }
        pool.give(block, size: capacity)
        self = Self()
    }

    /// Drops everything.
    mutating func discard(to pool: inout BufferPool) {
        if let block { pool.give(block, size: capacity) }
        self = Self()
    }

    private mutating func makeRoom(
        _ count: Int,
        from pool: inout BufferPool
    ) -> UnsafeMutableRawPointer {
        let used = end - packetStart
        if let block, used + count <= capacity, used <= capacity / 2 {
            block.copyMemory(from: block + packetStart, byteCount: used)
            shift(by: packetStart)
            return block + end
        }
        let size = BufferPool.blockSize(for: used + count)
        let larger = pool.take(size: size)
        if let block {
            larger.copyMemory(from: block + packetStart, byteCount: used)
            pool.give(block, size: capacity)
        }
        shift(by: packetStart)
        block = larger
        capacity = size
        return larger + end
    }

    private mutating func shift(by offset: Int) {
        packetStart -= offset
        written -= offset
        end -= offset
    }

    /// The length of the control packet `bytes` begin with, from its fixed header.
    static func packetLength(_ bytes: UnsafeRawBufferPointer) -> Int {
        var remaining = 0
        for index in 1..<5 where index < bytes.count {
            let byte = bytes[index]
            remaining |= Int(byte & 0x7F) << (7 * (index - 1))
            if byte & 0x80 == 0 { return 1 + index + remaining }
        }
        return bytes.count
    }
}
