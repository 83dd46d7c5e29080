// SPDX-License-Identifier: Apache-2.0
// Standard input, line by line, read in large blocks.

import Glibc

/// Lines of a descriptor, which is read in large blocks; lines may have any length.
///
/// Invariant: `start <= scanned <= end <= block.count`, and no newline is between `start` and
/// `scanned`.
package struct InputLines: ~Copyable {
    private static let blockSize = 65_536

    private let descriptor: CInt
    private var block = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Self.blockSize,
        alignment: 16
    )
    private var start = 0
    private var scanned = 0
    private var end = 0
    /// Whether all has been read.
    package private(set) var isAtEnd = false

    /// Lines of an open descriptor, which stays open.
    package init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { block.deallocate() }

    /// What came of reading.
    package enum Outcome: Sendable, Equatable {
        /// There is more, or the end was reached.
        case read
        /// There is nothing yet.
        case wouldBlock
        /// It cannot be read.
        case failed
    }

    /// Reads one block.
    package mutating func fill() -> Outcome {
        makeRoom()
        let count = read(descriptor, block.baseAddress?.advanced(by: end), block.count - end)
        if count > 0 {
            end += count
        } else if count == 0 {
            isAtEnd = true
        } else {
            return errno == EAGAIN || errno == EINTR ? .wouldBlock : .failed
        }
        return .read
    }

    /// Whether a whole line is there, or the rest behind the last newline.
    package mutating func hasLine() -> Bool {
        if scanned < end, newline() != nil { return true }
        return isAtEnd && start < end
    }

    /// Lends the next line without its newline to `use`, which says whether it is taken; false if
    /// there is none, or if it is not taken.
    package mutating func take(_ use: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        let line: Range<Int>
        let next: Int
        if let position = newline() {
            line = start..<position
            next = position + 1
        } else if isAtEnd, start < end {
            line = start..<end
            next = end
        } else {
            return false
        }
        guard use(UnsafeRawBufferPointer(rebasing: block[line])) else { return false }
        start = next
        scanned = next
        return true
    }

    /// Where the next newline is; remembers how far it has looked.
    private mutating func newline() -> Int? {
        assert(start <= scanned && scanned <= end && end <= block.count, "in order")
        guard scanned < end, let base = block.baseAddress else { return nil }
        guard let found = memchr(base + scanned, 0x0A, end - scanned) else {
            scanned = end
            return nil
        }
        scanned = UnsafeRawPointer(found) - UnsafeRawPointer(base)
        return scanned
    }

    /// Moves what is left to the front, and grows when a line fills the block.
    private mutating func makeRoom() {
        if start > 0 {
            let rest = UnsafeRawBufferPointer(rebasing: block[start..<end])
            if let to = block.baseAddress, let from = rest.baseAddress {
                memmove(to, from, rest.count)
            }
            scanned -= start
            end -= start
            start = 0
        }
        guard block.count - end < Self.blockSize / 2 else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(2 * block.count, Self.blockSize),
            alignment: 16
        )
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<end]))
        block.deallocate()
        block = larger
    }
}
