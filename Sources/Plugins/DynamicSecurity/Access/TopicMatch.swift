// SPDX-License-Identifier: Apache-2.0
// Comparing the filter of an access rule with a topic or with a requested filter.

/// Who a rule is evaluated for: what `%c` and `%u` stand for.
package struct Subject {
    /// The client identifier.
    package let clientID: Bytes
    /// The username; empty without one.
    package let username: Bytes

    /// Names the client.
    package init(clientID: Bytes, username: Bytes) {
        self.clientID = clientID
        self.username = username
    }
}

/// The matching rules; the filters are those of access rules and may hold `%c` and `%u` levels.
package enum TopicMatch {
    /// What comparing a rule's filter gave.
    package enum Outcome: Sendable {
        case match
        case noMatch
        /// The rule's filter is not a valid one.
        case malformed
    }

    /// What the compared text is.
    package enum Candidate {
        /// A topic name: the filter must match it.
        case topic
        /// A requested filter: every topic it can match must match the rule's filter too.
        case requestedFilter
    }

    private static let slash = UInt8(ascii: "/")
    private static let plus = UInt8(ascii: "+")
    private static let hash = UInt8(ascii: "#")
    private static let dollar = UInt8(ascii: "$")

    /// Compares level by level; a filter that does not begin with `$` never reaches `$` topics.
    package static func compare(
        _ filter: Bytes,
        with candidate: Bytes,
        as kind: Candidate,
        for subject: Subject
    ) -> Outcome {
        guard !filter.isEmpty, !candidate.isEmpty else { return .malformed }
        if (filter[0] == dollar) != (candidate[0] == dollar) { return .noMatch }
        var filterStart = 0
        var candidateStart = 0
        while true {
            let filterEnd = endOfLevel(filter, from: filterStart)
            let level = slice(filter, filterStart, filterEnd)
            if level.count == 1, level[0] == hash {
                return filterEnd == filter.count ? .match : .malformed
            }
            let candidateEnd = endOfLevel(candidate, from: candidateStart)
            let other = slice(candidate, candidateStart, candidateEnd)
            switch compareLevel(level, with: other, as: kind, for: subject) {
            case .match: break
            case .malformed: return .malformed
            case .noMatch:
                return hasMisplacedHash(filter, from: filterStart) ? .malformed : .noMatch
            }
            let filterIsDone = filterEnd == filter.count
            if candidateEnd == candidate.count {
                return filterIsDone || isRestHash(filter, after: filterEnd) ? .match : .noMatch
            }
            if filterIsDone { return .noMatch }
            filterStart = filterEnd + 1
            candidateStart = candidateEnd + 1
        }
    }

    private static func compareLevel(
        _ level: Bytes,
        with other: Bytes,
        as kind: Candidate,
        for subject: Subject
    ) -> Outcome {
        if level.count == 1, level[0] == plus {
            return kind == .requestedFilter && other.count == 1 && other[0] == hash
                ? .noMatch : .match
        }
        if level.count == 2, level[0] == UInt8(ascii: "%") {
            if level[1] == UInt8(ascii: "c") {
                return compareValue(subject.clientID, with: other, as: kind)
            }
            if level[1] == UInt8(ascii: "u") {
                return compareValue(subject.username, with: other, as: kind)
            }
        }
        if equalBytes(level, other) { return .match }
        // A wildcard inside a level is an error as soon as what stands before it fits.
        for (index, byte) in level.enumerated() {
            if byte == plus || byte == hash { return .malformed }
            guard index < other.count, other[index] == byte else { return .noMatch }
        }
        return .noMatch
    }

    /// A client that calls itself `+` or `#` must not turn its own level into a wildcard.
    private static func compareValue(
        _ value: Bytes,
        with other: Bytes,
        as kind: Candidate
    ) -> Outcome {
        if value.isEmpty { return .noMatch }
        if kind == .requestedFilter, value.count == 1, value[0] == plus || value[0] == hash {
            return .noMatch
        }
        return equalBytes(value, other) ? .match : .noMatch
    }

    private static func endOfLevel(_ text: Bytes, from start: Int) -> Int {
        var index = start
        while index < text.count, text[index] != slash { index += 1 }
        return index
    }

    private static func slice(_ text: Bytes, _ start: Int, _ end: Int) -> Bytes {
        Bytes(rebasing: text[start..<end])
    }

    /// Whether the filter goes on with `/#` and ends there.
    private static func isRestHash(_ filter: Bytes, after end: Int) -> Bool {
        filter.count == end + 2 && filter[end + 1] == hash
    }

    /// Whether a `#` stands anywhere but at the end of the filter.
    private static func hasMisplacedHash(_ filter: Bytes, from start: Int) -> Bool {
        filter[start...].dropLast().contains(hash)
    }
}
