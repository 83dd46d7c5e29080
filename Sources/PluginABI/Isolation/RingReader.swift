// SPDX-License-Identifier: Apache-2.0
// The reading end of a ring.

import Synchronization

/// The reading end of a ring; one at a time.
///
/// It takes nothing on trust: what it finds may have been written by anybody who has lost his wits.
package struct RingReader: Sendable {
    private let ring: UnsafeRing
    private var head: UInt64 = 0
    /// What the writer had written when that was looked at last.
    private var knownTail: UInt64 = 0
    /// The pieces of a record that have come.
    private var partial: [UInt8] = []
    private let recordMax: Int

    /// What is in front of the ring.
    private struct Piece {
        let length: Int
        let isContinued: Bool
    }

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

    /// Bytes there are to be read; the writer's word is looked at when all that was known is read.
    @inline(__always)
    private mutating func available() throws(Nonsense) -> UInt64 {
        if knownTail != head { return knownTail &- head }
        knownTail = ring.tail.pointee.load(ordering: .acquiring)
        let available = knownTail &- head
        guard available <= UInt64(ring.capacity), available % 8 == 0 else {
            throw Nonsense("the tail of a ring")
        }
        return available
    }

    /// The piece in front; nil when there is none.
    @inline(__always)
    private mutating func piece() throws(Nonsense) -> Piece? {
        let available = try available()
        if available == 0 { return nil }
        let header = ring.loadWord(at: head)
        let length = Int(header & 0xFFFF_FFFF)
        guard header >> 32 <= 1, 1...ring.pieceMax ~= length,
            UInt64(UnsafeRing.size(of: length)) <= available
        else { throw Nonsense("the header of a record") }
        guard partial.count + length <= recordMax else { throw Nonsense("a record's length") }
        return Piece(length: length, isContinued: header >> 32 == 1)
    }

    private var start: UInt64 { head &+ UInt64(UnsafeRing.headerSize) }

    private mutating func advance(_ piece: Piece) {
        head &+= UInt64(UnsafeRing.size(of: piece.length))
    }

    /// The next whole record, in place of what is in `record`; false when there is none.
    ///
    /// The writer learns of the room when `publish` is called.
    package mutating func next(_ record: inout [UInt8]) throws(Nonsense) -> Bool {
        while let piece = try piece() {
            let start = start
            advance(piece)
            if partial.isEmpty, !piece.isContinued {
                record.removeAll(keepingCapacity: record.count <= ring.pieceMax)
                ring.load(piece.length, at: start, after: &record)
                return true
            }
            ring.load(piece.length, at: start, after: &partial)
            publish()
            if piece.isContinued { continue }
            record = partial
            partial = []
            return true
        }
        return false
    }

    /// The next record where it lies, if it is whole and in one piece there; else nil, and `next` has it.
    ///
    /// It stays there until `publish` is called; only for a writer that is trusted.
    package mutating func nextInPlace() throws(Nonsense) -> UnsafeRawBufferPointer? {
        guard let piece = try piece(), !piece.isContinued, partial.isEmpty,
            let view = ring.view(piece.length, at: start)
        else { return nil }
        advance(piece)
        return view
    }

    /// The next record, if it is an answer that is nothing but a code; else nil, and `next` has it.
    package mutating func nextPlain() throws(Nonsense) -> PlainAnswer? {
        guard let piece = try piece(), !piece.isContinued, partial.isEmpty,
            piece.length == PlainAnswer.byteCount
        else { return nil }
        // Each word is read once: what is there may change at any time.
        let answer = PlainAnswer(
            ring.loadWord(at: start),
            ring.loadWord(at: start &+ 8),
            ring.loadWord(at: start &+ 16)
        )
        if answer != nil { advance(piece) }
        return answer
    }

    /// Tells the writer what was read.
    package func publish() { ring.head.pointee.store(head, ordering: .releasing) }

    /// Overwrites what was read, but not what came in several pieces.
    package func wipe(_ record: inout [UInt8]) {
        record.withUnsafeMutableBytes { bytes in
            for index in bytes.indices { bytes[index] = 0 }
        }
    }
}
