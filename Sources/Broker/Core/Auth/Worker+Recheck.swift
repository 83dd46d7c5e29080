// SPDX-License-Identifier: Apache-2.0
// Who may stay after a reload.

import MQTT
import Net
import Results
import Topics

extension Worker {
    /// After a reload every session is checked again, absent ones too: those that may no longer be
    /// here end without their wills.
    func recheckClients() {
        reloadCheck = ReloadCheck(sessions.all)
        continueReloadCheck()
    }

    /// Checks a client that was let in while a reload came into force, by what was right before.
    func recheckLate(_ client: Client, _ request: ConnectRequest) {
        guard request.settings !== settings, let session = client.session else { return }
        let check = reloadCheck ?? ReloadCheck([])
        check.rest.append(session)
        reloadCheck = check
        continueReloadCheck()
    }

    private func continueReloadCheck() {
        guard let check = reloadCheck, !check.isPostponed else { return }
        let end = reactor.nanoseconds() + reactor.slice
        while check.openCount < ReloadCheck.openMax {
            guard let session = check.rest.popLast() else {
                if check.openCount == 0 { reloadCheck = nil }
                return
            }
            recheck(session, check)
            guard reactor.nanoseconds() < end else {
                check.isPostponed = true
                return postpone { [self] in
                    check.isPostponed = false
                    if reloadCheck === check { continueReloadCheck() }
                }
            }
        }
    }

    /// Asks about one session, if it is still who it was.
    private func recheck(_ session: Session, _ check: ReloadCheck) {
        let identity = session.identity
        guard sessions[session.handle] === session, !identity.isBridge else { return }
        // Nobody knows what it has come in with; the client has to log in when it comes back.
        if identity.proof == .restored { return }
        let listener = identity.listener.map { settings.listeners[$0.index] }
        // Whoever has come since has been asked for by the settings in force.
        if listener != nil, identity.listener === listener { return }
        guard let question = reloadQuestion(session, listener) else { return }
        let handle = session.handle
        let allowsAnonymous = listener?.allowsAnonymous ?? false
        check.openCount += 1
        _ = ask(question) { [self] answer in
            check.openCount -= 1
            defer { if reloadCheck === check { continueReloadCheck() } }
            // Whoever has taken the session over meanwhile has been let in since.
            guard case .authentication(let code, _) = answer, let session = sessions[handle],
                session.identity === identity
            else { return }
            if Self.mustLeave(code, allowsAnonymous: allowsAnonymous) { expel(session) }
        }
    }

    /// What decides whether a session stays; nil when nobody has to be asked.
    ///
    /// Who came by enhanced authentication has no password: only the client can begin another
    /// exchange. Such clients stay, as those with certificates do, unless a plugin objects.
    private func reloadQuestion(_ session: Session, _ listener: ListenerSettings?) -> HookQuestion?
    {
        let identity = session.identity
        let events = events(on: listener)
        if identity.proof == .transport || identity.authenticationMethod != nil {
            return events.contains(.confirmation) ? .confirm(identity) : nil
        }
        if identity.userName == nil {
            if listener?.allowsAnonymous != true { expel(session) }
            return nil
        }
        guard events.contains(.basicAuthentication) else { return nil }
        return .authenticate(identity, password: session.password)
    }

    /// Whether an answer ends a session; a plugin that is busy now has not decided anything.
    static func mustLeave(_ code: Int32, allowsAnonymous: Bool) -> Bool {
        switch code {
        case ResultCode.success: false
        case ResultCode.pluginIgnore: !allowsAnonymous
        case ResultCode.serverUnavailable, ResultCode.serverBusy,
            ResultCode.connectionRateExceeded:
            false
        default: true
        }
    }

    private func expel(_ session: Session) {
        session.setWill(nil)
        if let client = session.peer {
            client.finish(.notAuthorized)
        } else {
            end(session)
        }
    }
}
