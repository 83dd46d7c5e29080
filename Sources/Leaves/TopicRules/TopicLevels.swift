// SPDX-License-Identifier: Apache-2.0
// The levels of a topic name or filter one by one, and what a level is.

/// The levels of a topic name or filter, as ranges, from left to right.
package struct TopicLevels: ~Escapable {
    private let bytes: Span<UInt8>
    private var start = 0

    /// Splits `bytes` at the separators; no bytes make one empty level.
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// The next level, or `nil` after the last.
    @_lifetime(self: copy self)
    package mutating func next() -> Range<Int>? {
        guard start <= bytes.count else { return nil }
        let end = bytes.endOfLevel(from: start)
        defer { start = end &+ 1 }
        return start..<end
    }
}

/// What a level of a pattern stands for, besides itself.
package enum TopicPlaceholder: UInt8, Sendable {
    /// `%c`, the client identifier.
    case clientIdentifier = 0x63
    /// `%u`, the user name.
    case userName = 0x75
}

extension Span<UInt8> {
    /// Where the level that begins at `start` ends: at the next `/` or behind the last byte.
    package func endOfLevel(from start: Int) -> Int {
        var end = start
        while end < count, self[end] != .slash { end &+= 1 }
        return end
    }

    /// Whether a level is this one byte.
    package func isSingle(_ byte: UInt8, in level: Range<Int>) -> Bool {
        level.count == 1 && self[level.lowerBound] == byte
    }

    /// What a level stands for if it is `%c` or `%u`.
    package func placeholder(in level: Range<Int>) -> TopicPlaceholder? {
        guard level.count == 2, self[level.lowerBound] == UInt8(ascii: "%") else { return nil }
        return TopicPlaceholder(rawValue: self[level.lowerBound &+ 1])
    }

    /// Whether a range equals a range of other bytes.
    package func equals(
        _ other: Span<UInt8>,
        _ otherRange: Range<Int>,
        in range: Range<Int>
    ) -> Bool {
        guard range.count == otherRange.count else { return false }
        for offset in 0..<range.count
        where self[range.lowerBound &+ offset] != other[otherRange.lowerBound &+ offset] {
            return false
        }
        return true
    }
}
