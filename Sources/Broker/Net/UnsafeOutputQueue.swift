// SPDX-License-Identifier: Apache-2.0
// Bytes that wait for a socket.

import CLinux
import Glibc

/// The bytes that a connection has yet to write, in one growing block, and how many units they hold.
///
/// What is large and shared with other connections is referenced, in a backlog before the block.
///
/// ```
/// block:  | done … | partly written unit … | whole units … | free … |
///         0     units.start      written                  end    capacity
/// ```
/// Invariants: `0 <= units.start <= written <= end <= capacity`; a unit begins at `units.start` if
/// any is left; `units.count` of them end in `units.start..<end`, none once all is written.
///
/// What the bytes mean is not known here. Where a unit ends is asked of whoever wrote it (see
/// `OutputUnits`), and only where a write has cut the block: that keeps the count exact without a
/// mark for each unit. The bytes from `units.start` on are kept for the purpose, also after they are
/// written.
///
/// The fields lie behind a pointer: they are touched for every run of packets, and a `let` needs no
/// check for exclusive access.
struct UnsafeOutputQueue: ~Copyable {
    private struct Fields {
        var block: UnsafeMutableRawPointer?
        var capacity = 0
        var written = 0
        var end = 0
        var units = UnwrittenUnits(count: 0)
        var backlog: UnsafeOutputBacklog?
    }

    private let fields: UnsafeMutablePointer<Fields>

    init() {
        fields = .allocate(capacity: 1)
        fields.initialize(to: Fields())
    }

    deinit {
        if let block { BufferPool.release(block, size: capacity) }
        fields.deinitialize(count: 1)
        fields.deallocate()
    }

    /// Units not completely written.
    var unitCount: Int { units.count + (fields.pointee.backlog?.unitCount ?? 0) }

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
    private var written: Int {
        get { fields.pointee.written }
        nonmutating set { fields.pointee.written = newValue }
    }
    private var end: Int {
        get { fields.pointee.end }
        nonmutating set { fields.pointee.end = newValue }
    }
    private var units: UnwrittenUnits {
        get { fields.pointee.units }
        nonmutating set { fields.pointee.units = newValue }
    }

    /// Room for `count` more bytes; `commit` makes what was written there part of the queue.
    @inline(__always)
    func reserve(_ count: Int, from pool: BufferPool) -> UnsafeMutableRawPointer {
        assert(count >= 0)
        if let block, capacity - end >= count {
            return block + end
        }
        return makeRoom(count, from: pool)
    }

    /// Adds `count` bytes at the reserved place: `units` whole units, or for 0 the head of one whose
    /// end is appended next, or bytes that do not count.
    @inline(__always)
    func commit(_ count: Int, units: Int) {
        precondition(count >= 0 && count <= capacity - end, "no more is committed than reserved")
        assert(units >= 0)
        assert(
            units == 0 || self.units.count > 0 || written == end,
            "units do not follow bytes that do not count"
        )
        end += count
        fields.pointee.units.add(units)
        assert(checkInvariants())
    }

    /// Copies whole units to the end of the queue.
    func append(_ bytes: UnsafeRawBufferPointer, units: Int, from pool: BufferPool) {
        guard let source = bytes.baseAddress else { return }
        assert(units > 0 || self.units.count == 0, "bytes that do not count do not follow units")
        reserve(bytes.count, from: pool).copyMemory(from: source, byteCount: bytes.count)
        commit(bytes.count, units: units)
    }

    /// Adds whole units without copying them; the first `written` bytes went out already.
    func append(_ shared: SharedBytes, written: Int, units: Int, endingAs ends: OutputUnits?) {
        moveBlockToBacklog()
        fields.pointee.backlog?
            .append(
                shared.bytes,
                of: shared,
                written: written,
                units: UnwrittenUnits(count: units),
                endingAs: ends
            )
        assert(checkInvariants())
    }

    /// Adds the end of a unit, which stays where it is while `owner` lives; its head has been
    /// committed as no unit.
    func append(endOfUnit bytes: UnsafeRawBufferPointer, of owner: AnyObject) {
        moveBlockToBacklog()
        fields.pointee.backlog?.append(endOfUnit: bytes, of: owner)
        assert(checkInvariants())
    }

    private func moveBlockToBacklog() {
        if !hasBacklog { fields.pointee.backlog = UnsafeOutputBacklog() }
        guard let block, end > written else { return }
        let start = units.start
        var moved = units
        moved.shift(by: start)
        let waiting = UnsafeRawBufferPointer(start: block + start, count: end - start)
        fields.pointee.backlog?
            .append(
                waiting,
                of: SharedBytes(adopting: block, capacity: capacity, bytes: waiting),
                written: written - start,
                units: moved,
                endingAs: nil
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

    /// Notes that `count` bytes went out, if these are all there are and lie in the block.
    @inline(__always)
    func finish(_ count: Int) -> Bool {
        guard count == end - written, !hasBacklog else { return false }
        written = end
        fields.pointee.units.finish(at: end)
        assert(checkInvariants())
        return true
    }

    /// Notes that `count` bytes went out, and which units with them; `ends` is asked if one is cut.
    func advance(by count: Int, endingAs ends: @autoclosure () -> OutputUnits?) {
        precondition(count >= 0 && count <= byteCount, "no more goes out than was there")
        written += hasBacklog ? advanceBacklog(by: count, ends()) : count
        if written < end, let block {
            let bytes = UnsafeRawBufferPointer(start: block, count: end)
            if units.start < written {
                fields.pointee.units.advance(to: written, in: bytes, ends())
            }
        } else {
            fields.pointee.units.finish(at: end)
        }
        assert(checkInvariants())
    }

    /// Returns how many of the bytes came after the backlog.
    private func advanceBacklog(by count: Int, _ ends: OutputUnits?) -> Int {
        let rest = fields.pointee.backlog?.advance(by: count, endingAs: ends) ?? count
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
        let start = units.start
        let used = end - start
        if let block, used + count <= capacity,
            used <= capacity / 2
        {
            block.copyMemory(from: block + start, byteCount: used)
            shift(by: start)
            return block + end
        }
        let size = BufferPool.blockSize(for: used + count)
        let larger = pool.take(size: size)
        if let block {
            larger.copyMemory(from: block + start, byteCount: used)
            pool.give(block, size: capacity)
        }
        shift(by: start)
        block = larger
        capacity = size
        assert(checkInvariants())
        return larger + end
    }

    private func shift(by offset: Int) {
        fields.pointee.units.shift(by: offset)
        written -= offset
        end -= offset
    }

    /// Whether the invariants hold; to be asserted.
    func checkInvariants() -> Bool {
        precondition(0 <= units.start && units.start <= written, "written units are behind")
        precondition(written <= end && end <= capacity, "nothing lies outside the block")
        precondition((block == nil) == (capacity == 0), "a block has room")
        precondition(units.count >= 0, "no unit is written twice")
        precondition(units.count <= end - units.start, "a unit has bytes")
        precondition(written < end || units.count == 0, "what is written does not wait")
        return fields.pointee.backlog?.checkInvariants() ?? true
    }
}
