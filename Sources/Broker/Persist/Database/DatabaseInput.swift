// SPDX-License-Identifier: Apache-2.0
// Reads a file front to back through one buffer.

import Glibc

/// Fills a buffer with the next bytes of a file, like read(2).
///
/// Returns how many there are, 0 at the end, -1 with `errno` set.
package typealias DatabaseSource = (UnsafeMutableRawBufferPointer) -> Int

/// The bytes of a file that were read and not used yet.
///
/// ```
/// buffer: | used | start … end: not used yet | free |
///                  ^ offset in the file
/// ```
/// The buffer grows only when it is full of bytes that were there, so that no length a file
/// announces costs memory.
struct DatabaseInput {
    private let source: DatabaseSource
    /// Everything between `start` and `end` is from the file.
    private(set) var buffer: [UInt8]
    private(set) var start = 0
    private var end = 0
    /// Where in the file `start` is.
    private(set) var offset: UInt64 = 0
    private var isAtEnd = false

    init(bufferByteCount: Int, source: @escaping DatabaseSource) {
        precondition(bufferByteCount > 0, "a buffer has room")
        self.source = source
        buffer = [UInt8](repeating: 0, count: bufferByteCount)
    }

    /// Bytes that were read and not used yet.
    var available: Int { end - start }

    /// Makes a number of bytes available at `start`; false when the file is over before.
    mutating func fill(_ count: Int) throws(DatabaseReadError.Reason) -> Bool {
        assert(count >= 0 && count <= DatabaseFormat.bodyByteCountMax, "what is wanted has a limit")
        if available >= count { return true }
        if buffer.count - start < count { moveToFront() }
        while available < count {
            guard !isAtEnd else { return false }
            if end == buffer.count { grow(to: count) }
            try read()
        }
        return true
    }

    /// Uses bytes up.
    mutating func advance(_ count: Int) {
        precondition(count >= 0 && count <= available, "what is used was there")
        start += count
        // A file has fewer than 2^63 bytes.
        offset += UInt64(count)
    }

    /// Uses up as many bytes as there are of a number.
    mutating func skip(_ count: UInt64) throws(DatabaseReadError.Reason) {
        var rest = count
        while rest > 0, try fill(1) {
            let step = Int(min(rest, UInt64(available)))
            advance(step)
            rest -= UInt64(step)
        }
    }

    /// The 16-bit number at a distance from `start`, whose bytes are available.
    func twoBytes(at distance: Int) -> Int {
        let place = start + distance
        return Int(buffer[place]) << 8 | Int(buffer[place + 1])
    }

    /// The 32-bit number at a distance from `start`, whose bytes are available.
    func fourBytes(at distance: Int) -> UInt32 {
        UInt32(twoBytes(at: distance)) << 16 | UInt32(twoBytes(at: distance + 2))
    }

    private mutating func moveToFront() {
        guard start > 0 else { return }
        buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            memmove(base, base + start, end - start)
        }
        end -= start
        start = 0
    }

    private mutating func grow(to count: Int) {
        assert(start == 0 && end == buffer.count, "it is full")
        let wanted = max(min(2 * buffer.count, count), buffer.count + 1)
        buffer.append(contentsOf: repeatElement(0, count: wanted - buffer.count))
    }

    /// Reads once into what is free.
    private mutating func read() throws(DatabaseReadError.Reason) {
        let end = end
        let count = buffer.withUnsafeMutableBytes { bytes in
            source(UnsafeMutableRawBufferPointer(rebasing: bytes[end...]))
        }
        guard count >= 0 else { throw .readFailed(errno) }
        precondition(count <= buffer.count - end, "a read fits where it goes")
        self.end += count
        isAtEnd = count == 0
    }
}
