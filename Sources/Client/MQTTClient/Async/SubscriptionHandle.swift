// SPDX-License-Identifier: Apache-2.0
// What a subscription lives as long as.

/// Keeps a subscription alive.
final class SubscriptionHandle: Sendable {
    let inbox: Inbox
    let core: ClientCore
    let filters: [String]
    /// Whether the filters are left when nobody reads any more.
    private let isOwner: Bool

    /// A subscription of its own.
    init(_ core: ClientCore, filters: [String]) {
        self.core = core
        self.filters = filters
        isOwner = true
        inbox = Inbox(core.configuration.limits)
    }

    /// What belongs to no subscription.
    init(_ core: ClientCore, _ inbox: Inbox) {
        self.core = core
        self.inbox = inbox
        filters = []
        isOwner = false
    }

    deinit { if isOwner { core.post(.drop(inbox, filters)) } }
}
