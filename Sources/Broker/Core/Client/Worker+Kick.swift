// SPDX-License-Identifier: Apache-2.0
// Connections are closed, and sessions ended, because a plugin asks for it.

import MQTT
import Topics

extension Worker {
    /// What one step does at most: connections closed, each with a system call or two and perhaps a
    /// will, and slots of sessions looked at.
    private static let kickedAtOnceMax = 4
    private static let slotsAtOnceMax: UInt32 = 256

    /// Closes the connections for which `isWanted` holds: the first ones now, more in slices.
    ///
    /// Who is let in while that goes on was not meant and stays.
    func kickAll(publishesWill: Bool, where isWanted: @escaping (ClientIdentity) -> Bool) {
        let entryEnd = entryCount
        let slotEnd = sessions.slotEnd
        var slot: UInt32 = 0
        func kickSlice() -> Bool {
            let end = min(slot + Self.slotsAtOnceMax, slotEnd)
            var kickedCount = 0
            while slot < end, kickedCount < Self.kickedAtOnceMax {
                if let session = sessions[slot: slot], let client = session.peer,
                    client.entryNumber < entryEnd, isWanted(session.identity)
                {
                    kick(session, publishesWill: publishesWill)
                    kickedCount += 1
                }
                slot += 1
            }
            assert(slot <= slotEnd, "there was nobody in later slots")
            return slot == slotEnd
        }
        if !kickSlice() { slices.add(kickSlice) }
    }

    /// Closes a session's connection at a plugin's wish.
    ///
    /// A session that lives on keeps the subscriptions it might still make, as plugins have been
    /// promised (`ACL_CHECK` in docs/plugin-events.md).
    func kick(_ session: Session, publishesWill: Bool) {
        if session.isPersistent { recheckSubscriptions(of: session) }
        session.peer?.finish(.administrative(publishesWill: publishesWill))
    }

    /// Ends the subscriptions that a session may not have any more.
    private func recheckSubscriptions(of session: Session) {
        let identity = session.identity
        guard events(of: identity).contains(.access), !session.subscriptions.isEmpty else {
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
            guard case .filters(let decisions, _, _) = answer, let session = sessions[handle],
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
        if let client = session.peer {
            client.finish(.administrative(publishesWill: false))
        } else {
            end(session)
        }
    }
}
