// SPDX-License-Identifier: Apache-2.0
// While the log cannot be written, what would have to be recorded is refused or waits.

import MQTT
import Net
import Persist
import Topics

/// A message is taken whole or refused whole. Clients of 5.0 are told that there is no room; earlier
/// versions have no word for it: what they send is taken, stays unacknowledged until it is safe, and
/// they are read from no further until then.
extension Recorder {
    /// Whether a batch of a client of 5.0 is to be refused: it would have to be recorded.
    func refuses(_ batch: PublishBatch) -> Bool {
        guard hasFailed, batch.qos > 0, batch.purpose == .publish || batch.purpose == .receive,
            batch.origin?.version == .v5
        else { return false }
        if batch.purpose == .receive, let publisher = worker.sessions[batch.publisher],
            isDurable(publisher)
        {
            return true
        }
        return wouldRecord(batch, worker.routes.route(batch.topic))
    }

    private func wouldRecord(_ batch: PublishBatch, _ route: UnsafeRoute) -> Bool {
        if retains(batch) || route.hasGroups && !durableGroups(route).isEmpty { return true }
        collectPending(batch, route)
        return !pending.isEmpty
    }

    /// While the writer is behind, who makes it write more is read from no further, whatever the QoS.
    func holdBack(_ batch: PublishBatch) {
        guard isCongested, batch.isRecorded else { return }
        let sender = batch.sender?.takeUnretainedValue() ?? batch.decidedPeer
        (sender ?? worker.sessions[batch.publisher]?.peer)?.waitForLog()
    }

    /// Whether a login has to wait until the writer has caught up: it would make it write more.
    ///
    /// Who comes back to a session is let in, since of that there is but a line; but not for ever:
    /// clients may come and go as often as they like.
    func holdsBack(_ request: ConnectRequest, isEstablished: Bool) -> Bool {
        guard isCongested, !hasFailed else { return false }
        if request.packet.will != nil || request.isPersistent && !isEstablished { return true }
        return request.isPersistent && log.isOverfull(worker.index)
    }

    /// Whether a subscription, or a new session, could not be recorded.
    func refuses(_ session: Session) -> Bool { hasFailed && isDurable(session) }
}

extension Worker {
    /// Refuses what has been collected: nobody gets it.
    func refuseCollected() {
        counters.drop(.diskFull, batch.count)
        let type: PacketType = batch.purpose == .receive ? .pubrec : .puback
        if let sender = batch.sender {
            sender._withUnsafeGuaranteedRef { $0.refuse(batch, type) }
        } else {
            batch.decidedPeer?.refuse(batch, type)
        }
        batch.reset()
    }
}

extension Worker {
    /// Logins that have waited for the writer go on.
    func resumeLogins() {
        let logins = waitingLogins
        waitingLogins = []
        for login in logins { login() }
    }
}

extension Client {
    /// Logs in when the writer has caught up.
    func waitForLog(_ request: ConnectRequest) {
        let earlier = stage
        stage = .entering
        connection?.pauseReading(noticesHangUp: true)
        connection?.setDeadline(loginDueAt + 1)
        let worker = worker
        worker.waitingLogins.append { [self] in
            guard stage == .entering else { return }
            stage = earlier
            worker.attachInTurn(self, request)
            worker.recheckLate(self, request)
            if stage == .connected { connection?.resumeReading() }
        }
    }
}

extension SessionPeer {
    /// Tells a client of 5.0 that its publications could not be kept.
    ///
    /// At once, before acknowledgements that wait for the disk: it should not have to wait for the
    /// word that it need not wait.
    fileprivate func refuse(_ batch: PublishBatch, _ type: PacketType) {
        for index in 0..<batch.count {
            sendAck(type, batch[index].packetIdentifier, .quotaExceeded)
        }
    }
}
