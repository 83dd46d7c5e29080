// SPDX-License-Identifier: Apache-2.0
// The writing end of a ring.

import Synchronization

/// The writing end of a ring; one at a time.
package struct RingWriter: Sendable {
    private let ring: UnsafeRing
    /// Bytes that were written in all.
    package private(set) var tail: UInt64 = 0
    /// What the reader had taken when that was looked at last.
    private var knownHead: UInt64 = 0
    /// Whether the reader's head was none that there can be.
    package private(set) var isBroken = false

    /// The end of a ring that nothing was written to.
    package init(_ ring: UnsafeRing) { self.ring = ring }

    /// Bytes that have room now; the reader's word is looked at only when more is wanted than was known
    /// to be there.
    @inline(__always)
    private mutating func room(for size: Int) -> Int {
        let known = ring.capacity - Int(truncatingIfNeeded: tail &- knownHead)
        return known >= size ? known : room()
    }

    private mutating func room() -> Int {
        let head = ring.head.pointee.load(ordering: .acquiring)
        let used = tail &- head
        guard used <= UInt64(ring.capacity), !isBroken else {
            isBroken = true
            knownHead = tail &- UInt64(ring.capacity)
            return 0
        }
        knownHead = head
        return ring.capacity - Int(used)
    }

    /// Writes as much of a record as fits, from `offset` on; the reader sees it at once, but whoever looks
    /// whether the reader sleeps makes sure with a fence that it does not look earlier than this.
    ///
    /// - Returns: up to where it is written now; all of it is when that is `bytes.count`. A record of no
    ///   bytes is not written: there is none.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        assert(!bytes.isEmpty && offset < bytes.count, "there is something to be written")
        var done = offset
        let start = tail
        while done < bytes.count {
            let count = min(bytes.count - done, ring.pieceMax)
            let size = UnsafeRing.size(of: count)
            guard size <= room(for: size) else { break }
            let isContinued = done + count < bytes.count
            ring.storeHeader(length: count, isContinued: isContinued, at: tail)
            ring.store(
                UnsafeRawBufferPointer(rebasing: bytes[done..<done + count]),
                at: tail &+ UInt64(UnsafeRing.headerSize)
            )
            tail &+= UInt64(size)
            done += count
        }
        if tail != start { ring.tail.pointee.store(tail, ordering: .releasing) }
        return done
    }

    /// Writes an answer that is nothing but a code; false if there is no room.
    package mutating func write(_ answer: PlainAnswer) -> Bool {
        let size = UnsafeRing.size(of: PlainAnswer.byteCount)
        guard size <= room(for: size) else { return false }
        let (first, second, third) = answer.words
        ring.storeHeader(length: PlainAnswer.byteCount, isContinued: false, at: tail)
        ring.storeWord(first, at: tail &+ 8)
        ring.storeWord(second, at: tail &+ 16)
        ring.storeWord(third, at: tail &+ 24)
        tail &+= UInt64(size)
        ring.tail.pointee.store(tail, ordering: .releasing)
        return true
    }

    /// Overwrites what was written from one position to another, unless something else is there by now.
    package func wipe(from start: UInt64, to end: UInt64) {
        assert(end >= start && end <= tail, "that was written")
        guard tail &- start <= UInt64(ring.capacity) else { return }
        ring.wipe(Int(end &- start), at: start)
    }

    /// Whether at least half of the ring is free.
    package mutating func hasMuchRoom() -> Bool { room() >= ring.capacity / 2 }
}
