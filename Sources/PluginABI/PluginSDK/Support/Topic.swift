// SPDX-License-Identifier: Apache-2.0
// Topic names and filters for plugins: validity, matching, patterns with %c and %u.

import TopicRules

/// Rules of topic names and filters (MQTT 5.0 section 4.7), and of the patterns in access lists.
///
/// All functions take bytes; the versions for strings are for convenience.
public enum Topic {
    /// The longest name or filter, in bytes.
    public static let lengthMax = TopicRules.lengthMax
    /// The largest number of separators brokers accept in a name or filter.
    public static let separatorsMax = TopicRules.separatorsMax

    /// Whether bytes make a topic name: not empty, no wildcard, within the limits.
    public static func isValidName(_ name: Span<UInt8>) -> Bool { TopicRules.isName(name) }

    /// Whether bytes make a topic filter: wildcards fill a level, `#` the last one.
    public static func isValidFilter(_ filter: Span<UInt8>) -> Bool { TopicRules.isFilter(filter) }

    /// Whether a filter matches a name; `nil` if one of them is not valid.
    ///
    /// `a/#` matches `a`; only filters that begin with `$` match names that do.
    public static func matches(filter: Span<UInt8>, name: Span<UInt8>) -> Bool? {
        guard isValidFilter(filter), isValidName(name) else { return nil }
        return isMatch(TopicRules.compare(filter, with: name))
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
        let subject = TopicSubject(clientIdentifier: clientID, userName: username)
        return isMatch(TopicRules.compare(pattern, with: name, for: subject))
    }

    /// Whether every name `requested` could match is matched by `filter`; `nil` if one is not valid.
    ///
    /// `+` does not cover `#`.
    public static func covers(filter: Span<UInt8>, requested: Span<UInt8>) -> Bool? {
        guard isValidFilter(filter), isValidFilter(requested) else { return nil }
        return isMatch(TopicRules.compare(filter, with: requested))
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
        let subject = TopicSubject(clientIdentifier: clientID, userName: username)
        return isMatch(TopicRules.compare(pattern, with: requested, for: subject))
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

    /// Puts the outcome of a comparison of valid arguments in a word.
    private static func isMatch(_ outcome: TopicMatch) -> Bool {
        assert(outcome != .malformed, "both arguments are valid")
        return outcome == .match
    }
}
