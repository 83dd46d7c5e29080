// SPDX-License-Identifier: Apache-2.0
// Where the frames of a segment end.

@testable import Persist

/// The offsets at which the frames in the bytes of a segment end.
///
/// What is behind the last one is no whole frame. Empty for a file that does not begin as a segment
/// does.
func frameEnds(of segment: [UInt8]) -> [Int] {
    guard case .whole(let header) = segment.withUnsafeBytes(SegmentHeader.read) else { return [] }
    let mask = FrameMask(log: header.log, sequence: header.sequence)
    var ends: [Int] = []
    var end = SegmentHeader.byteCount
    while let head = segment[end...].withUnsafeBytes({ LogFrameHead($0, mask, at: end) }),
        end + head.frameCount <= segment.count
    {
        end += head.frameCount
        ends.append(end)
    }
    return ends
}
