// SPDX-License-Identifier: Apache-2.0
// Retained messages for a new subscription, in slices.

import Config
import Inflight
import MQTT
import Net
import Topics

/// The retained messages that one subscription has yet to get.
///
/// Sent in slices of bounded work: another slice goes out in the next loop turn, or when the
/// subscriber has taken what it already has. So a subscription to `#` over hundreds of thousands of
/// messages delays nobody. What a persistent session has not got when its client leaves, it gets
/// after the return: the walk waits, and costs no memory but its own.
final class RetainedDelivery {
    /// Messages per slice and loop turn.
    private static let sliceMax = 128
    /// Bytes that may wait in the output before the subscriber has to read on.
    private static let outputBytesMax = 128 << 10
    /// QoS 1 and 2 messages that may wait in the queue meanwhile.
    private static let queuedMax = 64

    let subscription: SessionSubscription
    private unowned let session: Session
    private let cursor: RetainedCursor
    private var messages: [AnyObject] = []
    private var position = 0
    private var isLast = false
    private var isAdvancing = false

    init(_ subscription: SessionSubscription, for session: Session) {
        self.subscription = subscription
        self.session = session
        cursor = session.worker.broker.retained.cursor(filter: subscription.filter.span.bytes)
    }

    /// What came of a slice.
    enum Progress {
        /// Everything has been sent.
        case finished
        /// The subscriber has to take something first.
        case blocked
        /// There is more, for the next turn.
        case more
    }

    /// Sends a slice.
    func advance() -> Progress {
        assert(!isAdvancing, "what a slice calls does not come back to it")
        isAdvancing = true
        defer { isAdvancing = false }
        for _ in 0..<Self.sliceMax {
            guard let outlet = session.outlet, !outlet.isRechecking else { return .blocked }
            if position == messages.count {
                if isLast { return .finished }
                fetch()
                if messages.isEmpty { break }
            }
            guard hasRoom(outlet) else { return .blocked }
            if isPlain(outlet) {
                sendPlain(to: outlet)
                continue
            }
            let message = Message(messages[position])
            position += 1
            session.worker.deliver(retained: message, to: session, subscription)
        }
        return isLast && position == messages.count ? .finished : .more
    }

    private func fetch() {
        messages.removeAll(keepingCapacity: true)
        position = 0
        isLast = session.worker.broker.retained.next(cursor, limit: Self.sliceMax, into: &messages)
        session.worker.recorder?.keepWanted(fetched, by: session)
    }

    /// Messages that were taken from the store and have not gone to the session yet.
    var fetched: some Sequence<Message> { messages[position...].lazy.map { Message($0) } }

    /// Whether messages go out at once, without a look at queue, window or plugins.
    private func isPlain(_ outlet: Outlet) -> Bool {
        subscription.options.qualityOfService == 0 && !session.worker.hasHooks
            && outlet.remote == nil
            && outlet.peer.outputPacketsMax == .max
    }

    /// Sends what has been fetched, as far as the output may grow.
    private func sendPlain(to outlet: Outlet) {
        let now = session.worker.now
        let form = DeliveryForm(
            qos: 0,
            isRetained: true,
            subscriptionIdentifier: subscription.identifier
        )
        while position < messages.count, outlet.connection.queuedByteCount <= Self.outputBytesMax {
            let message = Message(messages[position])
            position += 1
            if message.isExpired(at: now) {
                session.worker.broker.removeExpired(message)
                continue
            }
            message.withPublication { publication in
                _ = outlet.write(publication, of: message, form)
            }
        }
    }

    private func hasRoom(_ outlet: Outlet) -> Bool {
        let connection = outlet.connection
        if connection.queuedByteCount > Self.outputBytesMax || !outlet.peer.mayWritePacket() {
            connection.flush()
            if connection.isOutputBlocked { return false }
        }
        let waiting = session.outgoing.window.queuedCount + session.undecidedCount
        return waiting < min(Self.queuedMax, session.worker.limits.queuedMessagesMax)
    }
}

extension Session {
    /// Walks in one turn: one that matches little is over quickly.
    private static let walksMax = 32

    /// Begins to send the retained messages that match a new subscription.
    func sendRetained(for subscription: SessionSubscription) {
        guard worker.broker.retained.count > 0 else { return }
        let queue = retainedQueue ?? RetainedQueue()
        retainedQueue = queue
        let isFirst = queue.isEmpty
        queue.append(RetainedDelivery(subscription, for: self))
        note(.retainedBegan(subscription.image))
        if isFirst { continueRetained() }
    }

    /// Goes on where the output, the window or the slice had ended.
    ///
    /// One slice in each turn, however often it is called.
    func continueRetained() {
        guard let queue = retainedQueue, !isRetainedPostponed else { return }
        isRetainedPostponed = true
        guard sendRetained(of: queue) else {
            isRetainedPostponed = false
            return
        }
        worker.postpone { [self] in
            isRetainedPostponed = false
            continueRetained()
        }
    }

    /// Sends a slice; returns whether there is more for the next turn.
    private func sendRetained(of queue: RetainedQueue) -> Bool {
        for _ in 0..<Self.walksMax {
            guard let first = queue.first else {
                retainedQueue = nil
                return false
            }
            switch first.advance() {
            case .blocked: return false
            case .more: return true
            case .finished: endRetained(filter: first.subscription.filter)
            }
        }
        return true
    }

    /// The client leaves: only what is session state is still to be sent (5.0 section 4.1).
    func leaveRetained() {
        guard let queue = retainedQueue else { return }
        for subscription in queue.subscriptions
        where !isPersistent || subscription.options.qualityOfService == 0 {
            endRetained(filter: subscription.filter)
        }
        if queue.isEmpty { retainedQueue = nil }
    }

    /// A subscription has ended, or got all: what it has not got yet it does not get
    /// [MQTT-3.10.4-3].
    /// [MQTT311-3.10.4-3]
    func endRetained(filter: [UInt8]) {
        if retainedQueue?.remove(filter: filter) == true { note(.retainedEnded(filter: filter)) }
    }
}

extension Worker {
    /// Delivers one retained message as the subscription asks for it.
    /// [MQTT311-3.3.1-8]
    fileprivate func deliver(
        retained message: Message,
        to session: Session,
        _ subscription: SessionSubscription
    ) {
        if message.isExpired(at: now) { return broker.removeExpired(message) }
        // What a bridge has brought does not go back where it comes from.
        if session.identity.isOwnBridge,
            message.origin?.clientIdentifier == session.identity.clientIdentifier
        {
            return
        }
        let granted = subscription.options.qualityOfService
        let form = DeliveryForm(
            qos: limits.upgradesOutgoingQoS ? granted : min(granted, message.qos),
            isRetained: true,
            subscriptionIdentifier: subscription.identifier
        )
        let events = events(of: session.identity)
        if events.isDisjoint(with: [.access, .messageOut]) {
            return message.withPublication { deliver($0, to: session, form) { message } }
        }
        let handle = session.handle
        checkSource(message) { [self] isAllowed in
            guard isAllowed, let session = sessions[handle] else { return }
            message.withPublication { publication in
                deliverChecked(publication, to: session, form, events) { message }
            }
        }
    }

    /// `check_retain_source`: whether the publisher of a retained message might still publish it.
    ///
    /// What the broker itself has published is exempt.
    private func checkSource(_ message: Message, _ body: @escaping (Bool) -> Void) {
        guard settings.configuration.checkRetainSource, let origin = message.origin else {
            return body(true)
        }
        checkWrite(origin, message, body)
    }
}
