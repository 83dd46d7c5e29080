// SPDX-License-Identifier: Apache-2.0
// Deliveries of a file as those of a session, and back.

package import Inflight

extension DatabaseDelivery {
    /// A message to a client, which in the file has an identifier even while it waits.
    package init(clientIdentifier: String, _ image: OutgoingImage, identifier: UInt16) {
        let state: State =
            switch image.progress {
            case .queued: .queued
            case .published: image.qos == 1 ? .awaitingPuback : .awaitingPubrec
            case .released: .awaitingPubcomp
            }
        self.init(
            clientIdentifier: clientIdentifier,
            message: image.message,
            identifier: identifier,
            qos: image.qos,
            isRetained: image.isRetained,
            isDuplicate: image.progress != .queued,
            direction: .outgoing,
            state: state,
            subscriptionIdentifier: image.subscriptionIdentifier
        )
    }

    /// A QoS 2 message from a client; `isRetained` is the flag it was published with.
    package init(clientIdentifier: String, _ image: IncomingImage, isRetained: Bool) {
        self.init(
            clientIdentifier: clientIdentifier,
            message: image.message,
            identifier: image.identifier,
            qos: 2,
            isRetained: isRetained,
            isDuplicate: false,
            direction: .incoming,
            state: .awaitingPubrel,
            subscriptionIdentifier: 0
        )
    }

    /// As a message to its client; nil if it is none.
    ///
    /// What was to be sent may have been sent before, so it keeps its identifier; without one it
    /// waits.
    package var outgoing: OutgoingImage? {
        guard direction == .outgoing, let progress else { return nil }
        return OutgoingImage(
            message: message,
            qos: qos,
            isRetained: isRetained,
            subscriptionIdentifier: subscriptionIdentifier,
            progress: progress
        )
    }

    /// As a message from its client; nil if it is none, or over but for the client's knowing.
    ///
    /// One that waited for a place or whose PUBREC was not sent is like any other: the client will
    /// send it again.
    package var incoming: IncomingImage? {
        guard direction == .incoming, qos == 2, identifier != 0, state != .resendPubcomp else {
            return nil
        }
        return IncomingImage(identifier: identifier, message: message)
    }

    private var progress: OutgoingImage.Progress? {
        let isNumbered = qos > 0 && identifier != 0
        switch state {
        case .queued, .publishQoS0: return .queued
        case .publishQoS1, .awaitingPuback, .publishQoS2, .awaitingPubrec:
            return isNumbered ? .published(identifier: identifier) : .queued
        case .resendPubrel, .awaitingPubcomp:
            return isNumbered && qos == 2 ? .released(identifier: identifier) : nil
        case .awaitingPubrel, .resendPubcomp, .sendPubrec: return nil
        }
    }
}
