// SPDX-License-Identifier: Apache-2.0
// The checksum of the session log.

/// CRC-32C (Castagnoli polynomial, as iSCSI and ext4 use it), fed piece by piece.
///
/// In software, sixteen bytes a step: 256 entries for each of them, 16 KiB of tables.
package struct CRC32C: Sendable {
    private var state = UInt32.max

    /// The checksum of nothing yet.
    package init() {}

    /// The checksum of all bytes so far.
    package var value: UInt32 { ~state }

    /// Takes in more bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard var next = bytes.baseAddress else { return }
        var left = bytes.count
        var crc = state
        CRC32CTable.entries.withUnsafeBufferPointer { entries in
            guard let table = entries.baseAddress else { return }
            while left >= 16 {
                crc = Self.step(table, next, crc)
                next += 16
                left -= 16
            }
            while left > 0 {
                let byte = next.load(as: UInt8.self)
                crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)]
                next += 1
                left -= 1
            }
        }
        state = crc
    }

    /// Sixteen bytes at once: byte k from the end is looked up in table k.
    @inline(__always)
    private static func step(
        _ table: UnsafePointer<UInt32>,
        _ next: UnsafeRawPointer,
        _ crc: UInt32
    ) -> UInt32 {
        let low = UInt64(littleEndian: next.loadUnaligned(as: UInt64.self)) ^ UInt64(crc)
        let high = UInt64(littleEndian: next.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        return eight(table + 8 * 256, low) ^ eight(table, high)
    }

    /// The share of eight bytes, whose last one is looked up in the first of eight tables.
    @inline(__always)
    private static func eight(_ table: UnsafePointer<UInt32>, _ word: UInt64) -> UInt32 {
        let first = table[0x700 | Int(word & 0xFF)] ^ table[0x600 | Int(word >> 8 & 0xFF)]
        let second = table[0x500 | Int(word >> 16 & 0xFF)] ^ table[0x400 | Int(word >> 24 & 0xFF)]
        let third = table[0x300 | Int(word >> 32 & 0xFF)] ^ table[0x200 | Int(word >> 40 & 0xFF)]
        let fourth = table[0x100 | Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
        return first ^ second ^ third ^ fourth
    }
}

/// The tables of `CRC32C`: entry `256 * k + b` is the checksum of byte `b` and `k` zeros behind it.
private enum CRC32CTable {
    /// 0x1EDC6F41 with its bits reversed.
    private static let polynomial: UInt32 = 0x82F6_3B78

    static let entries: [UInt32] = {
        var table = [UInt32](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 {
                value = value & 1 == 0 ? value >> 1 : value >> 1 ^ polynomial
            }
            table[byte] = value
        }
        for index in 256..<table.count {
            let before = table[index - 256]
            table[index] = before >> 8 ^ table[Int(before & 0xFF)]
        }
        return table
    }()
}
