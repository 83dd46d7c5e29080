// SPDX-License-Identifier: Apache-2.0
// Finds the frames of a segment.

/// A segment whose header is whole, in memory.
struct LoadedSegment {
    let header: SegmentHeader
    let file: LogBytes

    /// Its name.
    var name: String { SegmentName.name(header.sequence) }
    /// What the heads of its frames are mixed with.
    var mask: FrameMask { FrameMask(log: header.log, sequence: header.sequence) }
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

    /// How often all bytes may be summed up in search of a frame.
    ///
    /// What begins like one seldom is none: only bytes that somebody has made who knows the log's
    /// number come near it.
    private static let searchMax = 4

    private let bytes: UnsafeRawBufferPointer
    private let mask: FrameMask
    /// Bytes that were summed up in search of a frame, the heads that were looked at included.
    private(set) var searchedByteCount = 0
    /// Where the next frame begins.
    private(set) var offset = SegmentHeader.byteCount
    /// Bytes that count.
    let limit: Int

    /// Begins behind the header; no more than `limit` bytes of the file count.
    init(_ segment: LoadedSegment, limit: Int) {
        bytes = segment.file.bytes
        mask = segment.mask
        self.limit = min(limit, bytes.count)
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
        guard let head = LogFrameHead(rest, mask, at: place), rest.count >= head.frameCount,
            head.isWhole(rest)
        else { return nil }
        return LoadedFrame(
            head: head,
            offset: place,
            body: UnsafeRawBufferPointer(rebasing: rest[LogFrameHead.byteCount..<head.frameCount])
        )
    }

    /// The first whole frame behind the broken bytes; going on there if there is one.
    ///
    /// Looks at every byte. Only what was written at this very place is taken for a frame (see
    /// `FrameMask`); numbers that cannot follow are not looked at closer. Takes time in proportion to
    /// the bytes, whatever they are: after some times as many no more is found.
    mutating func skipBroken(_ numbers: FrameNumbers) -> Bool {
        var place = offset + 1
        while place + LogFrameHead.byteCount <= limit, !isSearchOver {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[place..<limit])
            if let head = LogFrameHead(rest, mask, at: place), rest.count >= head.frameCount,
                numbers.mayFollow(head)
            {
                searchedByteCount += head.frameCount
                if !isSearchOver, head.isWhole(rest) {
                    offset = place
                    return true
                }
            }
            place += 1
        }
        return false
    }

    /// The next whole frame, wherever that is.
    mutating func nextWhole() -> LoadedFrame? {
        while true {
            switch next() {
            case .frame(let frame): return frame
            case .end: return nil
            case .broken: guard skipBroken(FrameNumbers()) else { return nil }
            }
        }
    }

    /// Whether a search was ended though there were bytes left.
    var isSearchOver: Bool { searchedByteCount > Self.searchMax * limit }
}
