// SPDX-License-Identifier: Apache-2.0
// Topic names and filters for plugins: validity, matching, patterns with %c and %u.

/// Rules of topic names and filters (MQTT 5.0 section 4.7), and of the patterns in access lists.
///
/// All functions take bytes; the versions for strings are for convenience.
public enum Topic {
    /// The longest name or filter, in bytes.
    public static let lengthMax = 65_535
    /// The largest number of separators brokers accept in a name or filter.
    public static let separatorsMax = 200

    /// Whether bytes make a topic name: not empty, no wildcard, within the limits.
    public static func isValidName(_ name: Span<UInt8>) -> Bool {
        guard !name.isEmpty, name.count <= lengthMax else { return false }
        var separators = 0
        for index in name.indices {
            switch name[index] {
            case .plus, .hash: return false
            case .slash: separators += 1
            default: break
            }
        }
        return separators <= separatorsMax
    }

    /// Whether bytes make a topic filter: wildcards fill a level, `#` the last one.
    public static func isValidFilter(_ filter: Span<UInt8>) -> Bool {
        guard !filter.isEmpty, filter.count <= lengthMax else { return false }
        var separators = 0
        for index in filter.indices {
            let isFirst = index == 0 || filter[index - 1] == .slash
            let isLast = index == filter.count - 1
            switch filter[index] {
            case .plus:
                guard isFirst, isLast || filter[index + 1] == .slash else { return false }
            case .hash:
                guard isFirst, isLast else { return false }
            case .slash: separators += 1
            default: break
            }
        }
        return separators <= separatorsMax
    }

    /// Whether a filter matches a name; `nil` if one of them is not valid.
    ///
    /// `a/#` matches `a`; only filters that begin with `$` match names that do.
    public static func matches(filter: Span<UInt8>, name: Span<UInt8>) -> Bool? {
        guard isValidFilter(filter), isValidName(name) else { return nil }
        return walk(filter, name, isPattern: false, clientID: Span(), username: Span())
    }

    /// Whether a pattern matches a name; `nil` if one of them is not valid.
    ///
    /// A level that is exactly `%c` or `%u` stands for the client identifier or user name. An empty one, or one with
    /// a separator, matches nothing.
    public static func matches(
        pattern: Span<UInt8>,
        name: Span<UInt8>,
        clientID: Span<UInt8>,
        username: Span<UInt8>
    ) -> Bool? {
        guard isValidFilter(pattern), isValidName(name) else { return nil }
        return walk(pattern, name, isPattern: true, clientID: clientID, username: username)
    }

    /// Whether every name `requested` could match is matched by `filter`; `nil` if one is not valid.
    ///
    /// `+` does not cover `#`.
    public static func covers(filter: Span<UInt8>, requested: Span<UInt8>) -> Bool? {
        guard isValidFilter(filter), isValidFilter(requested) else { return nil }
        return walk(filter, requested, isPattern: false, clientID: Span(), username: Span())
    }

    /// Whether every name `requested` could match is matched by a pattern; `nil` if one is not valid.
    ///
    /// A client identifier or user name that is itself a wildcard or separator matches nothing.
    public static func covers(
        pattern: Span<UInt8>,
        requested: Span<UInt8>,
        clientID: Span<UInt8>,
        username: Span<UInt8>
    ) -> Bool? {
        guard isValidFilter(pattern), isValidFilter(requested) else { return nil }
        return walk(pattern, requested, isPattern: true, clientID: clientID, username: username)
    }

    /// Whether a filter matches a name; `nil` if one of them is not valid.
    public static func matches(filter: String, name: String) -> Bool? {
        matches(filter: filter.utf8Span.span, name: name.utf8Span.span)
    }

    /// Whether a pattern matches a name for a client; `nil` if one of them is not valid.
    public static func matches(
        pattern: String,
        name: String,
        clientID: String?,
        username: String?
    ) -> Bool? {
        matches(
            pattern: pattern.utf8Span.span,
            name: name.utf8Span.span,
            clientID: (clientID ?? "").utf8Span.span,
            username: (username ?? "").utf8Span.span
        )
    }

    /// Whether every name `requested` could match is matched by `filter`; `nil` if one is not valid.
    public static func covers(filter: String, requested: String) -> Bool? {
        covers(filter: filter.utf8Span.span, requested: requested.utf8Span.span)
    }

    /// Whether every name `requested` could match is matched by a pattern; `nil` if one is not valid.
    public static func covers(
        pattern: String,
        requested: String,
        clientID: String?,
        username: String?
    ) -> Bool? {
        covers(
            pattern: pattern.utf8Span.span,
            requested: requested.utf8Span.span,
            clientID: (clientID ?? "").utf8Span.span,
            username: (username ?? "").utf8Span.span
        )
    }

    /// Compares level by level.
    ///
    /// Both arguments are valid.
    private static func walk(
        _ filter: Span<UInt8>,
        _ subject: Span<UInt8>,
        isPattern: Bool,
        clientID: Span<UInt8>,
        username: Span<UInt8>
    ) -> Bool {
        guard (filter[0] == .dollar) == (subject[0] == .dollar) else { return false }
        var filterLevels = TopicLevels(filter)
        var subjectLevels = TopicLevels(subject)
        while let expected = filterLevels.next() {
            if filter.isSingle(.hash, in: expected) { return true }
            guard let actual = subjectLevels.next() else { return false }
            if filter.isSingle(.plus, in: expected) {
                if subject.isSingle(.hash, in: actual) { return false }
            } else if isPattern, filter.isPlaceholder(.lowerC, in: expected) {
                guard clientID.stands(for: actual, of: subject) else { return false }
            } else if isPattern, filter.isPlaceholder(.lowerU, in: expected) {
                guard username.stands(for: actual, of: subject) else { return false }
            } else {
                guard subject.equals(filter, expected, in: actual) else { return false }
            }
        }
        return subjectLevels.next() == nil
    }
}

/// The levels of a name or filter, as ranges, from left to right.
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
        var end = start
        while end < bytes.count, bytes[end] != .slash { end += 1 }
        defer { start = end + 1 }
        return start..<end
    }
}

extension UInt8 {
    package static let plus = UInt8(ascii: "+")
    package static let hash = UInt8(ascii: "#")
    package static let slash = UInt8(ascii: "/")
    package static let dollar = UInt8(ascii: "$")
    package static let percent = UInt8(ascii: "%")
    package static let lowerC = UInt8(ascii: "c")
    package static let lowerU = UInt8(ascii: "u")
}

extension Span<UInt8> {
    /// Whether a range is this one byte.
    package func isSingle(_ byte: UInt8, in range: Range<Int>) -> Bool {
        range.count == 1 && self[range.lowerBound] == byte
    }

    /// Whether a range is `%` and a letter.
    package func isPlaceholder(_ letter: UInt8, in range: Range<Int>) -> Bool {
        range.count == 2 && self[range.lowerBound] == .percent
            && self[range.lowerBound + 1] == letter
    }

    /// Whether a range equals a range of other bytes.
    package func equals(
        _ other: Span<UInt8>,
        _ otherRange: Range<Int>,
        in range: Range<Int>
    ) -> Bool {
        guard range.count == otherRange.count else { return false }
        for offset in 0..<range.count
        where self[range.lowerBound + offset] != other[otherRange.lowerBound + offset] {
            return false
        }
        return true
    }

    /// Whether these bytes, put in place of `%c` or `%u`, equal a level.
    fileprivate func stands(for level: Range<Int>, of subject: Span<UInt8>) -> Bool {
        guard !isEmpty, !(count == 1 && [.plus, .hash, .slash].contains(self[0])) else {
            return false
        }
        return subject.equals(self, 0..<count, in: level)
    }
}
