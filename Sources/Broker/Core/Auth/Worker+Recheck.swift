// SPDX-License-Identifier: Apache-2.0
// What a client may keep: its session, its subscriptions, what waits for its return.

import MQTT
import Topics

extension Worker {
    /// Closes a session's connection at a plugin's wish.
    ///
    /// A session that lives on keeps the subscriptions it might still make (spec: plugin-abi.md 8.2).
    func kick(_ session: Session, publishesWill: Bool) {
        if session.isPersistent { recheckSubscriptions(of: session) }
        session.client?.finish(.administrative(publishesWill: publishesWill))
    }

    /// Ends the subscriptions that a session may not have any more.
    private func recheckSubscriptions(of session: Session) {
        let identity = session.identity
        guard events(on: identity.listener).contains(.access), !session.subscriptions.isEmpty else {
            return
        }
        let subscriptions = session.subscriptions
        let questions = subscriptions.map {
            FilterQuestion(filter: $0.text, options: 0, identifier: 0, properties: [])
        }
        let handle = session.handle
        _ = ask(.access(identity, questions)) { [self] answer in
            // A client that has taken the session over meanwhile has been let in with it.
            guard case .filters(let verdicts, _) = answer, let session = sessions[handle],
                session.identity === identity
            else { return }
            for (subscription, verdict) in zip(subscriptions, verdicts) {
                guard case .denied = verdict else { continue }
                _ = session.removeSubscription(subscription.filter, subscription.shareName)
            }
        }
    }

    /// Ends a session at a plugin's wish, silently.
    func remove(_ session: Session) {
        session.will = nil
        session.expiryInterval = 0
        if let client = session.client {
            client.finish(.administrative(publishesWill: false))
        } else {
            end(session)
        }
    }

    /// Asks again for every message that a returning client is to get; `body` runs when the denied
    /// ones are gone.
    func recheckDeliveries(of session: Session, _ body: @escaping () -> Void) {
        let identity = session.identity
        let events = events(on: identity.listener)
        guard events.contains(.access), !session.deliveries.isEmpty else { return body() }
        if events.contains(.accessIsDirect) {
            session.dropDeliveries { index in
                session.deliveries[index].message.withPublication {
                    checkAccess(.read, identity, $0) != 0
                }
            }
            return body()
        }
        let questions = (0..<session.deliveries.count).map { index in
            DeliveryQuestion(
                message: session.deliveries[index].message,
                qos: session.deliveries[index].qos,
                isRetained: session.deliveries[index].isRetained,
                checksAccess: true,
                isFiltered: false
            )
        }
        let handle = session.handle
        _ = ask(.deliver(identity, questions)) { [self] answer in
            guard case .deliver(let verdicts) = answer, let session = sessions[handle] else {
                return
            }
            session.dropDeliveries { index in
                guard index < verdicts.count, case .denied = verdicts[index] else { return false }
                return true
            }
            body()
        }
    }
}

extension Session {
    /// Ends the deliveries at places for which `isUnwanted` holds; their identifiers stay spent.
    func dropDeliveries(where isUnwanted: (Int) -> Bool) {
        for index in 0..<deliveries.count {
            guard deliveries[index].state != .done, isUnwanted(index) else { continue }
            if deliveries[index].state == .queued, deliveries[index].qos > 0 {
                queuedCount -= 1
                queuedBytes -= deliveries[index].message.payloadCount
            }
            deliveries[index].state = .done
        }
    }
}
