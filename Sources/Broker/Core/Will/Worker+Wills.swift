// SPDX-License-Identifier: Apache-2.0
// Will messages and the end of sessions (5.0 sections 3.1.2.5 and 3.1.2.11.2).

import Config
import Log
import MQTT
import Net
import Topics

extension Worker {
    /// A client has gone: publishes or schedules its will, and ends its session or sets the clock.
    func leave(_ session: Session, _ end: ClientEnd) {
        session.client = nil
        session.retainedDeliveries = []
        if hooks != nil, session.isPersistent { broker.directory.set(session) }
        tellDisconnected(session.identity, code: end.code, isOffline: session.isPersistent)
        if !end.publishesWill { session.will = nil }
        if let will = session.will {
            if will.delayInterval == 0 {
                publishWill(of: session)
            } else {
                session.willDueAt = now + Int64(will.delayInterval)
            }
        }
        let lifetime = effectiveExpiry(session)
        if lifetime == 0 {
            session.clear()
            if session.will == nil { return self.end(session) }
            session.expiresAt = 0
        } else if lifetime != UInt32.max {
            session.expiresAt = now + Int64(lifetime)
        }
        schedule(session)
    }

    /// The session expiry interval, bounded by `persistent_client_expiration`.
    private func effectiveExpiry(_ session: Session) -> UInt32 {
        guard session.expiryInterval != 0,
            let bound = settings.configuration.persistentClientExpiration
        else { return session.expiryInterval }
        return min(session.expiryInterval, UInt32(clamping: bound))
    }

    private func schedule(_ session: Session) {
        // Seconds are counted whole: one more has to begin before the interval has surely passed.
        if session.willDueAt != 0 { deadlines.insert(session.handle, at: session.willDueAt + 1) }
        if session.expiresAt != 0 { deadlines.insert(session.handle, at: session.expiresAt + 1) }
    }

    /// Looks after sessions whose time has come, for a slice of the turn; the next turn goes on.
    func expireDeadlines() {
        var end: Int64 = 0
        while let handle = deadlines.pop(now: now) {
            guard let session = sessions[handle], session.client == nil else { continue }
            if session.willDueAt != 0, session.willDueAt < now {
                session.willDueAt = 0
                publishWill(of: session)
                if !session.isPersistent { self.end(session) }
            } else if session.expiresAt != 0, session.expiresAt < now {
                if settings.configuration.connectionMessages {
                    let name = session.identity.clientIdentifier
                    log.notice("Expiring client \(name) due to timeout.")
                }
                counters.clientsExpired.add(1)
                publishWill(of: session)
                self.end(session)
            }
            let clock = Clock.monotonicNanoseconds()
            if end == 0 { end = clock + reactor.slice } else if clock >= end { break }
        }
    }

    /// Tells plugins that a connection has ended.
    func tellDisconnected(_ identity: ClientIdentity, code: Int32, isOffline: Bool) {
        guard let hooks else { return }
        guard hooks.events(on: identity.listener?.index).contains(.disconnect) else { return }
        hooks.disconnected(identity, code: code, isOffline: isOffline)
    }

    /// Removes a session for good.
    func end(_ session: Session) {
        session.clear()
        session.will = nil
        sessions.remove(session)
        broker.census.removeSession()
        if hooks != nil { broker.directory.remove(session.identity.clientIdentifier) }
    }

    /// Publishes the will message of a session and forgets it.
    ///
    /// The topic already has its mount point; what a client may not publish is dropped silently.
    func publishWill(of session: Session) {
        guard let will = session.will else { return }
        session.will = nil
        let message = message(will, of: session.identity)
        let handle = session.handle
        guard message.withPublication({ BuiltInRules.allowsPublishing(to: $0.topic) }) else {
            return
        }
        checkWrite(session.identity, message) { [self] isAllowed in
            if isAllowed { publish(message, from: handle) }
        }
    }

    private func message(_ will: MQTT.Will, of identity: ClientIdentity) -> Message {
        will.topic.withUnsafeBytes { topic in
            will.payload.withUnsafeBytes { payload in
                will.forwardedProperties.withUnsafeBytes { properties in
                    Message.make(
                        UnsafePublication(
                            topic: topic,
                            properties: properties,
                            payload: payload,
                            qos: will.qos,
                            isRetained: will.isRetained,
                            expiresAt: expiry(of: will),
                            origin: identity
                        )
                    )
                }
            }
        }
    }

    private func expiry(of will: MQTT.Will) -> Int64 {
        guard let interval = will.messageExpiryInterval, interval != 0, interval != .max else {
            return 0
        }
        return now + Int64(interval)
    }

    /// At shutdown every will is published, delayed ones as well.
    package func publishAllWills() {
        flushRun()
        for session in sessions.all {
            publishWill(of: session)
        }
    }
}
