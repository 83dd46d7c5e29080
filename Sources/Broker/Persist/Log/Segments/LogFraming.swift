// SPDX-License-Identifier: Apache-2.0
// Puts heads before bytes that are to be records, for those who test the reader.

/// Makes segments of any bytes, with the checksums that let a reader look at them.
package struct LogFraming {
    private static let log: UInt64 = 1
    /// Most segments of one log.
    private static let segmentsMax = 8

    private var rest: ArraySlice<UInt8>
    private var header: SegmentHeader
    /// The number of the last frame, by reactor.
    private var numbers = [UInt64](repeating: 0, count: 256)

    private init(_ bytes: [UInt8]) {
        rest = bytes[...]
        header = SegmentHeader(
            log: Self.log,
            sequence: 1,
            base: 1,
            previousSequence: 0,
            previousLength: 0,
            incarnation: 1,
            flags: [],
            boot: 0,
            createdAt: 1,
            checkpointByteCount: 0
        )
    }

    /// A first segment whose frames hold these bytes: each begins with a byte for its length and one
    /// for its reactor, of which bit 7 stands for the writer and bit 6 says that what is before the
    /// frame is on the disk.
    package static func segment(ofRecords bytes: [UInt8]) -> [UInt8] {
        var framing = LogFraming(bytes)
        return framing.segment(frameCount: .max)
    }

    /// The segments of a log by name, whose frames hold these bytes, as above: each segment begins
    /// with a byte for how many frames it has, and each but the first with one for what its header
    /// says, see `advance`.
    package static func segments(ofRecords bytes: [UInt8]) -> [String: [UInt8]] {
        var framing = LogFraming(bytes)
        var files: [String: [UInt8]] = [:]
        while files.count < segmentsMax, let count = framing.rest.popFirst() {
            let segment = framing.segment(frameCount: Int(count % 16))
            files[SegmentName.name(framing.header.sequence)] = segment
            framing.advance(segment.count)
        }
        return files
    }

    /// Makes the header of the next segment.
    ///
    /// Bits: 0, 1 the flags; 2 a new incarnation; 3 its base is the last checkpoint, 4 itself; 5 less of
    /// the segment before counts; 6 one is missing; 7 the machine was started anew.
    private mutating func advance(_ byteCount: Int) {
        let choice = rest.popFirst() ?? 0
        func says(_ bit: UInt8) -> Bool { choice >> bit & 1 == 1 }
        if says(3), header.flags.contains(.checkpoint) { header.base = header.sequence }
        header.previousSequence = header.sequence
        header.previousLength = UInt64(byteCount) - (says(5) ? 1 : 0)
        header.sequence += says(6) ? 2 : 1
        header.flags = SegmentHeader.Flags(rawValue: UInt64(choice & 3))
        if says(4) { header.base = header.sequence }
        if says(2) { header.incarnation += 1 }
        if says(7) { header.boot += 1 }
        header.createdAt += 1
        if says(2) || says(1) { numbers = [UInt64](repeating: 0, count: 256) }
    }

    private mutating func segment(frameCount: Int) -> [UInt8] {
        var segment = header.bytes
        var count = 0
        while rest.count > 2, count < frameCount {
            let bodyCount = min(Int(rest[rest.startIndex]), rest.count - 2)
            let choice = rest[rest.startIndex + 1]
            let reactor = choice > 127 ? LogFrameHead.writer : choice % 4
            numbers[Int(reactor)] += 1
            rest = rest.dropFirst(2)
            let head = LogFrameHead(
                bodyCount: bodyCount,
                number: numbers[Int(reactor)],
                reactor: reactor,
                isAfterSync: choice >> 6 & 1 == 1
            )
            segment += frame(rest.prefix(bodyCount), head, at: segment.count)
            rest = rest.dropFirst(bodyCount)
            count += 1
        }
        return segment
    }

    private func frame(
        _ body: ArraySlice<UInt8>,
        _ head: LogFrameHead,
        at offset: Int
    ) -> [UInt8] {
        var frame = [UInt8](repeating: 0, count: LogFrameHead.byteCount) + body
        frame.withUnsafeMutableBytes { bytes in
            let mask = FrameMask(log: header.log, sequence: header.sequence)
            if let base = bytes.baseAddress { head.seal(base, mask, at: offset) }
        }
        return frame
    }
}
