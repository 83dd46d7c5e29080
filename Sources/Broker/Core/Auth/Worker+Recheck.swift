// SPDX-License-Identifier: Apache-2.0
// Who may stay: after a reload, and what a returning client may still get.

import MQTT
import Topics

extension Worker {
    /// After a reload every session is checked again (spec: plugin-abi.md 4.2): those that may no
    /// longer be here end without their wills.
    func recheckClients() {
        for session in sessions.all where !session.identity.isBridge {
            let identity = session.identity
            if identity.proof == .transport { continue }
            let listener = identity.listener.map { settings.listeners[$0.index] }
            let allowsAnonymous = listener?.allowsAnonymous ?? false
            if identity.userName == nil {
                if !allowsAnonymous { expel(session) }
                continue
            }
            guard events(on: listener).contains(.basicAuthentication) else { continue }
            let handle = session.handle
            let question = HookQuestion.authenticate(
                identity,
                password: session.password,
                isConnect: false
            )
            _ = ask(question) { [self] answer in
                // Whoever has taken the session over meanwhile has been let in since.
                guard case .authentication(let code) = answer, let session = sessions[handle],
                    session.identity === identity
                else { return }
                if code != 0, !(code == Code.ignore && allowsAnonymous) { expel(session) }
            }
        }
    }

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
            guard case .filters(let verdicts, _) = answer, let session = sessions[handle] else {
                return
            }
            for (subscription, verdict) in zip(subscriptions, verdicts) {
                guard case .denied = verdict else { continue }
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

    private func expel(_ session: Session) {
        session.setWill(nil)
        if let client = session.client {
            client.finish(.notAuthorized)
        } else {
            end(session)
        }
    }
}
