// SPDX-License-Identifier: Apache-2.0
// The fields of a packet, one after the other.

import TestSupport

/// The fields of a packet, from its first to its last.
struct Fields {
    private var rest: ArraySlice<UInt8>

    /// Begins behind the fixed header.
    init(_ packet: Bytes) {
        var index = 1
        while packet[index] & 0x80 != 0 { index += 1 }
        rest = packet[(index + 1)...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() throws -> UInt8 {
        guard let byte = rest.popFirst() else { throw Mismatch("a packet is too short") }
        return byte
    }

    mutating func integer() throws -> Int { Int(try byte()) << 8 | Int(try byte()) }

    mutating func binary() throws -> Bytes {
        let count = try integer()
        guard rest.count >= count else { throw Mismatch("a packet is too short") }
        defer { rest = rest.dropFirst(count) }
        return Bytes(rest.prefix(count))
    }

    mutating func text() throws -> String { String(decoding: try binary(), as: UTF8.self) }

    /// A block of properties without its length, which is below 128 in all tests.
    mutating func properties() throws -> Bytes {
        let count = Int(try byte())
        guard rest.count >= count else { throw Mismatch("a packet is too short") }
        defer { rest = rest.dropFirst(count) }
        return Bytes(rest.prefix(count))
    }

    mutating func remainder() -> Bytes {
        defer { rest = [] }
        return Bytes(rest)
    }
}
