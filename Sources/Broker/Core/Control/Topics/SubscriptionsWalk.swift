// SPDX-License-Identifier: Apache-2.0
// A worker looks for the subscriptions that a list begins with.

import JSON
import Topics

/// A worker looks at the subscriptions of all its sessions, or of one, some in each step.
///
/// The list is in order of the filters, and for each filter of the client identifiers.
final class SubscriptionsWalk {
    /// Sessions, and subscriptions, looked at between two looks at the clock.
    private static let sessionsMax: UInt32 = 64
    private static let subscriptionsMax: UInt32 = 128

    private let filter: SubscriptionFilter
    private let page: PageRequest
    private var top: TopRows<RowKey, JSONValue>
    private var part = ListPart()
    private var slot: UInt32
    private let slotEnd: UInt32
    /// The session whose subscriptions did not fit into one step, and where to go on there.
    private var current: SessionHandle?
    private var subscriptionSlot: UInt32 = 0

    /// `session`: the only one to look at.
    init(
        _ worker: Worker,
        _ filter: SubscriptionFilter,
        _ page: PageRequest,
        of session: Session? = nil
    ) {
        self.filter = filter
        self.page = page
        top = TopRows(limit: page.count)
        current = session?.handle
        slotEnd = session == nil ? worker.sessions.slotEnd : 0
        slot = 0
    }

    /// Does a piece of the work; the part when it is done.
    func step(_ worker: Worker) -> ListPart? {
        var left = Self.subscriptionsMax
        let end = min(slotEnd, slot + Self.sessionsMax)
        while left > 0 {
            if let handle = current {
                guard look(worker.sessions[handle], &left) else { return nil }
                current = nil
                subscriptionSlot = 0
            }
            guard slot < end else { break }
            current = worker.sessions[slot: slot]?.handle
            slot += 1
        }
        guard slot >= slotEnd, current == nil else { return nil }
        part.rows = top.sorted.map { key, report in
            ListRow(key: key, report: report, byteCount: 300 + 6 * key.name.utf8.count)
        }
        return part
    }

    /// Looks at so many subscriptions of a session; whether those were all.
    private func look(_ session: Session?, _ left: inout UInt32) -> Bool {
        guard let session else { return true }
        let start = subscriptionSlot
        let found = session.subscriptions.slice(from: &subscriptionSlot, limit: left)
        left -= max(1, min(left, subscriptionSlot - start))
        for subscription in found where filter.includes(subscription) {
            part.total += 1
            consider(subscription, of: session)
        }
        return subscriptionSlot >= session.subscriptions.slotEnd
    }

    private func consider(_ subscription: SessionSubscription, of session: Session) {
        let name = session.identity.clientIdentifier
        let text = String(decoding: subscription.text, as: UTF8.self)
        let key = RowKey("\(text)\0\(name)")
        if let after = page.after, !(after < key) { return }
        if top.bound != nil { part.hasMore = true }
        top.offer(key, Self.report(subscription, text, of: session))
    }

    private static func report(
        _ subscription: SessionSubscription,
        _ text: String,
        of session: Session
    ) -> JSONValue {
        var entry = JSONMembers()
        entry.add("filter", text)
        entry.add("clientid", session.identity.clientIdentifier)
        entry.add("username", session.identity.userName)
        entry.add("connected", session.peer != nil)
        entry.add("qos", Int(subscription.options.qualityOfService))
        if let share = subscription.shareName {
            entry.add("share", String(decoding: share, as: UTF8.self))
        }
        if subscription.options.isNoLocal { entry.add("no-local", true) }
        if subscription.options.isRetainAsPublished { entry.add("retain-as-published", true) }
        if subscription.identifier != 0 { entry.add("identifier", Int(subscription.identifier)) }
        return entry.object
    }
}
