// SPDX-License-Identifier: Apache-2.0
// A client leaves its session, and sessions end (5.0 section 3.1.2.11.2).

import Config
import Log
import MQTT
import Net

extension Worker {
    /// A client has gone: publishes or schedules its will, and ends its session or sets the clock.
    /// [MQTT-3.1.2-8] [MQTT-3.1.2-23] [MQTT-4.1.0-2] [MQTT311-3.1.2-8] [MQTT311-3.1.2-12]
    func leave(_ session: Session, _ end: ClientEnd) {
        session.detach()
        session.leaveRetained()
        if hooks != nil, session.isPersistent { broker.directory.set(session) }
        tellDisconnected(session.identity, code: end.code, isOffline: session.isPersistent)
        if !end.publishesWill { session.setWill(nil) }
        let lifetime = effectiveExpiry(session)
        guard lifetime != 0 else {
            // The end of the session does not wait for the will, nor the will for its delay.
            publishWill(of: session)
            return self.end(session)
        }
        if session.will?.delayInterval == 0 { publishWill(of: session) }
        session.deadlines = deadlines(of: session, detachedAt: reactor.now)
        deadlines.set(session.handle, at: session.deadlines.next)
        reporter?.noteLeft(session)
    }

    /// The session expiry interval, bounded by `persistent_client_expiration`.
    private func effectiveExpiry(_ session: Session) -> UInt32 {
        // That of a bridge is there for as long as the bridge is.
        if session.identity.isOwnBridge { return session.expiryInterval }
        return settings.configuration.lifetime(expiryInterval: session.expiryInterval)
    }

    /// When a session ends, and when its will is due, whose client left at this millisecond of the
    /// reactor clock.
    func deadlines(of session: Session, detachedAt: Int64) -> SessionDeadlines {
        let lifetime = effectiveExpiry(session)
        var deadlines = SessionDeadlines()
        // 0 is never; what was due before the clock began is due at once.
        if lifetime != UInt32.max {
            deadlines.expiresAt = max(1, detachedAt + 1000 * Int64(lifetime))
        }
        if let will = session.will, will.delayInterval < lifetime {
            deadlines.willDueAt = max(1, detachedAt + 1000 * Int64(will.delayInterval))
        }
        return deadlines
    }

    /// Looks after sessions whose time has come, for a slice of the turn; the next turn goes on.
    func expireDeadlines() {
        var end: Int64 = 0
        while let handle = deadlines.pop(dueAt: reactor.now) {
            guard let session = sessions[handle] else { continue }
            assert(session.peer == nil, "nothing is due while the client is there")
            let isWillDue = session.deadlines.willDueAt != 0
            if isWillDue, session.deadlines.willDueAt <= reactor.now {
                session.deadlines.willDueAt = 0
                publishWill(of: session)
                reporter?.noteWill(session)
            }
            if session.deadlines.expiresAt != 0, session.deadlines.expiresAt <= reactor.now {
                expire(session)
            } else {
                deadlines.set(handle, at: session.deadlines.next)
            }
            let clock = reactor.nanoseconds()
            if end == 0 { end = clock + reactor.slice } else if clock >= end { break }
        }
    }

    private func expire(_ session: Session) {
        if settings.configuration.connectionMessages {
            let name = session.identity.clientIdentifier
            log.notice(
                "Expiring client \(name) due to timeout.",
                session.identity.logFields(.sessionExpired)
            )
        }
        counters.clientsExpired.add(1)
        publishWill(of: session)
        end(session)
    }

    /// Tells plugins that a connection has ended.
    func tellDisconnected(_ identity: ClientIdentity, code: Int32, isOffline: Bool) {
        guard let hooks else { return }
        guard hooks.events(on: identity.listener?.index).contains(.disconnect) else { return }
        // What happened before is told before.
        if reporter != nil { sendOutboxes() }
        hooks.disconnected(identity, code: code, isOffline: isOffline, by: index)
    }

    /// Removes a session for good.
    func end(_ session: Session) {
        forget(session)
        broker.census.removeSession()
    }

    /// Removes a session whose place in the census another one takes.
    func forget(_ session: Session) {
        assert(session.peer == nil, "the client has left")
        precondition(sessions[session.handle] === session, "a session ends once")
        session.end()
        deadlines.set(session.handle, at: 0)
        bridges.setName(nil, of: session.handle)
        sessions.remove(session)
        if hooks != nil { broker.directory.remove(session.identity.clientIdentifier) }
    }
}
