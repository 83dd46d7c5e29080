// SPDX-License-Identifier: Apache-2.0
// String forms of the module's calls, and a reference matcher.

import Topics

/// Calls with strings, which are easier to read in tests than spans.
extension SubscriptionIndex {
    /// Subscribes a session given by number.
    @discardableResult
    func subscribe(
        _ session: UInt64,
        _ filter: String,
        share: String? = nil,
        identifier: UInt32 = 0,
        options: UInt8 = 0,
        slot: UInt32 = 0
    ) -> Destination? {
        let filter = Array(filter.utf8)
        let destination = Destination(
            session: SessionHandle(rawValue: session),
            subscriptionIdentifier: identifier,
            options: SubscriptionOptions(rawValue: options),
            slot: slot
        )
        guard let share else {
            return subscribe(filter: filter.span.bytes, destination: destination)
        }
        let name = Array(share.utf8)
        return subscribe(
            filter: filter.span.bytes,
            shareName: name.span.bytes,
            destination: destination
        )
    }

    /// Unsubscribes a session given by number.
    @discardableResult
    func unsubscribe(_ session: UInt64, _ filter: String, share: String? = nil) -> Destination? {
        let filter = Array(filter.utf8)
        let session = SessionHandle(rawValue: session)
        guard let share else {
            return unsubscribe(filter: filter.span.bytes, session: session)
        }
        let name = Array(share.utf8)
        return unsubscribe(
            filter: filter.span.bytes,
            shareName: name.span.bytes,
            session: session
        )
    }

    /// The result of a match.
    func match(_ topic: String) -> MatchResult {
        var result = MatchResult()
        let topic = Array(topic.utf8)
        match(topic: topic.span.bytes, into: &result)
        return result
    }

    /// The sessions of a match, by number.
    func sessions(_ topic: String) -> [UInt64] {
        match(topic).destinations.map(\.session.rawValue)
    }
}

/// Splits at slashes and keeps empty levels.
func levels(_ text: String) -> [String] {
    text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
}

/// Matching as the specification words it, level by level on strings.
func referenceMatches(_ filter: String, _ topic: String) -> Bool {
    func go(_ filter: ArraySlice<String>, _ topic: ArraySlice<String>) -> Bool {
        guard let first = filter.first else { return topic.isEmpty }
        if first == "#" { return true }
        guard let level = topic.first else { return false }
        return (first == "+" || first == level) && go(filter.dropFirst(), topic.dropFirst())
    }
    if topic.hasPrefix("$") && (filter.hasPrefix("+") || filter.hasPrefix("#")) { return false }
    return go(levels(filter)[...], levels(topic)[...])
}
