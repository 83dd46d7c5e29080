// SPDX-License-Identifier: Apache-2.0
// What a client may keep: its session, its subscriptions, what waits for its return.

import MQTT
import Topics

extension Worker {
    /// Closes a session's connection at a plugin's wish.
    ///
    /// A session that lives on keeps the subscriptions it might still make, as plugins have been
    /// promised (`ACL_CHECK` in docs/plugin-events.md).
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
        var slot: UInt32 = 0
        let handle = session.handle
        func recheckSlice() -> Bool {
            guard let session = sessions[handle] else { return true }
            recheck(session.subscriptions.slice(from: &slot, limit: 64), of: handle, identity)
            return slot >= session.subscriptions.slotEnd
        }
        if !recheckSlice() { slices.add(recheckSlice) }
    }

    /// Asks for some subscriptions of a session and ends those that are denied.
    private func recheck(
        _ subscriptions: [SessionSubscription],
        of handle: SessionHandle,
        _ identity: ClientIdentity
    ) {
        let questions = subscriptions.map {
            FilterQuestion(filter: $0.text, options: 0, identifier: 0, properties: [])
        }
        _ = ask(.access(identity, questions)) { [self] answer in
            // A client that has taken the session over meanwhile has been let in with it.
            guard case .filters(let decisions, _) = answer, let session = sessions[handle],
                session.identity === identity
            else { return }
            for (subscription, decision) in zip(subscriptions, decisions) {
                guard case .denied = decision else { continue }
                _ = session.unsubscribe(subscription)
            }
        }
    }

    /// Ends a session at a plugin's wish, silently.
    func remove(_ session: Session) {
        session.forfeit()
        if let client = session.client {
            client.finish(.administrative(publishesWill: false))
        } else {
            end(session)
        }
    }
}
