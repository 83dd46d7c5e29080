// SPDX-License-Identifier: Apache-2.0
// Finds the frames of a segment.

/// A segment whose header is whole, in memory.
struct LoadedSegment {
    let header: SegmentHeader
    let file: LogBytes

    /// Its name.
    var name: String { SegmentName.name(header.sequence) }
}

/// A frame in memory.
struct LoadedFrame {
    let head: LogFrameHead
    let offset: Int
    let body: UnsafeRawBufferPointer

    /// What is behind it.
    var end: Int { offset + head.frameCount }
}

/// Walks over the frames of a segment.
struct SegmentScan {
    /// What comes next.
    enum Step {
        case frame(LoadedFrame)
        /// The end.
        case end
        /// Bytes that are no whole frame.
        case broken
    }

    private let bytes: UnsafeRawBufferPointer
    /// Where the next frame begins.
    private(set) var offset = SegmentHeader.byteCount
    /// Bytes that count.
    let limit: Int

    /// Begins behind the header; no more than `limit` bytes of the file count.
    init(_ file: LogBytes, limit: Int) {
        bytes = file.bytes
        self.limit = min(limit, file.bytes.count)
    }

    /// The next frame, if it is whole.
    mutating func next() -> Step {
        guard offset < limit else { return .end }
        guard let frame = frame(at: offset) else { return .broken }
        offset = frame.end
        return .frame(frame)
    }

    private func frame(at place: Int) -> LoadedFrame? {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[place..<limit])
        guard let head = LogFrameHead(rest), rest.count >= head.frameCount, head.isWhole(rest)
        else { return nil }
        return LoadedFrame(
            head: head,
            offset: place,
            body: UnsafeRawBufferPointer(rebasing: rest[LogFrameHead.byteCount..<head.frameCount])
        )
    }

    /// The first whole frame behind the broken bytes; going on there if there is one.
    ///
    /// Looks at every byte. Numbers that cannot follow are not looked at closer, which makes a
    /// frame's bytes inside the payload of a message the only ones that could be taken for one; they
    /// would have to come from this very log.
    mutating func skipBroken(_ numbers: FrameNumbers) -> Bool {
        var place = offset + 1
        while place + LogFrameHead.byteCount <= limit {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[place..<limit])
            if let head = LogFrameHead(rest), rest.count >= head.frameCount,
                numbers.mayFollow(head), head.isWhole(rest)
            {
                offset = place
                return true
            }
            place += 1
        }
        return false
    }
}
