// SPDX-License-Identifier: Apache-2.0
// Which subscriptions are meant.

import TopicRules

/// Which subscriptions are meant.
struct SubscriptionFilter: Sendable {
    /// What whole filters are like.
    private let pattern: GlobPattern?
    /// The share name of shared ones.
    private let share: [UInt8]?
    /// A topic name that they get messages of.
    private let topic: [UInt8]?

    /// Reads a command; `topic`: what they are to get messages of.
    init(_ arguments: ControlArguments, topic: [UInt8]? = nil) throws(ControlFailure) {
        pattern = try arguments.pattern("filter")
        share = try arguments.text("share").map { Array($0.utf8) }
        self.topic = topic
    }

    /// Whether a subscription is meant.
    func includes(_ subscription: SessionSubscription) -> Bool {
        if let topic {
            let filter = subscription.filter
            guard TopicRules.compare(filter.span, with: topic.span) == .match else { return false }
        }
        if let share, subscription.shareName.map(Array.init) != share { return false }
        if let pattern {
            return subscription.text.withUnsafeBufferPointer { pattern.matches($0) }
        }
        return true
    }
}
