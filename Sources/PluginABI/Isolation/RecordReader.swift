// SPDX-License-Identifier: Apache-2.0
// The fields of a record, read with suspicion.

/// The fields of a record; nothing is read beyond its end.
///
/// The bytes must outlive what is read from them.
package struct RecordReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// Begins with the first byte.
    package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// An integer.
    package mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(Nonsense) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard bytes.count - offset >= size else { throw Nonsense("a record ends early") }
        defer { offset += size }
        return bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self)
    }

    /// A truth value.
    package mutating func flag() throws(Nonsense) -> Bool {
        switch try integer(UInt8.self) {
        case 0: return false
        case 1: return true
        default: throw Nonsense("a truth value")
        }
    }

    /// Bytes where they are, with a NUL byte behind them.
    package mutating func view() throws(Nonsense) -> UnsafeRawBufferPointer {
        let count = Int(try integer(UInt32.self))
        guard count < bytes.count - offset else { throw Nonsense("a field ends behind its record") }
        guard bytes[offset + count] == 0 else { throw Nonsense("a field without its end") }
        defer { offset += count + 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// A copy of bytes.
    package mutating func array() throws(Nonsense) -> [UInt8] { Array(try view()) }

    /// A text; what is no UTF-8 in it is replaced.
    package mutating func text() throws(Nonsense) -> String {
        String(decoding: try view(), as: UTF8.self)
    }

    /// A text that may not be there.
    package mutating func optionalText() throws(Nonsense) -> String? {
        try flag() ? try text() : nil
    }

    /// Bytes that may not be there.
    package mutating func optionalArray() throws(Nonsense) -> [UInt8]? {
        try flag() ? try array() : nil
    }

    /// Nothing may be left.
    package func end() throws(Nonsense) {
        guard offset == bytes.count else { throw Nonsense("a record goes on behind its end") }
    }
}
