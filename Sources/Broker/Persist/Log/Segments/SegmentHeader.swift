// SPDX-License-Identifier: Apache-2.0
// How each file of the log begins.

/// The first bytes of a segment; frames follow.
///
/// ```
///    0 magic "\u{0}mqttlog"    40 previous: its sequence    80 boot
///    8 format version: 4       48 previous: its length      88 second of its creation
///   12 CRC-32C of the rest     56 incarnation               96 bytes of the last checkpoint
///   16 log                     64 flags                    104
///   24 sequence                72 reserved, 0
///   32 base
/// ```
/// Little-endian, eight bytes where nothing else is said. Written and synced before the first frame
/// is, so a header that is not whole is the end of a file that was never used.
struct SegmentHeader: Equatable {
    /// Bytes of a header.
    static let byteCount = 104
    /// The format this code writes, and the newest it reads.
    static let newestVersion: UInt32 = 1
    private static let magic: [UInt8] = [0] + Array("mqttlog".utf8)

    /// What the segment is the beginning of.
    struct Flags: OptionSet {
        let rawValue: UInt64
        /// A checkpoint begins with it.
        static let checkpoint = Flags(rawValue: 1)
        /// It follows a fault: neither it nor what follows counts unless its checkpoint is whole.
        static let reset = Flags(rawValue: 2)
        static let all: Flags = [.checkpoint, .reset]
    }

    /// Format version.
    var version = newestVersion
    /// A number drawn by lot when the log was begun.
    var log: UInt64
    /// Which segment of the log it is, from 1; it is in the file's name too.
    var sequence: UInt64
    /// The first segment that is needed: where the last checkpoint began that was whole.
    var base: UInt64
    /// The segment before it; 0 for none.
    var previousSequence: UInt64
    /// How many bytes of that count.
    var previousLength: UInt64
    /// How often the broker had started.
    var incarnation: UInt64
    var flags: Flags
    /// A number that is another one after the machine was started anew; 0: unknown.
    var boot: UInt64
    /// Second since 1970.
    var createdAt: Int64
    /// Bytes the log had when its last checkpoint was whole.
    var checkpointByteCount: UInt64

    /// Its bytes.
    var bytes: [UInt8] {
        var bytes = Self.magic
        append(UInt64(version), to: &bytes)
        for field in [
            log, sequence, base, previousSequence, previousLength, incarnation, flags.rawValue, 0,
            boot, UInt64(bitPattern: createdAt), checkpointByteCount,
        ] {
            append(field, to: &bytes)
        }
        let checksum = Self.checksum(bytes)
        for index in 0..<4 {
            bytes[12 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index))
        }
        assert(bytes.count == Self.byteCount, "a header is as long as it is")
        return bytes
    }

    private func append(_ field: UInt64, to bytes: inout [UInt8]) {
        for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: field >> UInt64(8 * index))) }
    }

    /// Of everything but the checksum's own place.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32C()
        bytes[..<12].withUnsafeBytes { crc.update($0) }
        bytes[16...].withUnsafeBytes { crc.update($0) }
        return crc.value
    }

    /// What the first bytes of a file are.
    enum Reading {
        case whole(SegmentHeader)
        /// A newer broker has written it.
        case newer(UInt32)
        /// It is not a header.
        case broken
    }

    /// Reads the front of a file.
    static func read(_ file: UnsafeRawBufferPointer) -> Reading {
        guard file.count >= byteCount else { return .broken }
        let bytes = Array(file[..<byteCount])
        guard bytes.starts(with: magic) else { return .broken }
        func field(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: file.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        let version = UInt32(truncatingIfNeeded: field(8))
        // A newer header may have its checksum elsewhere.
        if version > newestVersion { return .newer(version) }
        guard version > 0, UInt32(truncatingIfNeeded: field(8) >> 32) == checksum(bytes) else {
            return .broken
        }
        let flags = Flags(rawValue: field(64))
        guard Flags.all.isSuperset(of: flags) else { return .broken }
        return .whole(
            SegmentHeader(
                version: version,
                log: field(16),
                sequence: field(24),
                base: field(32),
                previousSequence: field(40),
                previousLength: field(48),
                incarnation: field(56),
                flags: flags,
                boot: field(80),
                createdAt: Int64(bitPattern: field(88)),
                checkpointByteCount: field(96)
            )
        )
    }
}

/// The names of segments.
enum SegmentName {
    /// The file of a segment: sixteen hexadecimal digits.
    static func name(_ sequence: UInt64) -> String {
        let digits = String(sequence, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits + ".seg"
    }

    /// The segment a file is; nil for any other file.
    static func sequence(_ name: String) -> UInt64? {
        guard name.hasSuffix(".seg"), name.utf8.count == 20,
            let sequence = UInt64(name.dropLast(4), radix: 16), Self.name(sequence) == name
        else { return nil }
        return sequence
    }
}
