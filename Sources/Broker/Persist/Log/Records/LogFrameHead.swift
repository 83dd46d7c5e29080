// SPDX-License-Identifier: Apache-2.0
// The frame around the records of one turn of one reactor.

/// The head of a frame; the records follow.
///
/// ```
///   0        4         8          14     15        16
///   | length | CRC-32C | number   | mark | reactor | records …
///   | of the | of all  | of this  |
///   | records| others  | reactor  |
/// ```
/// Little-endian, and the whole head mixed (exclusive or) with the mask of its place: see
/// `FrameMask`. The frame is the unit of everything: it is there whole or not at all.
struct LogFrameHead {
    /// Bytes of a head.
    static let byteCount = 16
    /// Most bytes of the records of one frame.
    static let bodyMax = Int(UInt32.max)
    /// Frames of the writer itself have this number in place of a reactor's.
    static let writer: UInt8 = 255
    /// The greatest number of a frame.
    static let numberMax: UInt64 = 1 << 48 - 1

    /// Upper bits that every mark has.
    private static let markPattern: UInt8 = 0xA4
    /// Everything in the log before this frame is on the disk.
    private static let followsSync: UInt8 = 1

    /// Bytes of the records.
    var bodyCount: Int
    /// Which frame of its reactor, since the broker started; from 1.
    var number: UInt64
    var reactor: UInt8
    /// Whether everything in the log before this frame is on the disk.
    var isAfterSync = false
    /// The checksum it was read with.
    private var checksum: UInt32 = 0

    /// Bytes of head and records.
    var frameCount: Int { Self.byteCount + bodyCount }

    /// Writes the head, checksum included, in front of the records that are there already, for a
    /// frame that goes to this offset of the segment with this mask.
    func seal(_ frame: UnsafeMutableRawPointer, _ mask: FrameMask, at offset: Int) {
        precondition(bodyCount <= Self.bodyMax, "a turn's records fit a frame")
        precondition(number <= Self.numberMax, "a frame's number has 48 bits")
        assert(offset >= SegmentHeader.byteCount, "frames come behind the header")
        let body = UnsafeRawBufferPointer(start: frame + Self.byteCount, count: bodyCount)
        let first = UInt64(UInt32(bodyCount)) | UInt64(checksum(of: body)) << 32
        let words = mask.words(at: offset)
        frame.storeBytes(of: (first ^ words.first).littleEndian, as: UInt64.self)
        let second = (word ^ words.second).littleEndian
        frame.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
    }

    /// The head at the front of some bytes, which lie at this offset of the segment with this mask;
    /// nil if no frame begins so.
    ///
    /// Says nothing of its records.
    init?(_ bytes: UnsafeRawBufferPointer, _ mask: FrameMask, at offset: Int) {
        guard bytes.count >= Self.byteCount else { return nil }
        let words = mask.words(at: offset)
        let second =
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            ^ words.second
        let mark = UInt8(truncatingIfNeeded: second >> 48)
        guard mark & ~Self.followsSync == Self.markPattern else { return nil }
        let first = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) ^ words.first
        self.init(
            bodyCount: Int(UInt32(truncatingIfNeeded: first)),
            number: second & Self.numberMax,
            reactor: UInt8(truncatingIfNeeded: second >> 56),
            isAfterSync: mark & Self.followsSync != 0
        )
        checksum = UInt32(truncatingIfNeeded: first >> 32)
        guard number > 0 else { return nil }
    }

    init(bodyCount: Int, number: UInt64, reactor: UInt8, isAfterSync: Bool = false) {
        self.bodyCount = bodyCount
        self.number = number
        self.reactor = reactor
        self.isAfterSync = isAfterSync
    }

    /// Whether the bytes hold the whole frame of this head, which was read from them, unharmed.
    func isWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= frameCount else { return false }
        let body = UnsafeRawBufferPointer(rebasing: bytes[Self.byteCount..<frameCount])
        return checksum == checksum(of: body)
    }

    /// Number, mark and reactor.
    private var word: UInt64 {
        let mark = Self.markPattern | (isAfterSync ? Self.followsSync : 0)
        return number | UInt64(mark) << 48 | UInt64(reactor) << 56
    }

    private func checksum(of body: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        withUnsafeBytes(of: UInt32(bodyCount).littleEndian) { crc.update($0) }
        withUnsafeBytes(of: word.littleEndian) { crc.update($0) }
        crc.update(body)
        return crc.value
    }
}
