// SPDX-License-Identifier: Apache-2.0
// The `topic` lines of a bridge, compiled.

import Config
import TopicRules

/// What a topic is called on the other side of a bridge.
enum MappedTopic {
    /// As it is.
    case same
    /// A beginning of its own in front of what the topic ends with; the latter is lent.
    case changed(prefix: [UInt8], rest: UnsafeRawBufferPointer)
    /// Nothing is left of it, or it is longer than a topic can be.
    case none
}

/// What a bridge subscribes to on each side, and what topics are called on the other one.
///
/// Made once of the `topic` lines. A line without any prefix changes nothing and is not looked at when
/// topics are mapped; so a bridge whose lines have none pays nothing for it. Mapping allocates nothing.
///
/// Invariant: every rule's filter begins with the bytes that it takes away.
struct BridgeTopicMap {
    /// A subscription of the bridge.
    struct Subscription: Equatable {
        let filter: [UInt8]
        /// The highest QoS, 0 to 2.
        let qos: UInt8
    }

    /// What the remote is asked for.
    enum Request: Equatable {
        case subscribe(Subscription)
        /// What only goes out: an earlier configuration may have left a subscription.
        case unsubscribe(filter: [UInt8])
    }

    /// How the topics are changed that a filter matches.
    private struct Rule {
        let filter: [UInt8]
        /// Bytes to be taken away, the first ones of the filter.
        let removedCount: Int
        let added: [UInt8]
    }

    /// Subscriptions in this broker: of `out` and `both`.
    let local: [Subscription]
    private let outgoing: [Rule]
    private let incoming: [Rule]

    /// Compiles lines that have been checked, in the order of the file, which counts.
    init(_ topics: [BridgeTopic]) {
        let out = topics.filter { $0.direction != .in }
        let into = topics.filter { $0.direction != .out }
        local = out.map { Subscription(filter: $0.localFilter, qos: UInt8($0.qos)) }
        outgoing = out.filter(\.hasPrefix).map { topic in
            Rule(
                filter: topic.localFilter,
                removedCount: topic.localPrefix.utf8.count,
                added: Array(topic.remotePrefix.utf8)
            )
        }
        incoming = into.filter(\.hasPrefix).map { topic in
            Rule(
                filter: topic.remoteFilter,
                removedCount: topic.remotePrefix.utf8.count,
                added: Array(topic.localPrefix.utf8)
            )
        }
    }

    /// What the remote is asked for, in the order of the file: subscriptions of `in` and `both`, and the
    /// end of those of `out`, where no other line wants them.
    ///
    /// Needed once for a connection, and not kept.
    static func requests(_ topics: [BridgeTopic]) -> [Request] {
        let wanted = Set(topics.lazy.filter { $0.direction != .out }.map(\.remoteFilter))
        return topics.compactMap { topic in
            let filter = topic.remoteFilter
            guard topic.direction == .out else {
                return .subscribe(Subscription(filter: filter, qos: UInt8(topic.qos)))
            }
            return wanted.contains(filter) ? nil : .unsubscribe(filter: filter)
        }
    }

    /// Whether topics are called otherwise on the remote.
    var mapsOutgoing: Bool { !outgoing.isEmpty }

    /// Whether topics of the remote are called otherwise here.
    var mapsIncoming: Bool { !incoming.isEmpty }

    /// What a topic of this broker is called on the remote; the first line that matches counts.
    func remoteName(of topic: UnsafeRawBufferPointer) -> MappedTopic {
        Self.map(topic, by: outgoing)
    }

    /// What a topic of the remote is called here.
    func localName(of topic: UnsafeRawBufferPointer) -> MappedTopic {
        Self.map(topic, by: incoming)
    }

    private static func map(_ topic: UnsafeRawBufferPointer, by rules: [Rule]) -> MappedTopic {
        guard let rule = rules.first(where: { matches($0.filter, topic) }) else { return .same }
        assert(rule.removedCount <= rule.filter.count, "a filter begins with its prefix")
        // `a/#` matches `a` as well, which the prefix `a/` is no part of.
        let removed = topic.count < rule.removedCount ? 0 : rule.removedCount
        let rest = UnsafeRawBufferPointer(rebasing: topic[removed...])
        let count = rule.added.count + rest.count
        guard count > 0, count <= TopicRules.lengthMax else { return .none }
        return .changed(prefix: rule.added, rest: rest)
    }

    private static func matches(_ filter: [UInt8], _ topic: UnsafeRawBufferPointer) -> Bool {
        topic.withMemoryRebound(to: UInt8.self) { bytes in
            TopicRules.compare(filter.span, with: bytes.span) == .match
        }
    }
}

extension BridgeTopic {
    /// The filter in this broker.
    fileprivate var localFilter: [UInt8] { Array((localPrefix + pattern).utf8) }
    /// The filter on the remote.
    fileprivate var remoteFilter: [UInt8] { Array((remotePrefix + pattern).utf8) }
    /// Whether topics are called otherwise on the other side.
    fileprivate var hasPrefix: Bool { !localPrefix.isEmpty || !remotePrefix.isEmpty }
}
