// SPDX-License-Identifier: Apache-2.0
// Comparing one filter with one topic name, or with another filter, without an index.

/// What comparing a filter with a topic name or another filter gave.
package enum TopicMatch: Sendable, Equatable {
    /// The filter matches the topic name, or every topic name that the other filter matches.
    case match
    /// It does not.
    case noMatch
    /// The filter has a wildcard where none may be, and the comparison came across it.
    case malformed
}

/// What `%c` and `%u` stand for; an empty one makes its level match nothing.
package struct TopicSubject: ~Escapable {
    /// The client identifier.
    package let clientIdentifier: Span<UInt8>
    /// The user name.
    package let userName: Span<UInt8>

    /// Names a client.
    @_lifetime(copy clientIdentifier, copy userName)
    package init(clientIdentifier: Span<UInt8>, userName: Span<UInt8>) {
        self.clientIdentifier = clientIdentifier
        self.userName = userName
    }
}

extension TopicRules {
    /// Compares level by level; a filter that does not begin with `$` never reaches topics that do
    /// [MQTT-4.7.2-1].
    ///
    /// `+` does not cover `#`. The filter need not have been checked; of one that has been, no answer
    /// is `.malformed`.
    /// - Parameters:
    ///   - filter: the filter; empty counts as malformed
    ///   - other: a topic name or a filter, well formed; empty counts as malformed
    package static func compare(_ filter: Span<UInt8>, with other: Span<UInt8>) -> TopicMatch {
        let nobody = TopicSubject(clientIdentifier: Span(), userName: Span())
        return compare(filter, with: other, isPattern: false, for: nobody)
    }

    /// As without a client; `%c` and `%u` that fill a level of the filter stand for its names.
    ///
    /// A name that is itself a wildcard, or has a `/`, matches and covers nothing: a client must not
    /// reach beyond its own level by the choice of its name.
    package static func compare(
        _ filter: Span<UInt8>,
        with other: Span<UInt8>,
        for subject: borrowing TopicSubject
    ) -> TopicMatch {
        compare(filter, with: other, isPattern: true, for: subject)
    }

    private static func compare(
        _ filter: Span<UInt8>,
        with other: Span<UInt8>,
        isPattern: Bool,
        for subject: borrowing TopicSubject
    ) -> TopicMatch {
        guard !filter.isEmpty, !other.isEmpty else { return .malformed }
        if (filter[0] == .dollar) != (other[0] == .dollar) { return .noMatch }
        var start = 0
        var otherStart = 0
        while true {
            let end: Int
            let otherEnd: Int
            let outcome: TopicMatch
            if filter.mayBeSpecial(at: start) {
                end = filter.endOfLevel(from: start)
                otherEnd = other.endOfLevel(from: otherStart)
                if filter.isSingle(.hash, in: start..<end) {
                    return end == filter.count ? .match : .malformed
                }
                outcome = compareLevel(
                    filter,
                    start..<end,
                    with: other,
                    otherStart..<otherEnd,
                    isPattern: isPattern,
                    for: subject
                )
            } else {
                // Most levels are literal: both are walked at once, as far as they agree.
                let common = filter.commonCount(from: start, with: other, from: otherStart)
                end = start &+ common
                otherEnd = otherStart &+ common
                outcome =
                    filter.isEndOfLevel(end) && other.isEndOfLevel(otherEnd)
                    ? .match : mismatch(filter, start...end)
            }
            switch outcome {
            case .match: break
            case .malformed: return .malformed
            case .noMatch: return hasMisplacedHash(filter, from: start) ? .malformed : .noMatch
            }
            if otherEnd == other.count {
                let isCovered = end == filter.count || isRestHash(filter, after: end)
                return isCovered ? .match : .noMatch
            }
            if end == filter.count { return .noMatch }
            start = end &+ 1
            otherStart = otherEnd &+ 1
        }
    }

    /// Compares a level that begins as a wildcard or placeholder, but is not `#`, with another.
    private static func compareLevel(
        _ filter: Span<UInt8>,
        _ level: Range<Int>,
        with other: Span<UInt8>,
        _ otherLevel: Range<Int>,
        isPattern: Bool,
        for subject: borrowing TopicSubject
    ) -> TopicMatch {
        if filter.isSingle(.plus, in: level) {
            return other.isSingle(.hash, in: otherLevel) ? .noMatch : .match
        }
        if isPattern, let placeholder = filter.placeholder(in: level) {
            let name =
                switch placeholder {
                case .clientIdentifier: subject.clientIdentifier
                case .userName: subject.userName
                }
            return name.stands(for: otherLevel, of: other) ? .match : .noMatch
        }
        let common = filter.commonCount(
            from: level.lowerBound,
            with: other,
            from: otherLevel.lowerBound
        )
        if common == level.count && common == otherLevel.count { return .match }
        return mismatch(filter, level.lowerBound...(level.lowerBound &+ common))
    }

    /// What a level is that agrees with another up to the last of some offsets, which may be its end.
    ///
    /// A wildcard inside a level is an error as soon as what stands before it fits.
    private static func mismatch(_ filter: Span<UInt8>, _ seen: ClosedRange<Int>) -> TopicMatch {
        for offset in seen where offset < filter.count {
            if filter[offset] == .plus || filter[offset] == .hash { return .malformed }
        }
        return .noMatch
    }

    /// Whether the filter goes on with `/#` and ends there.
    private static func isRestHash(_ filter: Span<UInt8>, after end: Int) -> Bool {
        filter.count == end &+ 2 && filter[end &+ 1] == .hash
    }

    /// Whether a `#` stands anywhere but at the end of the filter.
    private static func hasMisplacedHash(_ filter: Span<UInt8>, from start: Int) -> Bool {
        var index = start
        while index &+ 1 < filter.count {
            if filter[index] == .hash { return true }
            index &+= 1
        }
        return false
    }
}

extension Span<UInt8> {
    /// How many bytes of the level at `start` are those of the level of other text at `otherStart`.
    fileprivate func commonCount(
        from start: Int,
        with other: Span<UInt8>,
        from otherStart: Int
    ) -> Int {
        let limit = Swift.min(count &- start, other.count &- otherStart)
        assert(start >= 0 && otherStart >= 0 && limit >= 0, "levels begin inside, or at the end")
        var common = 0
        while common < limit {
            // In range by the limit; a check of each byte costs a third more.
            let byte = unsafe self[unchecked: start &+ common]
            if byte == .slash { break }
            if unsafe byte != other[unchecked: otherStart &+ common] { break }
            common &+= 1
        }
        return common
    }

    /// Whether a level begins as wildcards and placeholders do.
    fileprivate func mayBeSpecial(at start: Int) -> Bool {
        guard start < count else { return false }
        return self[start] == .plus || self[start] == .hash || self[start] == UInt8(ascii: "%")
    }

    /// Whether the level that an offset belongs to ends there.
    fileprivate func isEndOfLevel(_ offset: Int) -> Bool {
        offset == count || self[offset] == .slash
    }

    /// Whether these bytes, put in place of `%c` or `%u`, equal a level.
    fileprivate func stands(for level: Range<Int>, of other: Span<UInt8>) -> Bool {
        guard !isEmpty, !(count == 1 && (self[0] == .plus || self[0] == .hash)) else {
            return false
        }
        return other.equals(self, 0..<count, in: level)
    }
}
