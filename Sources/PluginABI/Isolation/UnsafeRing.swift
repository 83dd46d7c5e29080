// SPDX-License-Identifier: Apache-2.0
// A ring of bytes in shared memory: where it is, and how bytes go around its end.

package import Synchronization

/// A ring of bytes in memory that two processes share: one writes, one reads.
///
/// A record is a header of eight bytes, its length and whether another piece follows, and its bytes, filled
/// up to a multiple of eight. So a header never goes around the end of the ring; the bytes may.
///
/// Head and tail count all bytes there ever were. Each side keeps its own count for itself: what the other
/// one has written there, or anywhere in the ring, is looked at with suspicion.
///
/// `@unchecked Sendable`: addresses, which stay mapped; the ends are used by one thread at a time.
package struct UnsafeRing: @unchecked Sendable {
    /// A word both can see.
    package typealias Word = UnsafeMutablePointer<Atomic<UInt64>>

    /// Bytes of a header.
    static let headerSize = 8
    /// Bytes of the longest piece; longer records come in several.
    package var pieceMax: Int { capacity / 4 }
    /// Bytes of the smallest ring.
    package static let capacityMin = 1 << 10

    let bytes: UnsafeMutableRawPointer
    let capacity: Int
    let head: Word
    let tail: Word

    /// A ring of `capacity` bytes at `bytes`, a power of two.
    package init(bytes: UnsafeMutableRawPointer, capacity: Int, head: Word, tail: Word) {
        precondition(capacity & (capacity - 1) == 0, "positions are cut by a mask")
        precondition(capacity >= Self.capacityMin, "every piece fits, and another one beside it")
        self.bytes = bytes
        self.capacity = capacity
        self.head = head
        self.tail = tail
    }

    /// The word at an address.
    package static func word(at address: UnsafeMutableRawPointer) -> Word {
        assert(UInt(bitPattern: address) % 8 == 0, "words are aligned")
        return address.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Bytes that a piece takes in the ring.
    static func size(of count: Int) -> Int { headerSize + (count + 7) & ~7 }

    private func offset(_ position: UInt64) -> Int { Int(position & UInt64(capacity - 1)) }

    func store(_ source: UnsafeRawBufferPointer, at position: UInt64) {
        assert(source.count <= capacity, "nothing is longer than the ring")
        guard let base = source.baseAddress else { return }
        let start = offset(position)
        let first = min(source.count, capacity - start)
        (bytes + start).copyMemory(from: base, byteCount: first)
        if first < source.count {
            bytes.copyMemory(from: base + first, byteCount: source.count - first)
        }
    }

    func load(_ count: Int, at position: UInt64, after target: inout [UInt8]) {
        assert(count <= capacity, "nothing is longer than the ring")
        let start = offset(position)
        let first = min(count, capacity - start)
        target.append(contentsOf: UnsafeRawBufferPointer(start: bytes + start, count: first))
        if first < count {
            target.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count - first))
        }
    }

    func storeHeader(length: Int, isContinued: Bool, at position: UInt64) {
        storeWord(UInt64(length) | (isContinued ? 1 << 32 : 0), at: position)
    }

    /// A word; records begin with whole words, so none goes around the end.
    func loadWord(at position: UInt64) -> UInt64 {
        assert(position % 8 == 0, "words are aligned")
        return (bytes + offset(position)).load(as: UInt64.self)
    }

    func storeWord(_ word: UInt64, at position: UInt64) {
        assert(position % 8 == 0, "words are aligned")
        (bytes + offset(position)).storeBytes(of: word, as: UInt64.self)
    }

    /// Bytes where they lie; nil if they go around the end.
    func view(_ count: Int, at position: UInt64) -> UnsafeRawBufferPointer? {
        let start = offset(position)
        guard count <= capacity - start else { return nil }
        return UnsafeRawBufferPointer(start: bytes + start, count: count)
    }

    /// Overwrites bytes.
    func wipe(_ count: Int, at position: UInt64) {
        assert(count <= capacity, "nothing is longer than the ring")
        let start = offset(position)
        let first = min(count, capacity - start)
        (bytes + start).initializeMemory(as: UInt8.self, repeating: 0, count: first)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: count - first)
    }
}

/// What was found in shared memory is nothing the other side would write.
package struct Nonsense: Error, Equatable {
    /// What is wrong.
    package let what: StaticString

    init(_ what: StaticString) { self.what = what }

    /// The other side's count of what it has read is none there can be.
    package static let heads = Nonsense("the head of a ring")
    /// A question is answered that was not asked, or not yet.
    package static let serial = Nonsense("the serial of an answer")
    /// A record stands where none of its kind belongs.
    package static let place = Nonsense("a record in a ring of others")

    package static func == (left: Nonsense, right: Nonsense) -> Bool {
        left.what.description == right.what.description
    }
}
