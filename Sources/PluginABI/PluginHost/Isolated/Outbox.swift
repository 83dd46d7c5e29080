// SPDX-License-Identifier: Apache-2.0
// Records that a ring has had no room for yet.

import Isolation

/// A writing end with the records behind it that it has had no room for yet.
struct Outbox: ~Copyable {
    private var end: RingWriter
    private var waiting = UnsafeQueue<[UInt8]>()
    /// What of the first one that waits is written.
    private var writtenCount = 0

    init(_ ring: UnsafeRing) { end = RingWriter(ring) }

    /// Whether something waits for room.
    var hasWaiting: Bool { !waiting.isEmpty }

    /// Whether the reader has written nonsense over its own count.
    var isBroken: Bool { end.isBroken }

    /// Bytes that were written into the ring in all.
    var position: UInt64 { end.tail }

    /// Writes a record, or keeps what has no room; false in that case.
    @inline(__always)
    mutating func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard waiting.isEmpty else {
            waiting.append(Array(bytes))
            return false
        }
        let done = end.write(bytes, from: 0)
        guard done < bytes.count else { return true }
        waiting.append(Array(bytes))
        writtenCount = done
        return false
    }

    /// Writes what has room by now.
    mutating func pump() {
        while let bytes = waiting.first {
            let start = writtenCount
            writtenCount = bytes.withUnsafeBytes { end.write($0, from: start) }
            guard writtenCount == bytes.count else { return }
            _ = waiting.removeFirst()
            writtenCount = 0
        }
    }

    /// Overwrites what was written from one position to another.
    func wipe(from start: UInt64, to end: UInt64) { self.end.wipe(from: start, to: end) }

    /// Looks at the reader's count, which may be nonsense.
    mutating func look() { _ = end.hasMuchRoom() }
}
