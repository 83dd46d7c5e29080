// SPDX-License-Identifier: Apache-2.0
// Bytes that wait for a socket and are referenced instead of copied.

import CLinux

/// What a connection has to write before the block of its output queue, oldest first.
///
/// A large payload, and a run of packets that several subscribers could not take at once, is in memory
/// once however many connections have yet to write it.
///
/// ```
/// segments:  | done … | partly written | whole … |
///            0       first                     count
/// ```
/// Invariants: `byteCount` and `unitCount` are the sums over the segments from `first` on; each of
/// these has something to write. Done segments hold nothing and are dropped in bulk, so that a long
/// backlog costs the same per segment as a short one.
struct UnsafeOutputBacklog {
    /// Consecutive bytes of the stream that belong to `owner`.
    private struct Segment {
        let owner: AnyObject?
        let bytes: UnsafeRawBufferPointer
        /// Bytes that went out.
        var written = 0
        /// The units that end here.
        var units: UnwrittenUnits
        /// Whether a unit begins with the first byte; if not, that byte is in the middle of one, and
        /// where units end cannot be asked for from there.
        let isStart: Bool

        /// A segment that holds nothing.
        static var done: Segment {
            Segment(
                owner: nil,
                bytes: UnsafeRawBufferPointer(start: nil, count: 0),
                units: UnwrittenUnits(count: 0),
                isStart: true
            )
        }

        /// Notes that `count` more bytes went out; returns how many units with them.
        mutating func advance(by count: Int, _ ends: OutputUnits?) -> Int {
            precondition(0 <= count && count <= bytes.count - written, "no more goes than waits")
            let before = units.count
            written += count
            if written == bytes.count {
                units.finish(at: written)
            } else if isStart {
                units.advance(to: written, in: bytes, ends)
            }
            return before - units.count
        }
    }

    private var segments: [Segment] = []
    private var first = 0
    /// Bytes not yet written.
    private(set) var byteCount = 0
    /// Units not completely written.
    private(set) var unitCount = 0

    /// Adds whole units of which `written` bytes went out already, followed by the head of another
    /// one perhaps.
    mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        of owner: AnyObject,
        written: Int,
        units: UnwrittenUnits,
        endingAs ends: OutputUnits?
    ) {
        var segment = Segment(owner: owner, bytes: bytes, units: units, isStart: true)
        _ = segment.advance(by: written, ends)
        append(segment)
    }

    /// Adds the end of a unit whose head stands before it.
    mutating func append(endOfUnit bytes: UnsafeRawBufferPointer, of owner: AnyObject) {
        append(
            Segment(owner: owner, bytes: bytes, units: UnwrittenUnits(count: 1), isStart: false)
        )
    }

    private mutating func append(_ segment: Segment) {
        assert(segment.written < segment.bytes.count, "there is something to write")
        segments.append(segment)
        byteCount += segment.bytes.count - segment.written
        unitCount += segment.units.count
    }

    /// Describes what is to be written next; returns how many places were filled.
    func describe(in vectors: UnsafeMutableBufferPointer<iovec>) -> Int {
        let count = min(segments.count - first, vectors.count)
        for index in 0..<count {
            let segment = segments[first + index]
            let rest = UnsafeRawBufferPointer(rebasing: segment.bytes[segment.written...])
            vectors[index] = iovec(rest)
        }
        return count
    }

    /// Notes that `count` bytes went out; returns how many of them came after the backlog.
    mutating func advance(by count: Int, endingAs ends: OutputUnits?) -> Int {
        var rest = count
        while rest > 0, first < segments.count {
            let taken = min(rest, segments[first].bytes.count - segments[first].written)
            unitCount -= segments[first].advance(by: taken, ends)
            byteCount -= taken
            rest -= taken
            guard segments[first].written == segments[first].bytes.count else { break }
            // What nobody else needs is freed now.
            segments[first] = .done
            first += 1
        }
        if first > segments.count / 2 {
            segments.removeFirst(first)
            first = 0
        }
        return rest
    }

    /// Whether the invariants hold; to be asserted.
    func checkInvariants() -> Bool {
        // A long one would make every test that has one slow.
        guard segments.count <= 64 else { return true }
        let waiting = segments[first...]
        precondition(waiting.allSatisfy { $0.written < $0.bytes.count }, "each has bytes to write")
        precondition(
            waiting.reduce(0) { $0 + $1.bytes.count - $1.written } == byteCount,
            "the bytes are counted"
        )
        precondition(
            waiting.reduce(0) { $0 + $1.units.count } == unitCount,
            "the units are counted"
        )
        return true
    }
}

extension iovec {
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(
            iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
            iov_len: bytes.count
        )
    }
}
