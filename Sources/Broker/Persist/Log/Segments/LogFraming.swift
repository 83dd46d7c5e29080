// SPDX-License-Identifier: Apache-2.0
// Puts heads before bytes that are to be records, for those who test the reader.

/// Makes a segment of any bytes, with the checksums that let a reader look at them.
package enum LogFraming {
    private static let log: UInt64 = 1

    /// A first segment whose frames hold these bytes: each begins with a byte for its length and one
    /// for its reactor, of which bit 7 stands for the writer.
    package static func segment(ofRecords bytes: [UInt8]) -> [UInt8] {
        let header = SegmentHeader(
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
        var segment = header.bytes
        var rest = bytes[...]
        var numbers = [UInt64](repeating: 0, count: 256)
        while rest.count > 2 {
            let bodyCount = min(Int(rest[rest.startIndex]), rest.count - 2)
            let choice = rest[rest.startIndex + 1]
            let reactor = choice > 127 ? LogFrameHead.writer : choice % 4
            numbers[Int(reactor)] += 1
            rest = rest.dropFirst(2)
            segment += frame(
                rest.prefix(bodyCount),
                LogFrameHead(bodyCount: bodyCount, number: numbers[Int(reactor)], reactor: reactor),
                at: segment.count
            )
            rest = rest.dropFirst(bodyCount)
        }
        return segment
    }

    private static func frame(
        _ body: ArraySlice<UInt8>,
        _ head: LogFrameHead,
        at offset: Int
    ) -> [UInt8] {
        var frame = [UInt8](repeating: 0, count: LogFrameHead.byteCount) + body
        frame.withUnsafeMutableBytes { bytes in
            let mask = FrameMask(log: Self.log, sequence: 1)
            if let base = bytes.baseAddress { head.seal(base, mask, at: offset) }
        }
        return frame
    }
}
