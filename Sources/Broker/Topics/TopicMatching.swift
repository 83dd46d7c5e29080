// SPDX-License-Identifier: Apache-2.0
// Comparing one filter with one topic, or with another filter, without an index.

/// What a comparison said, as plugins are told.
package enum TopicMatch: Sendable {
    /// Every topic meant is covered.
    case match
    /// It is not.
    case noMatch
    /// A filter or topic is not well formed.
    case invalid
}

/// Rules for topic names and filters (5.0 section 4.7).
package enum TopicMatching {
    /// Most slashes a topic name or filter may have.
    package static let slashesMax = 200

    /// Most bytes a topic name or filter may have [MQTT-4.7.3-3].
    package static let bytesMax = 65_535

    /// Whether a well-formed filter matches a well-formed topic name [MQTT-4.7.2-1].
    package static func matches(filter: RawSpan, topic: RawSpan) -> Bool {
        covers(filter: filter, topic, of: .topic, Replacements())
    }

    /// Whether the bytes may name a topic: 1 to 65535 bytes, no wildcards, not too many levels.
    ///
    /// Does not look at the encoding. [MQTT-4.7.1-1] [MQTT-4.7.3-1]
    package static func isValidTopic(_ topic: RawSpan) -> Bool {
        let topic = Span<UInt8>(_bytes: topic)
        guard (1...bytesMax).contains(topic.count) else { return false }
        var slashes = 0
        for index in topic.indices {
            switch topic[index] {
            case plus, multi: return false
            case slash: slashes += 1
            default: continue
            }
        }
        return slashes <= slashesMax
    }

    /// Whether the bytes may be a topic filter: as a topic, with `+` and `#` where they may be.
    ///
    /// Does not look at the encoding nor at `$share`. [MQTT-4.7.1-1] [MQTT-4.7.1-2]
    package static func isValidFilter(_ filter: RawSpan) -> Bool {
        let filter = Span<UInt8>(_bytes: filter)
        guard (1...bytesMax).contains(filter.count) else { return false }
        var slashes = 0
        for index in filter.indices {
            switch filter[index] {
            case slash:
                slashes += 1
            case plus:
                let isFirst = index == 0 || filter[index - 1] == slash
                let isLast = index + 1 == filter.count || filter[index + 1] == slash
                if !isFirst || !isLast { return false }
            case multi:
                let isFirst = index == 0 || filter[index - 1] == slash
                if !isFirst || index + 1 != filter.count { return false }
            default:
                continue
            }
        }
        return slashes <= slashesMax
    }

    // MARK: For plugins

    /// Whether a filter matches a topic; `%c` and `%u` may fill a level of the filter.
    ///
    /// - Parameters:
    ///   - clientIdentifier: what `%c` stands for; without it such a filter matches nothing
    ///   - userName: what `%u` stands for; without it such a filter matches nothing
    package static func matches(
        filter: RawSpan,
        topic: RawSpan,
        clientIdentifier: RawSpan?,
        userName: RawSpan?
    ) -> TopicMatch {
        compare(
            filter,
            topic,
            of: .topic,
            Replacements(
                isUsed: true,
                clientIdentifier: clientIdentifier,
                userName: userName
            )
        )
    }

    /// As `mosquitto_topic_matches_sub`: tells malformed arguments from topics that do not match.
    package static func check(filter: RawSpan, topic: RawSpan) -> TopicMatch {
        compare(filter, topic, of: .topic, Replacements())
    }

    /// Whether an ACL's filter covers every topic that a subscription's filter can match.
    package static func covers(aclFilter: RawSpan, subscription: RawSpan) -> TopicMatch {
        compare(aclFilter, subscription, of: .filter, Replacements())
    }

    /// As `covers(aclFilter:subscription:)`; `%c` and `%u` may fill a level of the ACL's filter.
    ///
    /// A replacement that is only `+`, `#` or `/` covers nothing.
    package static func covers(
        aclFilter: RawSpan,
        subscription: RawSpan,
        clientIdentifier: RawSpan?,
        userName: RawSpan?
    ) -> TopicMatch {
        compare(
            aclFilter,
            subscription,
            of: .filter,
            Replacements(
                isUsed: true,
                clientIdentifier: clientIdentifier,
                userName: userName
            )
        )
    }

    private static func compare(
        _ filter: RawSpan,
        _ other: RawSpan,
        of kind: Kind,
        _ replacements: Replacements
    ) -> TopicMatch {
        guard filter.byteCount > 0 && other.byteCount > 0 else { return .invalid }
        guard beginsWithDollar(filter) == beginsWithDollar(other) else { return .noMatch }
        let isValid =
            isValidFilter(filter) && (kind == .topic ? isValidTopic(other) : isValidFilter(other))
        guard isValid else { return .invalid }
        return covers(filter: filter, other, of: kind, replacements) ? .match : .noMatch
    }
}

// MARK: - Level by level

private let slash = UInt8(ascii: "/")
private let plus = UInt8(ascii: "+")
private let multi = UInt8(ascii: "#")
private let dollar = UInt8(ascii: "$")

extension TopicMatching {
    /// What stands on the right of a comparison.
    fileprivate enum Kind {
        case topic
        case filter
    }

    /// What `%c` and `%u` stand for.
    fileprivate struct Replacements: ~Escapable {
        let isUsed: Bool
        let clientIdentifier: RawSpan?
        let userName: RawSpan?

        @_lifetime(immortal)
        init() {
            isUsed = false
            clientIdentifier = nil
            userName = nil
        }

        @_lifetime(copy clientIdentifier, copy userName)
        init(isUsed: Bool, clientIdentifier: RawSpan?, userName: RawSpan?) {
            self.isUsed = isUsed
            self.clientIdentifier = clientIdentifier
            self.userName = userName
        }
    }

    fileprivate static func beginsWithDollar(_ bytes: RawSpan) -> Bool {
        let bytes = Span<UInt8>(_bytes: bytes)
        return !bytes.isEmpty && bytes[0] == dollar
    }

    /// Compares two well-formed texts level by level.
    fileprivate static func covers(
        filter filterBytes: RawSpan,
        _ otherBytes: RawSpan,
        of kind: Kind,
        _ replacements: borrowing Replacements
    ) -> Bool {
        let filter = Span<UInt8>(_bytes: filterBytes)
        let other = Span<UInt8>(_bytes: otherBytes)
        guard !filter.isEmpty && !other.isEmpty else { return false }
        guard (filter[0] == dollar) == (other[0] == dollar) else { return false }
        var start = 0
        var otherStart = 0
        while start <= filter.count {
            let end = levelEnd(filter, from: start)
            if end - start == 1 && filter[start] == multi { return true }
            guard otherStart <= other.count else { return false }
            let otherEnd = levelEnd(other, from: otherStart)
            let isCovered = coversLevel(
                filter.extracting(start..<end),
                other.extracting(otherStart..<otherEnd),
                replacements
            )
            guard isCovered else { return false }
            start = end + 1
            otherStart = otherEnd + 1
        }
        return otherStart > other.count
    }

    private static func levelEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while end < bytes.count && bytes[end] != slash { end += 1 }
        return end
    }

    private static func coversLevel(
        _ level: Span<UInt8>,
        _ other: Span<UInt8>,
        _ replacements: borrowing Replacements
    ) -> Bool {
        if level.count == 1 && level[0] == plus {
            return !(other.count == 1 && other[0] == multi)
        }
        if replacements.isUsed && level.count == 2 && level[0] == UInt8(ascii: "%") {
            switch level[1] {
            case UInt8(ascii: "c"): return equals(replacements.clientIdentifier, other)
            case UInt8(ascii: "u"): return equals(replacements.userName, other)
            default: break
            }
        }
        return equals(level, other)
    }

    private static func equals(_ replacement: RawSpan?, _ other: Span<UInt8>) -> Bool {
        guard let replacement else { return false }
        let bytes = Span<UInt8>(_bytes: replacement)
        guard !bytes.isEmpty else { return false }
        if bytes.count == 1 && (bytes[0] == plus || bytes[0] == multi) { return false }
        return equals(bytes, other)
    }

    private static func equals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }
}
