// SPDX-License-Identifier: Apache-2.0
// A session of the model.

import Inflight
import MQTT

@testable import Persist

/// A session as a value.
struct ModelSession {
    var number: SessionNumber
    var identity: LogIdentity
    var expiryInterval: UInt32
    var detachedAt: Int64?
    var will: Will?
    var subscriptions: [SubscriptionImage] = []
    var retainedPending: [SubscriptionImage] = []
    var queue: [LogEntry] = []
    var nextSequence: UInt64 = 0
    var lastIdentifier: UInt16 = 0
    var incoming: [IncomingImage] = []
    /// Accepted for it and not taken in, in the order of acceptance.
    var pending: [(message: MessageNumber, destination: LogDestination)] = []

    /// Takes a message in behind all others.
    mutating func enter(_ message: MessageNumber, _ destination: LogDestination) {
        var entry = LogEntry(
            sequence: nextSequence,
            message: message,
            qos: destination.qos,
            isRetained: destination.isRetained,
            subscriptionIdentifier: destination.subscriptionIdentifier
        )
        if destination.qos > 0 {
            lastIdentifier = lastIdentifier == 65_535 ? 1 : lastIdentifier + 1
        }
        switch destination.fate {
        case .queued(let sequence): entry.sequence = sequence
        case .sent(let sequence, let identifier):
            entry.sequence = sequence
            entry.progress = .published(identifier: identifier)
            lastIdentifier = identifier
        case .pending, .dropped: break
        }
        nextSequence = entry.sequence + 1
        queue.append(entry)
    }

    /// What the log has to say of it.
    var image: SessionImage {
        var image = SessionImage(
            clientIdentifier: identity.clientIdentifier,
            userName: identity.userName,
            expiryInterval: expiryInterval,
            will: will
        )
        image.subscriptions = subscriptions.sorted { $0.sortKey < $1.sortKey }
        let live = queue.map { entry in
            let progress: OutgoingImage.Progress =
                switch entry.progress {
                case .pending, .queued: .queued
                case .published(let identifier): .published(identifier: identifier)
                case .released(let identifier): .released(identifier: identifier)
                }
            return OutgoingImage(
                message: entry.message,
                qos: entry.qos,
                isRetained: entry.isRetained,
                subscriptionIdentifier: entry.subscriptionIdentifier,
                progress: progress
            )
        }
        image.outgoing =
            live.filter { $0.progress != .queued } + live.filter { $0.progress == .queued }
        image.incoming = incoming
        image.retainedPending = retainedPending
        image.lastIdentifier = lastIdentifier
        return image
    }
}
