// SPDX-License-Identifier: Apache-2.0
// Retained messages for a new subscription, in slices.

import Config
import MQTT
import Net
import Topics

/// The retained messages that one subscription has yet to get.
///
/// Sent in slices of bounded work: another slice goes out in the next loop turn, or when the
/// subscriber has taken what it already has. So a subscription to `#` over hundreds of thousands of
/// messages delays nobody.
final class RetainedDelivery {
    /// Messages per slice and loop turn.
    private static let sliceMax = 128
    /// Bytes that may wait in the output before the subscriber has to read on.
    private static let outputBytesMax = 128 << 10
    /// QoS 1 and 2 messages that may wait in the queue meanwhile.
    private static let queuedMax = 64

    private let session: Session
    private let subscription: SessionSubscription
    private let cursor: RetainedCursor
    private var messages: [AnyObject] = []
    private var position = 0
    private var isLast = false
    private var isPostponed = false

    init(_ subscription: SessionSubscription, for session: Session) {
        self.subscription = subscription
        self.session = session
        cursor = session.worker.broker.retained.cursor(filter: subscription.filter.span.bytes)
    }

    /// Sends a slice.
    ///
    /// Returns whether everything has been sent.
    func advance() -> Bool {
        guard let client = session.client else { return true }
        for _ in 0..<Self.sliceMax {
            if position == messages.count {
                if isLast { return true }
                messages.removeAll(keepingCapacity: true)
                position = 0
                isLast = session.worker.broker.retained.next(
                    cursor,
                    limit: Self.sliceMax,
                    into: &messages
                )
                if messages.isEmpty { break }
            }
            guard hasRoom(client) else { return false }
            if isPlain(client) {
                sendPlain(to: client)
                continue
            }
            let message = Message(messages[position])
            position += 1
            session.deliverRetained(message, subscription)
        }
        if isLast, position == messages.count { return true }
        postpone()
        return false
    }

    /// Whether messages go out at once, without a look at queue, window or plugins.
    private func isPlain(_ client: Client) -> Bool {
        subscription.options.qualityOfService == 0 && !session.worker.hasHooks
            && client.outputPacketsMax == .max
    }

    /// Sends what has been fetched, as far as the output may grow.
    private func sendPlain(to client: Client) {
        guard let connection = client.connection else { return }
        let now = session.worker.now
        while position < messages.count, connection.queuedByteCount <= Self.outputBytesMax {
            let message = Message(messages[position])
            position += 1
            if message.expiresAt != 0, now >= message.expiresAt { continue }
            message.withPublication { publication in
                _ = client.writePublish(
                    publication,
                    of: message,
                    qos: 0,
                    packetIdentifier: 0,
                    isDuplicate: false,
                    isRetained: true,
                    subscriptionIdentifier: subscription.identifier
                )
            }
        }
    }

    private func hasRoom(_ client: Client) -> Bool {
        guard let connection = client.connection else { return false }
        if connection.queuedByteCount > Self.outputBytesMax || !client.mayWritePacket() {
            connection.flush()
            if !connection.isOutputBlocked { return true }
            return false
        }
        return session.queuedCount < min(Self.queuedMax, session.worker.limits.queuedMessagesMax)
    }

    private func postpone() {
        guard !isPostponed else { return }
        isPostponed = true
        session.worker.postpone { [self] in
            isPostponed = false
            session.continueRetained()
        }
    }
}

extension Session {
    /// Begins to send the retained messages that match a new subscription.
    func sendRetained(for subscription: SessionSubscription) {
        guard worker.broker.retained.count > 0 else { return }
        let delivery = RetainedDelivery(subscription, for: self)
        let isFirst = retainedDeliveries.isEmpty
        retainedDeliveries.append(delivery)
        if isFirst { continueRetained() }
    }

    /// Goes on where the output, the window or the slice had ended.
    func continueRetained() {
        while let first = retainedDeliveries.first, first.advance() {
            retainedDeliveries.removeFirst()
        }
    }

    /// Delivers one retained message as the subscription asks for it.
    fileprivate func deliverRetained(_ message: Message, _ subscription: SessionSubscription) {
        if message.expiresAt != 0, worker.now >= message.expiresAt { return }
        let granted = subscription.options.qualityOfService
        let isUpgraded = worker.limits.upgradesOutgoingQoS
        let qos = isUpgraded ? granted : min(granted, message.qos)
        let events = worker.events(on: identity.listener)
        guard !events.isDisjoint(with: [.access, .messageOut]) else {
            return message.withPublication { publication in
                deliver(
                    publication,
                    qos: qos,
                    isRetained: true,
                    subscriptionIdentifier: subscription.identifier
                ) { message }
            }
        }
        let handle = handle
        let worker = worker
        checkSource(message) { isAllowed in
            guard isAllowed, let session = worker.sessions[handle] else { return }
            message.withPublication { publication in
                session.deliverChecked(
                    publication,
                    qos: qos,
                    isRetained: true,
                    subscriptionIdentifier: subscription.identifier,
                    events
                ) { message }
            }
        }
    }

    /// `check_retain_source`: whether the publisher of a retained message might still publish it.
    ///
    /// What the broker itself has published is exempt.
    private func checkSource(_ message: Message, _ body: @escaping (Bool) -> Void) {
        guard worker.settings.configuration.checkRetainSource, let origin = message.origin else {
            return body(true)
        }
        worker.checkWrite(origin, message, body)
    }
}

extension Worker {
    /// Stores the publications of a run as retained messages, or deletes what they clear
    /// [MQTT-3.3.1-5] [MQTT-3.3.1-6].
    func retain(_ run: UnsafePublishRun) {
        let topic = RawSpan(_unsafeBytes: run.topic)
        for index in 0..<run.count {
            if run[index].payloadCount == 0 {
                _ = broker.retained.remove(topic: topic)
            } else {
                _ = broker.retained.set(topic: topic, value: run.message(index).storage)
            }
        }
    }
}
