// SPDX-License-Identifier: Apache-2.0
// A session as plain values, and back.

import Inflight
import MQTT
import Topics

extension Session {
    /// The session as it is now; `number` says under which number a message is kept.
    func image(_ number: (Message) -> MessageNumber) -> SessionImage {
        var image = SessionImage(
            clientIdentifier: identity.clientIdentifier,
            userName: identity.userName,
            expiryInterval: expiryInterval,
            will: will
        )
        image.subscriptions = (0..<subscriptions.slotEnd).compactMap { subscriptions[$0]?.image }
        for place in outgoing.window.places {
            guard let progress = progress(at: place) else { continue }
            let form = form(at: place)
            image.outgoing.append(
                OutgoingImage(
                    message: number(outgoing[place]),
                    qos: form.qos,
                    isRetained: form.isRetained,
                    subscriptionIdentifier: form.subscriptionIdentifier,
                    progress: progress
                )
            )
        }
        image.incoming =
            incoming?.all.map {
                IncomingImage(identifier: $0.identifier, message: number($0.message))
            } ?? []
        image.retainedPending = retainedQueue?.subscriptions.map(\.image) ?? []
        image.lastIdentifier = outgoing.window.lastIdentifier
        return image
    }

    /// How far the message at a place has come; nil when it is over.
    func progress(at place: Int) -> OutgoingImage.Progress? {
        let identifier = outgoing.window.identifier(at: place)
        return switch outgoing.window.state(at: place) {
        case .ended: nil
        case .queued: .queued
        case .taken: identifier == 0 ? .queued : .published(identifier: identifier)
        case .awaitingPubcomp: .released(identifier: identifier)
        default: .published(identifier: identifier)
        }
    }

    /// What an image has that cannot be.
    enum RestoreError: Error, Equatable {
        /// A message that is not there.
        case messageMissing(MessageNumber)
        /// An identifier twice, or none where one is needed.
        case identifier(UInt16)
    }

    /// Takes over what an image holds; for a session that has just begun and has no client.
    ///
    /// `message` finds the message of a number. Returns why messages were left out.
    func restore(
        _ image: SessionImage,
        _ message: (MessageNumber) -> Message?
    ) -> [RestoreError] {
        assert(peer == nil && subscriptions.isEmpty && outgoing.window.isEmpty, "it is new")
        setExpiryInterval(image.expiryInterval)
        setWill(image.will)
        for subscription in image.subscriptions {
            // What was granted is kept, whatever the limit is now.
            let outcome = subscribe(SessionSubscription(subscription), isLimited: false)
            assert(outcome != .refused, "without a limit nothing is refused")
        }
        let waiting = image.outgoing.count { $0.progress == .queued && $0.qos > 0 }
        outgoing.window.restore(lastIdentifier: image.lastIdentifier, waiting: waiting)
        var errors: [RestoreError] = []
        for delivery in image.outgoing {
            do throws(RestoreError) {
                try restore(delivery, message)
            } catch {
                errors.append(error)
            }
        }
        for received in image.incoming {
            do throws(RestoreError) {
                try restore(received, message)
            } catch {
                errors.append(error)
            }
        }
        for subscription in image.retainedPending {
            sendRetained(for: SessionSubscription(subscription))
        }
        checkInvariants()
        return errors
    }

    private func restore(
        _ image: OutgoingImage,
        _ find: (MessageNumber) -> Message?
    ) throws(RestoreError) {
        guard let message = find(image.message) else { throw .messageMissing(image.message) }
        let state: WindowState =
            switch image.progress {
            case .queued: .queued
            case .published: image.qos == 1 ? .awaitingPuback : .awaitingPubrec
            case .released: .awaitingPubcomp
            }
        let isRestored = outgoing.restore(
            message,
            state,
            identifier: image.identifier ?? 0,
            qos: image.qos,
            isRetained: image.isRetained,
            subscriptionIdentifier: image.subscriptionIdentifier,
            entry: image.entry
        )
        guard isRestored else { throw .identifier(image.identifier ?? 0) }
    }

    private func restore(
        _ image: IncomingImage,
        _ find: (MessageNumber) -> Message?
    ) throws(RestoreError) {
        guard let message = find(image.message) else { throw .messageMissing(image.message) }
        let incoming = openIncoming()
        guard image.identifier != 0, !incoming.contains(image.identifier) else {
            throw .identifier(image.identifier)
        }
        incoming.accept(message, image.identifier)
    }
}
