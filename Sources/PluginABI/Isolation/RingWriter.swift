// SPDX-License-Identifier: Apache-2.0
// The writing end of a ring.

import Synchronization

/// The writing end of a ring; one at a time.
package struct RingWriter: Sendable {
    private let ring: UnsafeRing
    private var tail: UInt64 = 0
    /// Whether the reader's head was none that there can be.
    package private(set) var isBroken = false

    /// The end of a ring that nothing was written to.
    package init(_ ring: UnsafeRing) { self.ring = ring }

    /// Bytes that have room now.
    private mutating func room() -> Int {
        let used = tail &- ring.head.pointee.load(ordering: .acquiring)
        guard used <= UInt64(ring.capacity) else {
            isBroken = true
            return 0
        }
        return ring.capacity - Int(used)
    }

    /// Writes as much of a record as fits, from `offset` on; the reader sees it at once.
    ///
    /// - Returns: up to where it is written now; all of it is when that is `bytes.count`. A record of no
    ///   bytes is not written: there is none.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> Int {
        assert(!bytes.isEmpty && offset < bytes.count, "there is something to be written")
        var done = offset
        var free = room()
        let start = tail
        while done < bytes.count {
            let count = min(bytes.count - done, UnsafeRing.pieceMax)
            let size = UnsafeRing.size(of: count)
            guard size <= free else { break }
            let isContinued = done + count < bytes.count
            ring.storeHeader(length: count, isContinued: isContinued, at: tail)
            ring.store(
                UnsafeRawBufferPointer(rebasing: bytes[done..<done + count]),
                at: tail &+ UInt64(UnsafeRing.headerSize)
            )
            tail &+= UInt64(size)
            free -= size
            done += count
        }
        // Before the writer looks whether the reader sleeps, which looks the other way round.
        if tail != start { ring.tail.pointee.store(tail, ordering: .sequentiallyConsistent) }
        return done
    }

    /// Whether at least half of the ring is free.
    package mutating func hasMuchRoom() -> Bool { room() >= ring.capacity / 2 }
}
