// SPDX-License-Identifier: Apache-2.0
// What makes a frame count in one place only.

/// Sixteen bytes for each place of a segment, with which the head of a frame there is mixed.
///
/// They follow from the log's number, which is drawn by lot and known to nobody else, the segment's
/// sequence number and the offset. So the bytes of a frame are one in its own place alone: neither
/// what a client makes up nor a copy of another frame is taken for one when it lies in the payload of
/// a message that was torn or damaged.
struct FrameMask {
    private let key: UInt64

    /// The mask of a segment.
    init(log: UInt64, sequence: UInt64) {
        key = Self.mix(log ^ Self.mix(sequence))
    }

    /// The sixteen bytes of an offset, as two little-endian numbers.
    @inline(__always)
    func words(at offset: Int) -> (first: UInt64, second: UInt64) {
        let second = Self.mix(key &+ UInt64(offset) &* 0x9E37_79B9_7F4A_7C15)
        return (Self.mix(second ^ key), second)
    }

    /// The second half of SplitMix64: each bit of the result depends on all bits.
    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
