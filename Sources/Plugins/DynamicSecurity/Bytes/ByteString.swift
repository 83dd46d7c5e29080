// SPDX-License-Identifier: Apache-2.0
// Names, topics and texts as the bytes a peer sent.

import Glibc

/// A view of bytes somebody else owns, valid during the call it was handed to.
package typealias Bytes = UnsafeBufferPointer<UInt8>

/// An immutable string of bytes that compares byte by byte.
///
/// `String` will not do for names: it treats canonically equivalent spellings as equal, so that two
/// accounts that differ on the wire could be taken for each other, and it repairs invalid UTF-8.
package struct ByteString: Hashable, Comparable, Sendable {
    /// The bytes, without a terminating NUL.
    package let bytes: [UInt8]

    /// Wraps bytes that are already in an array.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Copies bytes out of a buffer.
    package init(copying buffer: Bytes) {
        bytes = Array(buffer)
    }

    /// The UTF-8 form of a Swift string.
    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Copies a NUL-terminated C string; nil stays nil.
    package init?(cString: UnsafePointer<CChar>?) {
        guard let cString else { return nil }
        let buffer = UnsafeRawBufferPointer(start: cString, count: strlen(cString))
        bytes = Array(buffer)
    }

    /// True when there are no bytes.
    package var isEmpty: Bool { bytes.isEmpty }

    /// The bytes as text, with invalid sequences replaced.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package static func == (left: ByteString, right: ByteString) -> Bool {
        left.bytes.withUnsafeBufferPointer { left in
            right.bytes.withUnsafeBufferPointer { right in equalBytes(left, right) }
        }
    }

    package static func < (left: ByteString, right: ByteString) -> Bool {
        left.bytes.withUnsafeBytes { leftBytes in
            right.bytes.withUnsafeBytes { rightBytes in
                let count = min(leftBytes.count, rightBytes.count)
                if count > 0, let first = leftBytes.baseAddress, let second = rightBytes.baseAddress
                {
                    let order = memcmp(first, second, count)
                    if order != 0 { return order < 0 }
                }
                return leftBytes.count < rightBytes.count
            }
        }
    }

    package func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension ByteString: ExpressibleByStringLiteral, CustomStringConvertible {
    package init(stringLiteral value: String) {
        self.init(value)
    }

    /// The bytes as text, for messages.
    package var description: String { text }
}

/// Whether two views hold the same bytes.
package func equalBytes(_ left: Bytes, _ right: Bytes) -> Bool {
    guard left.count == right.count else { return false }
    guard let first = left.baseAddress, let second = right.baseAddress else { return true }
    return memcmp(first, second, left.count) == 0
}

extension ByteString {
    /// Whether the broker would accept the bytes as an MQTT UTF-8 string.
    ///
    /// Stricter than UTF-8 itself: control characters and non-characters are refused too, as
    /// `mosquitto_validate_utf8` does.
    package var isValidMQTTText: Bool {
        guard bytes.count <= 65_535 else { return false }
        var iterator = bytes.makeIterator()
        var decoder = UTF8()
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return true
            case .error: return false
            case .scalarValue(let scalar):
                guard ByteString.isAllowed(scalar.value) else { return false }
            }
        }
    }

    private static func isAllowed(_ value: UInt32) -> Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: false
        default: value & 0xFFFE != 0xFFFE
        }
    }
}

extension ByteString {
    /// Whether the bytes spell `word`, without regard to the case of ASCII letters.
    package func isSpelled(_ word: StaticString) -> Bool {
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            zip(bytes, letters).allSatisfy { ByteString.lowercase($0) == ByteString.lowercase($1) }
        }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
