// SPDX-License-Identifier: Apache-2.0
// Answers are held back, and let go.

import Inflight
import MQTT
import Net

extension SessionPeer {
    /// Keeps an answer if it has to wait; false when it may go out now.
    ///
    /// PINGRESP and QoS 0 are no answers: they pass those that wait.
    func hold(_ answer: HeldAnswer) -> Bool {
        guard let ticket = ticket(for: answer) else { return false }
        hold(answer, until: ticket)
        return true
    }

    /// What an answer of this kind has to wait for, see `HeldAnswers`; nil when it may go out now.
    func ticket(for answer: HeldAnswer) -> UInt64? {
        guard let holder = worker.answerHolder, let session else { return nil }
        let ticket = holder.ticket(for: answer, of: session)
        return ticket == 0 && heldAnswers.isEmpty ? nil : ticket
    }

    /// Keeps an answer until then.
    func hold(_ answer: HeldAnswer, until ticket: UInt64) {
        worker.noteHolding(self)
        heldAnswers.hold(answer, until: ticket)
        if let recorder = worker.recorder, recorder.hasFailed || recorder.isCongested {
            waitForLog()
        }
        if let reporter = worker.reporter, reporter.isCongested {
            reporter.noteHoldingBack()
            waitForLog()
        }
    }

    /// Sends what waited for a number that has been reached.
    func releaseAnswers(upTo ticket: UInt64) {
        for answer in heldAnswers.release(upTo: ticket) {
            guard let session, stage != .ended else { return }
            send(answer, session)
        }
    }

    private func send(_ answer: HeldAnswer, _ session: Session) {
        switch answer {
        case .entry: letIn()
        case .acknowledgements(let type, let stretch, let reason):
            sendAcks(type, reason, count: stretch.count) { stretch[$0] }
        case .packet(let bytes, let type): write(bytes, type)
        case .retained(let subscriptions):
            for subscription in subscriptions { session.sendRetained(for: subscription) }
        case .publish(let message, let form, let identifier, let isDuplicate):
            // What was cleared meanwhile is not sent.
            guard session.outgoing.window.isInFlight(identifier), let outlet = session.outlet else {
                return
            }
            let isWritten = message.withPublication { publication in
                outlet.write(
                    publication,
                    of: message,
                    form,
                    packetIdentifier: identifier,
                    isDuplicate: isDuplicate
                )
            }
            if !isWritten { session.finish(identifier: identifier) }
        case .release(let identifier): sendAck(.pubrel, identifier, .success)
        }
    }
}

extension Worker {
    /// Everything that waited for a number up to this one goes out.
    func releaseAnswers(upTo ticket: UInt64) {
        let peers = holdingPeers
        holdingPeers = []
        for peer in peers {
            peer.releaseAnswers(upTo: ticket)
            if peer.heldAnswers.isEmpty || peer.stage == .ended {
                peer.isHolding = false
            } else {
                holdingPeers.append(peer)
            }
        }
    }

    /// An answer to a peer waits.
    ///
    /// However long nothing is let go, those who have left are forgotten: at most as many are listed
    /// as are there, or `holdingCountMin`.
    fileprivate func noteHolding(_ peer: SessionPeer) {
        guard !peer.isHolding else { return }
        peer.isHolding = true
        if holdingPeers.count >= holdingCountMax {
            holdingPeers.removeAll { $0.stage == .ended }
            holdingCountMax = max(Self.holdingCountMin, 2 * holdingPeers.count)
        }
        holdingPeers.append(peer)
    }

    /// So many clients are listed without a look at who has left.
    static let holdingCountMin = 64
}
