// SPDX-License-Identifier: Apache-2.0
// Bytes that wait for a socket.

import CLinux
import Glibc

/// The encoded control packets that a connection has yet to write, in one growing block.
///
/// What is large and shared with other connections is referenced, in a backlog before the block.
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
        var backlog: UnsafeOutputBacklog?
    }

    private let fields: UnsafeMutablePointer<Fields>

    init() {
        fields = .allocate(capacity: 1)
        fields.initialize(to: Fields())
    }

    deinit {
        block?.deallocate()
        fields.deinitialize(count: 1)
        fields.deallocate()
    }

    /// Control packets not completely written.
    var packetCount: Int {
        fields.pointee.packetCount + (fields.pointee.backlog?.packetCount ?? 0)
    }

    /// Bytes not yet written.
    var byteCount: Int { end - written + (fields.pointee.backlog?.byteCount ?? 0) }

    /// Whether everything is written.
    var isEmpty: Bool { end == written && !hasBacklog }

    /// Whether referenced bytes are to be written before the block.
    var hasBacklog: Bool { fields.pointee.backlog != nil }

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
        fields.pointee.packetCount += packets
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

    /// Adds `packets` whole control packets without copying them; the first `written` bytes went
    /// out already.
    func append(_ shared: SharedBytes, written: Int, packets: Int) {
        moveBlockToBacklog()
        fields.pointee.backlog?
            .append(shared.bytes, of: shared, written: written, packets: packets)
    }

    /// Adds the end of a packet, which stays where it is while `owner` lives; its head has been
    /// committed as no packet.
    func append(endOfPacket bytes: UnsafeRawBufferPointer, of owner: AnyObject) {
        moveBlockToBacklog()
        fields.pointee.backlog?.append(endOfPacket: bytes, of: owner)
    }

    private func moveBlockToBacklog() {
        if !hasBacklog { fields.pointee.backlog = UnsafeOutputBacklog() }
        guard let block, end > written else { return }
        let waiting = UnsafeRawBufferPointer(start: block + packetStart, count: end - packetStart)
        fields.pointee.backlog?
            .append(
                waiting,
                of: SharedBytes(adopting: block, bytes: waiting),
                written: written - packetStart,
                packets: fields.pointee.packetCount
            )
        let backlog = fields.pointee.backlog
        fields.pointee = Fields()
        fields.pointee.backlog = backlog
    }

    /// Describes what is to be written next; returns how many places were filled.
    func describe(in vectors: UnsafeMutableBufferPointer<iovec>) -> Int {
        var count = fields.pointee.backlog?.describe(in: vectors) ?? 0
        if count < vectors.count, end > written {
            vectors[count] = iovec(unwritten)
            count += 1
        }
        return count
    }

    /// What is to be written next where there is no backlog.
    var unwritten: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: block.map { $0 + written },
            count: end - written
        )
    }

    /// Notes that `count` bytes went out, and which packets with them.
    func advance(by count: Int) {
        written += hasBacklog ? advanceBacklog(by: count) : count
        guard written < end, let block else {
            packetStart = end
            fields.pointee.packetCount = 0
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
            fields.pointee.packetCount -= 1
        }
    }

    /// Returns how many of the bytes came after the backlog.
    private func advanceBacklog(by count: Int) -> Int {
        let rest = fields.pointee.backlog?.advance(by: count) ?? count
        if fields.pointee.backlog?.byteCount == 0 { fields.pointee.backlog = nil }
        return rest
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
