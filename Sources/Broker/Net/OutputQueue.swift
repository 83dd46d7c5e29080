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
///
/// The fields lie behind a pointer: they are touched for every packet, and a `let` needs no check
/// for exclusive access.
struct UnsafeOutputQueue: ~Copyable {
    private struct Fields {
        var block: UnsafeMutableRawPointer?
        var capacity = 0
        var packetStart = 0
        var written = 0
        var end = 0
        var packetCount = 0
    }

    private let fields: UnsafeMutablePointer<Fields>

    init() {
        fields = .allocate(capacity: 1)
        fields.initialize(to: Fields())
    }

    deinit {
        block?.deallocate()
        fields.deallocate()
    }

    /// Control packets not completely written.
    private(set) var packetCount: Int {
        get { fields.pointee.packetCount }
        nonmutating set { fields.pointee.packetCount = newValue }
    }

    /// Bytes not yet written.
    var byteCount: Int { end - written }

    var isEmpty: Bool { end == written }

    private var block: UnsafeMutableRawPointer? {
        get { fields.pointee.block }
        nonmutating set { fields.pointee.block = newValue }
    }
    private var capacity: Int {
        get { fields.pointee.capacity }
        nonmutating set { fields.pointee.capacity = newValue }
    }
    private var packetStart: Int {
        get { fields.pointee.packetStart }
        nonmutating set { fields.pointee.packetStart = newValue }
    }
    private var written: Int {
        get { fields.pointee.written }
        nonmutating set { fields.pointee.written = newValue }
    }
    private var end: Int {
        get { fields.pointee.end }
        nonmutating set { fields.pointee.end = newValue }
    }

    /// Room for `count` more bytes; `commit` makes what was written there part of the queue.
    @inline(__always)
    func reserve(_ count: Int, from pool: BufferPool) -> UnsafeMutableRawPointer {
        if let block, capacity - end >= count {
            return block + end
        }
        return makeRoom(count, from: pool)
    }

    /// Adds `count` bytes at the reserved place: `packets` whole control packets.
    @inline(__always)
    func commit(_ count: Int, packets: Int) {
        end += count
        packetCount += packets
    }

    /// Copies whole control packets to the end of the queue.
    func append(
        _ bytes: UnsafeRawBufferPointer,
        packets: Int,
        from pool: BufferPool
    ) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count, from: pool).copyMemory(from: source, byteCount: bytes.count)
        commit(bytes.count, packets: packets)
    }

    /// Takes over what is left of packets of which the first `skip` bytes went out already.
    func appendRest(
        _ bytes: UnsafeRawBufferPointer,
        skipping skip: Int,
        packets: Int,
        from pool: BufferPool
    ) {
        append(bytes, packets: packets, from: pool)
        advance(by: skip)
    }

    /// What is to be written next.
    var unwritten: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: block.map { $0 + written },
            count: byteCount
        )
    }

    /// Notes that `count` bytes went out, and which packets with them.
    func advance(by count: Int) {
        written += count
        guard written < end, let block else {
            packetStart = end
            packetCount = 0
            return
        }
        while packetStart < written {
            let length = Self.packetLength(
                UnsafeRawBufferPointer(
                    start: block + packetStart,
                    count: end - packetStart
                )
            )
            guard packetStart + length <= written else { break }
            packetStart += length
            packetCount -= 1
        }
    }

    /// Gives the block back when everything is written.
    func releaseIfEmpty(to pool: BufferPool) {
        guard isEmpty, let block else { return }
        pool.give(block, size: capacity)
        fields.pointee = Fields()
    }

    /// Drops everything.
    func discard(to pool: BufferPool) {
        if let block { pool.give(block, size: capacity) }
        fields.pointee = Fields()
    }

    private func makeRoom(
        _ count: Int,
        from pool: BufferPool
    ) -> UnsafeMutableRawPointer {
        let used = end - packetStart
        if let block, used + count <= capacity,
            used <= capacity / 2
        {
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

    private func shift(by offset: Int) {
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
