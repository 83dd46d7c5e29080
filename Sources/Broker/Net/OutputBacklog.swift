// SPDX-License-Identifier: Apache-2.0
// Bytes that wait for a socket and are referenced instead of copied.

import CLinux

/// Packets in memory that lasts as long as somebody has yet to write them.
package final class SharedBytes {
    /// The packets.
    package let bytes: UnsafeRawBufferPointer
    private let block: UnsafeMutableRawPointer

    /// Copies `source`.
    package init(copying source: UnsafeRawBufferPointer) {
        block = .allocate(byteCount: source.count, alignment: 16)
        if let base = source.baseAddress { block.copyMemory(from: base, byteCount: source.count) }
        bytes = UnsafeRawBufferPointer(start: block, count: source.count)
    }

    /// Takes over an allocated block of which `bytes` is a part.
    init(adopting block: UnsafeMutableRawPointer, bytes: UnsafeRawBufferPointer) {
        self.block = block
        self.bytes = bytes
    }

    deinit { block.deallocate() }
}

/// What a connection has to write before the block of its output queue, oldest first.
///
/// A large payload, and a run of packets that several subscribers could not take at once, is in memory
/// once however many connections have yet to write it.
struct UnsafeOutputBacklog {
    /// Consecutive bytes of the stream that belong to `owner`.
    private struct Segment {
        let owner: AnyObject
        let bytes: UnsafeRawBufferPointer
        /// Bytes that went out.
        var written: Int
        /// Where the first packet that is not completely written begins; nil for the end of one.
        var packetStart: Int?
        /// Packets that end here and are not completely written.
        var packetCount: Int

        /// Notes that `count` more bytes went out; returns how many packets with them.
        mutating func advance(by count: Int) -> Int {
            let before = packetCount
            written += count
            if written == bytes.count {
                packetCount = 0
            } else if var start = packetStart {
                while packetCount > 0 {
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                    let length = UnsafeOutputQueue.packetLength(rest)
                    guard start + length <= written else { break }
                    start += length
                    packetCount -= 1
                }
                packetStart = start
            }
            return before - packetCount
        }
    }

    private var segments: [Segment] = []
    /// Bytes not yet written.
    private(set) var byteCount = 0
    /// Control packets not completely written.
    private(set) var packetCount = 0

    /// Adds `packets` whole control packets of which `written` bytes went out already, followed by
    /// the head of another one perhaps.
    mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        of owner: AnyObject,
        written: Int,
        packets: Int
    ) {
        var segment = Segment(
            owner: owner,
            bytes: bytes,
            written: 0,
            packetStart: 0,
            packetCount: packets
        )
        _ = segment.advance(by: written)
        segments.append(segment)
        byteCount += bytes.count - written
        packetCount += segment.packetCount
    }

    /// Adds the end of a packet whose head stands before it.
    mutating func append(endOfPacket bytes: UnsafeRawBufferPointer, of owner: AnyObject) {
        segments.append(
            Segment(owner: owner, bytes: bytes, written: 0, packetStart: nil, packetCount: 1)
        )
        byteCount += bytes.count
        packetCount += 1
    }

    /// Describes what is to be written next; returns how many places were filled.
    func describe(in vectors: UnsafeMutableBufferPointer<iovec>) -> Int {
        let count = min(segments.count, vectors.count)
        for index in 0..<count {
            let segment = segments[index]
            let rest = UnsafeRawBufferPointer(rebasing: segment.bytes[segment.written...])
            vectors[index] = iovec(rest)
        }
        return count
    }

    /// Notes that `count` bytes went out; returns how many of them came after the backlog.
    mutating func advance(by count: Int) -> Int {
        var rest = count
        var done = 0
        while rest > 0, done < segments.count {
            let taken = min(rest, segments[done].bytes.count - segments[done].written)
            packetCount -= segments[done].advance(by: taken)
            byteCount -= taken
            rest -= taken
            guard segments[done].written == segments[done].bytes.count else { break }
            done += 1
        }
        segments.removeFirst(done)
        return rest
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
