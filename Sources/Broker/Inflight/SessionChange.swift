// SPDX-License-Identifier: Apache-2.0
// What happened to a session.

package import MQTT

/// One thing that happened to a session: what has to be written down so that it can be brought
/// back.
package enum SessionChange: Sendable, Equatable {
    /// The session began, or its client came back: who it is and how long it lives.
    case attached(clientIdentifier: String, userName: String?, expiryInterval: UInt32)
    /// The client has left; where the session does not outlive that, `ended` follows.
    case detached
    /// The session expiry interval is another one.
    case expiryChanged(UInt32)
    /// The will is another one, or is over.
    case willChanged(Will?)
    /// A subscription was made, or replaced.
    case subscribed(SubscriptionImage)
    /// A subscription ended.
    case unsubscribed(filter: [UInt8], shareName: [UInt8]?)
    /// Retained messages of a subscription are yet to be fetched.
    case retainedBegan(SubscriptionImage)
    /// All of them were, or are not wanted any more.
    case retainedEnded(filter: [UInt8])
    /// A message waits, behind all others, at this place of the window: one that rises from message
    /// to message, and that it keeps until it is sent.
    case queued(OutgoingImage, place: Int)
    /// The first message that waited goes out, with this QoS; `lastIdentifier` is the last one given.
    case sent(place: Int, identifier: UInt16, qos: UInt8, lastIdentifier: UInt16)
    /// The first message that waited is over without having been sent.
    case discarded(place: Int)
    /// A message that was sent once is over.
    case acknowledged(identifier: UInt16)
    /// PUBREC has come.
    case released(identifier: UInt16)
    /// Messages that were not under way are over: their positions in `SessionImage.outgoing`,
    /// descending, and their places, ascending.
    case dropped(positions: [Int], places: [Int])
    /// A QoS 2 message was received, in the stead of one with the same identifier if there was one.
    case received(IncomingImage)
    /// PUBREL has come, or the message was forgotten.
    case completed(identifier: UInt16)
    /// The session is over.
    case ended
}

extension SessionImage {
    /// Brings the image up to date.
    ///
    /// Returns false, and changes nothing, when the change does not fit.
    package mutating func apply(_ change: SessionChange) -> Bool {
        switch change {
        case .attached(let clientIdentifier, let userName, let expiryInterval):
            self.clientIdentifier = clientIdentifier
            self.userName = userName
            self.expiryInterval = expiryInterval
        case .detached: break
        case .expiryChanged(let interval): expiryInterval = interval
        case .willChanged(let will): self.will = will
        case .subscribed(let subscription): subscribe(subscription)
        case .unsubscribed(let filter, let shareName): return unsubscribe(filter, shareName)
        case .retainedBegan(let subscription):
            retainedPending.removeAll { $0.filter == subscription.filter }
            retainedPending.append(subscription)
        case .retainedEnded(let filter): retainedPending.removeAll { $0.filter == filter }
        case .received(let message):
            let place = incoming.firstIndex { $0.identifier == message.identifier }
            if let place { incoming[place] = message } else { incoming.append(message) }
        case .completed(let identifier):
            guard let place = incoming.firstIndex(where: { $0.identifier == identifier }) else {
                return false
            }
            incoming.remove(at: place)
        case .ended: end()
        default: return applyOutgoing(change)
        }
        return true
    }

    private mutating func subscribe(_ subscription: SubscriptionImage) {
        let place = subscriptions.firstIndex {
            $0.filter == subscription.filter && $0.shareName == subscription.shareName
        }
        if let place {
            subscriptions[place] = subscription
        } else {
            subscriptions.append(subscription)
        }
    }

    private mutating func unsubscribe(_ filter: [UInt8], _ shareName: [UInt8]?) -> Bool {
        let place = subscriptions.firstIndex { $0.filter == filter && $0.shareName == shareName }
        guard let place else { return false }
        subscriptions.remove(at: place)
        return true
    }

    private mutating func end() {
        will = nil
        subscriptions = []
        outgoing = []
        incoming = []
        retainedPending = []
    }

    private mutating func applyOutgoing(_ change: SessionChange) -> Bool {
        switch change {
        case .queued(let message, _):
            guard message.progress == .queued else { return false }
            outgoing.append(message)
            if message.qos > 0 { lastIdentifier = PacketIdentifiers.next(lastIdentifier) }
        case .sent(_, let identifier, let qos, let last):
            guard let place = outgoing.firstIndex(where: { $0.progress == .queued }) else {
                return false
            }
            outgoing[place].progress = .published(identifier: identifier)
            outgoing[place].qos = qos
            lastIdentifier = last
        case .discarded:
            guard let place = outgoing.firstIndex(where: { $0.progress == .queued }) else {
                return false
            }
            outgoing.remove(at: place)
        case .acknowledged(let identifier):
            guard let place = outgoing.firstIndex(where: { $0.identifier == identifier }) else {
                return false
            }
            outgoing.remove(at: place)
        case .released(let identifier):
            guard let place = outgoing.firstIndex(where: { $0.identifier == identifier }) else {
                return false
            }
            outgoing[place].progress = .released(identifier: identifier)
        case .dropped(let positions, _):
            guard positions.allSatisfy(outgoing.indices.contains) else { return false }
            for position in positions { outgoing.remove(at: position) }
        default: return false
        }
        return true
    }
}
