// SPDX-License-Identifier: Apache-2.0
// The subscription tree as SIGUSR2 prints it, in the form of the original.

import Topics

extension Broker {
    /// The tree as text: ordinary subscriptions, then shared ones; two spaces per level from four
    /// on, each node with the client identifiers and QoS of its subscribers.
    ///
    /// `names` gives the client identifier of a session.
    package func subscriptionTree(names: [UInt64: String]) -> String {
        var text = ""
        for kind in [SubscriptionKind.ordinary, .shared] {
            subscriptions.forEachNode(in: kind) { depth, level, subscribers in
                text += String(repeating: " ", count: 4 + 2 * depth)
                text += String(decoding: level, as: UTF8.self)
                for subscriber in subscribers {
                    let name = names[subscriber.session.rawValue] ?? "-"
                    text += " (\(name), \(subscriber.options.qualityOfService))"
                }
                text += "\n"
            }
        }
        return text
    }
}

extension Worker {
    /// Client identifiers by session handle.
    package var sessionNames: [UInt64: String] {
        var names: [UInt64: String] = [:]
        for session in sessions.all {
            names[session.handle.rawValue] = session.identity.clientIdentifier
        }
        return names
    }
}
