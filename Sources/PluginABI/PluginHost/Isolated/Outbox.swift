// SPDX-License-Identifier: Apache-2.0
// Records that a ring has had no room for yet.

import Isolation

/// A writing end with the records behind it that it has had no room for yet.
struct Outbox {
    private var end: RingWriter
    private var waiting = Queue<[UInt8]>()
    /// What of the first one that waits is written.
    private var writtenCount = 0

    init(_ ring: UnsafeRing) { end = RingWriter(ring) }

    /// Whether something waits for room.
    var hasWaiting: Bool { !waiting.isEmpty }

    /// Whether the reader has written nonsense over its own count.
    var isBroken: Bool { end.isBroken }

    /// Writes a record, or keeps what has no room; false in that case.
    mutating func write(_ bytes: [UInt8]) -> Bool {
        guard waiting.isEmpty else {
            waiting.append(bytes)
            return false
        }
        let done = bytes.withUnsafeBytes { end.write($0, from: 0) }
        guard done < bytes.count else { return true }
        waiting.append(bytes)
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
}
