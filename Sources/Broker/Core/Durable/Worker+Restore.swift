// SPDX-License-Identifier: Apache-2.0
// Sessions and retained messages come back to life at the start.

import Config
import Inflight
import Log
import MQTT
import Net
import Topics

/// Three steps, in which all workers have done with one before any begins the next, all before the
/// first client comes: retained messages; sessions, which may have to go on fetching those; time,
/// in which wills are published to whoever is subscribed.
extension Worker {
    /// Puts this worker's share of the retained messages into the store.
    package func restoreRetained(_ state: any StoredState) {
        let step = broker.workers.count
        var restored = DurableFigures.Restored()
        for place in stride(from: index, to: state.retainedCount, by: step) {
            guard let message = state.message(state.retained(at: place)) else { continue }
            message.withPublication { publication in
                let topic = RawSpan(_unsafeBytes: publication.topic)
                let previous = broker.retained.set(topic: topic, value: message.storage)
                counters.retain(message.payloadCount, insteadOf: previous)
            }
            restored.retainedCount += 1
            broker.health.noteRestored(1)
        }
        broker.durable.note(restored)
    }

    /// Brings back the sessions that live on this worker.
    ///
    /// Limits are not asked for: what was there is kept. `clock` is the one that the messages were
    /// made with.
    package func restoreSessions(_ state: any StoredState, clock: WallClock) {
        var restored = DurableFigures.Restored()
        for place in 0..<state.sessionCount
        where broker.home(of: state.clientIdentifier(at: place)) == index {
            let stored = state.session(at: place)
            let session = restore(stored, clock, state.message)
            session.logNumber = state.logNumber(at: place)
            restored.sessionCount += 1
            broker.health.noteRestored(1)
            restored.subscriptionCount += stored.image.subscriptions.count
            restored.deliveryCount += stored.image.outgoing.count
        }
        broker.durable.note(restored)
    }

    /// Lets time go on for restored sessions: publishes wills that are due and ends sessions whose
    /// time is over, or that have ended with the broker.
    ///
    /// The original writes that sessions of bridges end with it, and goes on with them all the same: those
    /// of bridges that are configured wait for these.
    package func resumeTime() {
        let bridges = Set(
            settings.bridges.lazy.filter { !$0.isCleanHere }.map(\.configuration.localClientid)
        )
        for session in sessions.all where session.peer == nil {
            if bridges.contains(session.identity.clientIdentifier) { continue }
            logFormerBridge(of: session)
            if session.isPersistent {
                deadlines.set(session.handle, at: session.deadlines.next)
            } else {
                publishWill(of: session)
                end(session)
            }
        }
    }

    private func restore(
        _ stored: StoredSession,
        _ clock: WallClock,
        _ message: (MessageNumber) -> Message?
    ) -> Session {
        let image = stored.image
        assert(sessions[image.clientIdentifier] == nil, "each client identifier has one session")
        // Which version the client spoke is not kept; sessions of 3.x never end.
        let identity = ClientIdentity(
            stored: image.clientIdentifier,
            userName: image.userName,
            listener: settings.listener(port: stored.listenerPort),
            version: image.expiryInterval == .max ? .v311 : .v5
        )
        let session = Session(
            worker: self,
            handle: sessions.reserve(),
            identity: identity,
            expiryInterval: 0
        )
        _ = broker.census.addSession(limit: 0)
        sessions.insert(session)
        bridges.setName(stored.bridgeName, of: session.handle)
        session.isEstablished = true
        let errors = session.restore(image, message)
        if let first = errors.first {
            let name = image.clientIdentifier
            log.error(
                "Error: \(errors.count) messages of \(name) cannot be restored, the first: \(first)."
            )
        }
        let detachedAt = stored.detachedAt.map(clock.moment) ?? clock.reactorNow
        session.noteDetached(at: detachedAt)
        session.deadlines = deadlines(of: session, detachedAt: detachedAt)
        if hasHooks { broker.directory.set(session) }
        return session
    }
}
