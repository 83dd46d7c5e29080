// SPDX-License-Identifier: Apache-2.0
// A session put together from the records of a file.

package import Inflight

extension SessionImage {
    /// A session that has nothing yet.
    package init(_ client: DatabaseClient) {
        self.init(
            clientIdentifier: client.clientIdentifier,
            userName: client.userName,
            expiryInterval: client.expiryInterval
        )
        lastIdentifier = client.lastIdentifier
    }

    /// Adds a message; false when it means nothing.
    ///
    /// After the last one `arrangeDeliveries` puts all in order.
    package mutating func add(_ delivery: DatabaseDelivery) -> Bool {
        if let image = delivery.outgoing {
            outgoing.append(image)
        } else if let image = delivery.incoming {
            incoming.append(image)
        } else {
            return false
        }
        return true
    }

    /// Adds a subscription, in the stead of none: a file has each once.
    package mutating func add(_ subscription: DatabaseSubscription) -> Bool {
        guard let image = subscription.image else { return false }
        subscriptions.append(image)
        return true
    }

    /// Puts what was sent before what waits, and sees to it that no identifier is there twice, as
    /// windows want it.
    ///
    /// A broker writes them so; others may not. A second message with an identifier waits for one of
    /// its own, but what cannot be sent again is dropped. Returns how many were.
    package mutating func arrangeDeliveries() -> Int {
        let before = outgoing.count + incoming.count
        var seen: Set<UInt16> = []
        outgoing.removeAll { message in
            guard case .released(let identifier) = message.progress else { return false }
            return !seen.insert(identifier).inserted
        }
        for place in outgoing.indices {
            guard case .published(let identifier) = outgoing[place].progress else { continue }
            if !seen.insert(identifier).inserted { outgoing[place].progress = .queued }
        }
        let firstWaiting = outgoing.firstIndex { $0.progress == .queued } ?? outgoing.count
        if outgoing[firstWaiting...].contains(where: { $0.progress != .queued }) {
            let sent = outgoing.filter { $0.progress != .queued }
            outgoing = sent + outgoing.filter { $0.progress == .queued }
        }
        seen = []
        incoming.removeAll { !seen.insert($0.identifier).inserted }
        return before - outgoing.count - incoming.count
    }
}
