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
/// Little-endian. The frame is the unit of everything: it is there whole or not at all.
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

    /// Bytes of head and records.
    var frameCount: Int { Self.byteCount + bodyCount }

    /// Writes the head, checksum included, in front of the records that are there already.
    func seal(_ frame: UnsafeMutableRawPointer) {
        precondition(bodyCount <= Self.bodyMax, "a turn's records fit a frame")
        precondition(number <= Self.numberMax, "a frame's number has 48 bits")
        let mark = Self.markPattern | (isAfterSync ? Self.followsSync : 0)
        let word = number | UInt64(mark) << 48 | UInt64(reactor) << 56
        frame.storeBytes(of: UInt32(bodyCount).littleEndian, as: UInt32.self)
        frame.storeBytes(of: word.littleEndian, toByteOffset: 8, as: UInt64.self)
        let checksum = Self.checksum(frame, bodyCount)
        frame.storeBytes(of: checksum.littleEndian, toByteOffset: 4, as: UInt32.self)
    }

    /// The head at the front of some bytes; nil if no frame begins so.
    ///
    /// Says nothing of its records.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount else { return nil }
        let length = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let mark = UInt8(truncatingIfNeeded: word >> 48)
        guard mark & ~Self.followsSync == Self.markPattern, length <= Self.bodyMax else {
            return nil
        }
        self.init(
            bodyCount: Int(length),
            number: word & Self.numberMax,
            reactor: UInt8(truncatingIfNeeded: word >> 56),
            isAfterSync: mark & Self.followsSync != 0
        )
        guard number > 0 else { return nil }
    }

    init(bodyCount: Int, number: UInt64, reactor: UInt8, isAfterSync: Bool = false) {
        self.bodyCount = bodyCount
        self.number = number
        self.reactor = reactor
        self.isAfterSync = isAfterSync
    }

    /// Whether the bytes hold the whole frame of this head, unharmed.
    func isWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= frameCount, let base = bytes.baseAddress else { return false }
        let stored = UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
        )
        return stored == Self.checksum(base, bodyCount)
    }

    private static func checksum(_ frame: UnsafeRawPointer, _ bodyCount: Int) -> UInt32 {
        var crc = CRC32C()
        crc.update(UnsafeRawBufferPointer(start: frame, count: 4))
        crc.update(UnsafeRawBufferPointer(start: frame + 8, count: bodyCount + 8))
        return crc.value
    }
}
