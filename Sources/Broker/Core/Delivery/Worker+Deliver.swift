// SPDX-License-Identifier: Apache-2.0
// Publications meet a session: each is sent, queued or dropped.

import Config
import Inflight
import Log
import MQTT
import Net
import Persist
import Topics

extension Worker {
    /// Takes publications for delivery; docs/protocol-choices.md says what may be in flight, what is
    /// queued and what is dropped.
    func deliver(
        _ batch: PublishBatch,
        _ entries: Range<Int>,
        to session: Session,
        _ destination: Destination
    ) {
        let granted = destination.options.qualityOfService
        let qos = limits.upgradesOutgoingQoS ? granted : min(batch.qos, granted)
        if let recorder, batch.firstNumber == 0 {
            recorder.keepContent(of: batch, qos, for: session)
        }
        if hasHooks {
            let events = events(of: session.identity)
            if !events.isDisjoint(with: [.access, .messageOut]) {
                guard isReadable(batch, entries, by: session, destination, qos, events) else {
                    return
                }
            }
        }
        if let outlet = session.outlet, outlet.isPlain, destination.subscriptionIdentifier == 0,
            !batch.isRetained, entries.count == batch.count, !isTracing
        {
            if outlet.send(batch, qos: qos, of: session) { return }
        }
        let form = DeliveryForm(
            qos: qos,
            isRetained: batch.isRetained && destination.options.isRetainAsPublished,
            subscriptionIdentifier: destination.subscriptionIdentifier
        )
        if qos > 0, session.outlet == nil { return queue(batch, entries, for: session, form) }
        for index in entries {
            deliver(batch.publication(index), to: session, form) { batch.message(index) }
        }
    }

    /// Queues publications for an absent client; the newest are dropped when the queue is full.
    /// [MQTT-4.5.0-1] [MQTT311-3.1.2-5] [MQTT311-4.5.0-1]
    private func queue(
        _ batch: PublishBatch,
        _ entries: Range<Int>,
        for session: Session,
        _ form: DeliveryForm
    ) {
        let limits = limits.ofAbsent
        counters.changes.add(entries.count)
        for index in entries {
            if session.outgoing.window.mayQueue(limits) {
                session.queue(batch.message(index), form)
            } else {
                recorder?.decline(batch, index..<(index + 1), by: session, .queueFull)
                drop(for: session, .queueFull)
            }
        }
    }

    /// Takes one publication for delivery.
    ///
    /// `message` makes its stored form, if that is needed.
    func deliver(
        _ publication: UnsafePublication,
        to session: Session,
        _ form: DeliveryForm,
        message: () -> Message
    ) {
        if form.qos == 0, let outlet = session.outlet {
            return outlet.sendAtMostOnce(publication, form, of: session, message: message)
        }
        if form.qos == 0, !limits.queuesQoS0 || !session.isPersistent { return }
        guard mayQueue(form, in: session) else {
            recorder?.decline(publication, by: session, .queueFull)
            return drop(for: session, .queueFull)
        }
        session.queue(message(), form)
        session.pump()
    }

    /// Whether a message for a session may wait, for its client or for a place in the window.
    private func mayQueue(_ form: DeliveryForm, in session: Session) -> Bool {
        if let outlet = session.outlet {
            let limits = outlet.limits
            return session.outgoing.window.mayStart(limits)
                || session.outgoing.window.mayQueue(limits)
        }
        if form.qos == 0, session.outgoing.window.count >= limits.queuedMessagesMax { return false }
        return session.outgoing.window.mayQueue(limits.ofAbsent)
    }

    /// A message is lost to a session; the first one for each connection is logged.
    func drop(for session: Session, _ reason: DropReason) {
        session.drop(reason)
        guard !session.hasLoggedDrop else { return }
        session.hasLoggedDrop = true
        log.notice(
            "Outgoing messages are being dropped for client \(session.identity.clientIdentifier).",
            session.identity.logFields(.messagesDropped, reason: "the queue is full")
        )
    }
}

extension Outlet {
    /// QoS 0: now or never [MQTT-4.3.1-1].
    /// [MQTT311-4.3.1-1]
    fileprivate func sendAtMostOnce(
        _ publication: UnsafePublication,
        _ form: DeliveryForm,
        of session: Session,
        message: () -> Message
    ) {
        guard mayWritePacket() else { return worker.drop(for: session, .outputFull) }
        guard references(payloadCount: publication.payload.count) else {
            write(publication, of: nil, form)
            return
        }
        let message = message()
        _ = message.withPublication { write($0, of: message, form) }
    }
}
