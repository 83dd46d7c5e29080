// SPDX-License-Identifier: Apache-2.0
// Which of a client's sequences a message belongs into.

import TopicRules

/// The inboxes of a client by topic filter, on the thread of its event loop.
struct MessageRoutes {
    private struct Route {
        let filter: [UInt8]
        let inbox: Inbox
    }

    private var routes: [Route] = []
    /// Filters that are being left: what still comes for them is for nobody.
    private var left: [[UInt8]] = []
    private let others: Inbox
    private var lastTopic: [UInt8] = []
    private var lastInboxes: [Inbox] = []
    private var isKnown = false

    /// What belongs nowhere goes to `others`.
    init(others: Inbox) { self.others = others }

    /// What comes for a filter goes into an inbox from now on.
    mutating func add(_ filter: String, _ inbox: Inbox) {
        isKnown = false
        let bytes = Self.ownFilter(filter)
        left.removeAll { $0 == bytes }
        routes.append(Route(filter: bytes, inbox: inbox))
    }

    /// An inbox is not used any more; returns which of its filters nobody else has.
    mutating func remove(_ inbox: Inbox, _ filters: [String]) -> [String] {
        isKnown = false
        routes.removeAll { $0.inbox === inbox }
        let free = filters.filter { filter in
            let bytes = Self.ownFilter(filter)
            return !routes.contains { $0.filter == bytes }
        }
        left += free.map { Self.ownFilter($0) }
        return free
    }

    /// A filter has been left for good: nothing comes for it any more.
    mutating func forget(_ filter: String) {
        isKnown = false
        let bytes = Self.ownFilter(filter)
        left.removeAll { $0 == bytes }
    }

    /// Where messages of a topic go.
    mutating func inboxes(for topic: UnsafeRawBufferPointer) -> [Inbox] {
        if isKnown, lastTopic.withUnsafeBytes({ $0.elementsEqual(topic) }) { return lastInboxes }
        lastTopic = Array(topic)
        isKnown = true
        lastInboxes = []
        for route in routes where Self.matches(route.filter, lastTopic) {
            if !lastInboxes.contains(where: { $0 === route.inbox }) {
                lastInboxes.append(route.inbox)
            }
        }
        if lastInboxes.isEmpty, !left.contains(where: { Self.matches($0, lastTopic) }) {
            lastInboxes = [others]
        }
        return lastInboxes
    }

    /// Every inbox, once.
    var all: [Inbox] {
        var result = [others]
        for route in routes where !result.contains(where: { $0 === route.inbox }) {
            result.append(route.inbox)
        }
        return result
    }

    private static func matches(_ filter: [UInt8], _ topic: [UInt8]) -> Bool {
        TopicRules.compare(filter.span, with: topic.span) == .match
    }

    /// A shared subscription's messages have topics that match what stands behind the share's name.
    private static func ownFilter(_ filter: String) -> [UInt8] {
        guard filter.hasPrefix("$share/") else { return Array(filter.utf8) }
        let parts = filter.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        return Array((parts.count == 3 ? String(parts[2]) : filter).utf8)
    }
}
