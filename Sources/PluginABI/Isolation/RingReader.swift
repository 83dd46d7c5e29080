// SPDX-License-Identifier: Apache-2.0
// The reading end of a ring.

import Synchronization

/// The reading end of a ring; one at a time.
///
/// It takes nothing on trust: what it finds may have been written by anybody who has lost his wits.
package struct RingReader: Sendable {
    private let ring: UnsafeRing
    private var head: UInt64 = 0
    /// The pieces of a record that have come.
    private var partial: [UInt8] = []
    private let recordMax: Int

    /// The end of a ring from which nothing was read; records longer than `recordMax` are nonsense.
    package init(_ ring: UnsafeRing, recordMax: Int) {
        self.ring = ring
        self.recordMax = recordMax
    }

    /// Whether nothing is there to be read.
    package var isEmpty: Bool { ring.tail.pointee.load(ordering: .sequentiallyConsistent) == head }

    /// Whether half of the ring, or more, is free.
    package var hasMuchRoom: Bool {
        let used = ring.tail.pointee.load(ordering: .acquiring) &- head
        return used <= UInt64(ring.capacity / 2)
    }

    /// The next whole record, in place of what is in `record`; false when there is none.
    ///
    /// The writer learns of the room when `publish` is called.
    package mutating func next(_ record: inout [UInt8]) throws(Nonsense) -> Bool {
        while true {
            let available = ring.tail.pointee.load(ordering: .acquiring) &- head
            if available == 0 { return false }
            guard available <= UInt64(ring.capacity), available % 8 == 0 else {
                throw Nonsense("the tail of a ring")
            }
            let header = ring.loadHeader(at: head)
            let length = Int(header & 0xFFFF_FFFF)
            let isContinued = header >> 32 == 1
            guard header >> 32 <= 1, 1...UnsafeRing.pieceMax ~= length,
                UInt64(UnsafeRing.size(of: length)) <= available
            else { throw Nonsense("the header of a record") }
            guard partial.count + length <= recordMax else { throw Nonsense("a record's length") }
            let start = head &+ UInt64(UnsafeRing.headerSize)
            head &+= UInt64(UnsafeRing.size(of: length))
            if partial.isEmpty, !isContinued {
                record.removeAll(keepingCapacity: record.count <= UnsafeRing.pieceMax)
                ring.load(length, at: start, after: &record)
                return true
            }
            ring.load(length, at: start, after: &partial)
            publish()
            if isContinued { continue }
            record = partial
            partial = []
            return true
        }
    }

    /// Tells the writer what was read.
    package func publish() { ring.head.pointee.store(head, ordering: .sequentiallyConsistent) }

    /// Overwrites what was read, but not what came in several pieces.
    package func wipe(_ record: inout [UInt8]) {
        record.withUnsafeMutableBytes { bytes in
            for index in bytes.indices { bytes[index] = 0 }
        }
    }
}
