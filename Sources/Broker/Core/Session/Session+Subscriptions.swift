// SPDX-License-Identifier: Apache-2.0
// A session subscribes and unsubscribes: in the index and in what it remembers itself.

import Inflight
import Topics

extension Session {
    /// What became of a subscription that was to be made.
    enum SubscribeOutcome {
        case new
        /// The session had it; options and identifier are the new ones.
        case replaced
        /// `max_subscriptions`: the session may not have more.
        case refused
    }

    /// Subscribes, or changes options and identifier of the subscription that is there.
    func subscribe(
        _ subscription: SessionSubscription,
        isLimited: Bool = true
    ) -> SubscribeOutcome {
        let index = worker.broker.subscriptions
        if isLimited, subscriptions.count >= worker.limits.subscriptionsMax,
            !subscription.isIn(index, handle)
        {
            return .refused
        }
        let slot = subscriptions.nextSlot
        guard let previous = subscription.enter(index, handle, slot: slot) else {
            subscriptions.add(subscription)
            noteSubscriptionCount()
            note(.subscribed(subscription.image))
            return .new
        }
        subscriptions.replace(previous.slot, with: subscription)
        note(.subscribed(subscription.image))
        return .replaced
    }

    /// Unsubscribes; false when there is no such subscription.
    func unsubscribe(_ subscription: SessionSubscription) -> Bool {
        guard let removed = subscription.leave(worker.broker.subscriptions, handle) else {
            return false
        }
        subscriptions.remove(removed.slot)
        noteSubscriptionCount()
        let image = subscription.image
        if image.shareName == nil { endRetained(filter: image.filter) }
        note(.unsubscribed(filter: image.filter, shareName: image.shareName))
        return true
    }
}
