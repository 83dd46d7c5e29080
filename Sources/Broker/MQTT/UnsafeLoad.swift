// SPDX-License-Identifier: Apache-2.0
// The only unsafe code of the module: integers and copies out of raw spans.

import Glibc

/// Loads integers from a `RawSpan`, bounds-checked in every build.
///
/// Invariant: `unsafeLoad` checks the bounds itself and is unsafe only for types in which some bit
/// patterns are invalid; every bit pattern of the fixed-width integers used here is valid.
@usableFromInline
package enum UnsafeLoad {
    /// The byte at an offset.
    @inlinable @inline(__always)
    package static func byte(_ bytes: RawSpan, at offset: Int) -> UInt8 {
        unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The big-endian 16-bit integer at an offset (5.0 section 1.5.2).
    @inlinable @inline(__always)
    package static func twoBytes(_ bytes: RawSpan, at offset: Int) -> UInt16 {
        unsafe UInt16(
            bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
        )
    }

    /// The big-endian 32-bit integer at an offset (5.0 section 1.5.3).
    @inlinable @inline(__always)
    package static func fourBytes(_ bytes: RawSpan, at offset: Int) -> UInt32 {
        unsafe UInt32(
            bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
        )
    }

    /// Eight bytes at an offset, in any order, for tests on all of them at once.
    @inlinable @inline(__always)
    package static func word(_ bytes: RawSpan, at offset: Int) -> UInt64 {
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// A copy of a range of bytes.
    package static func array(_ bytes: RawSpan, _ range: Range<Int>) -> [UInt8] {
        let part = bytes.extracting(range)
        return unsafe part.withUnsafeBytes { buffer in unsafe [UInt8](buffer) }
    }

    /// Appends a range of bytes to an array.
    package static func append(_ bytes: RawSpan, _ range: Range<Int>, to array: inout [UInt8]) {
        let part = bytes.extracting(range)
        unsafe part.withUnsafeBytes { buffer in unsafe array.append(contentsOf: buffer) }
    }

    /// The string in a range that has been validated as UTF-8.
    package static func string(_ bytes: RawSpan, _ range: Range<Int>) -> String {
        let part = bytes.extracting(range)
        return unsafe part.withUnsafeBytes { buffer in
            unsafe String(decoding: buffer, as: UTF8.self)
        }
    }

    /// Feeds the bytes of a text to a hash, all at once.
    package static func feed(_ text: String, to hasher: inout Hasher) {
        let fed: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        assert(fed != nil, "the bytes of a string made here lie in one piece")
    }

    /// Whether two texts have the same bytes; nil where those do not lie in one piece.
    static func isSame(_ left: String, _ right: String) -> Bool? {
        unsafe left.utf8.withContiguousStorageIfAvailable { left in
            unsafe right.utf8.withContiguousStorageIfAvailable { right in
                guard left.count == right.count else { return false }
                guard let first = left.baseAddress, let second = right.baseAddress else {
                    return true
                }
                return unsafe memcmp(first, second, left.count) == 0
            }
        } ?? nil
    }

    /// The bytes of an array.
    @inlinable @_lifetime(borrow array)
    package static func span(of array: borrowing [UInt8]) -> RawSpan {
        // `bytes` is unsafe only for element types with padding.
        unsafe array.span.bytes
    }
}

extension [UInt8] {
    /// The bytes of the array as the input type of the decoders.
    @inlinable package var rawBytes: RawSpan {
        @_lifetime(borrow self)
        get { UnsafeLoad.span(of: self) }
    }
}
