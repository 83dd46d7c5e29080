// SPDX-License-Identifier: Apache-2.0
// QoS 2 messages from the client: everything that changes them.

import Inflight

extension Session {
    /// What became of a QoS 2 PUBLISH.
    enum Acceptance {
        /// It is kept until its release.
        case accepted
        /// The same message was there before.
        case repeated
        /// Another message had its identifier, and is forgotten.
        case replaced
        /// The same message for the third time.
        case repeatedTwice
    }

    /// QoS 2 messages that wait for their release.
    var incomingCount: Int { incoming?.count ?? 0 }

    /// Keeps a QoS 2 message until its release (5.0 section 4.3.3).
    func accept(_ message: Message, _ identifier: UInt16) -> Acceptance {
        let incoming = openIncoming()
        let message = worker.sessionListener?.numbered(message) ?? message
        guard let earlier = incoming.message(identifier) else {
            incoming.accept(message, identifier)
            noteReceived(message, identifier)
            return .accepted
        }
        if earlier.isSame(as: message) {
            return incoming.noteRepeated(identifier) ? .repeatedTwice : .repeated
        }
        worker.sessionListener?.session(self, completed: earlier, identifier)
        incoming.replace(identifier, message)
        noteReceived(message, identifier)
        return .replaced
    }

    /// Keeps the QoS 2 messages of a batch.
    ///
    /// Returns false, and keeps nothing, when one of them needs a closer look: its identifier is in
    /// use, or is not behind the one before.
    func accept(_ batch: PublishBatch) -> Bool {
        assert(batch.purpose == .receive, "only QoS 2 messages are kept")
        let isKept = openIncoming()
            .acceptStretch(
                batch.count,
                identifier: { batch[$0].packetIdentifier },
                message: { batch.message($0) }
            )
        guard isKept, let listener = worker.sessionListener else { return isKept }
        for index in 0..<batch.count {
            let identifier = batch[index].packetIdentifier
            listener.session(self, received: batch.message(index), identifier)
        }
        return true
    }

    private func noteReceived(_ message: Message, _ identifier: UInt16) {
        worker.sessionListener?.session(self, received: message, identifier)
    }

    /// What is kept under an identifier; nil when that is not in use.
    func received(_ identifier: UInt16) -> IncomingMessages.Kept? { incoming?.kept(identifier) }

    /// PUBREL: takes a message out.
    func release(_ identifier: UInt16) -> IncomingMessages.Kept? {
        guard let kept = incoming?.release(identifier) else { return nil }
        note(.completed(identifier: identifier))
        return kept
    }

    /// A message that was taken out has been published, or is not wanted: its copies are known before it
    /// is forgotten.
    func noteCompleted(_ message: Message, _ identifier: UInt16) {
        worker.sessionListener?.session(self, completed: message, identifier)
    }

    /// PUBREL: takes this message out; false when it is not there any more.
    func release(_ identifier: UInt16, _ message: Message) -> Bool {
        guard incoming?.message(identifier)?.storage === message.storage else { return false }
        return release(identifier) != nil
    }

    /// PUBREL for the oldest messages, of those that `IncomingMessages.countReleases` has counted:
    /// they are in a batch by now, and the listener learns of them when that is delivered.
    func releaseOldest(_ count: Int) { incoming?.removeOldest(count) }

    /// The released messages of a batch are about to be published.
    func noteReleased(_ batch: PublishBatch) {
        assert(batch.purpose == .release && batch.publisher == handle, "they were received here")
        for index in 0..<batch.count {
            let identifier = batch[index].packetIdentifier
            worker.sessionListener?.session(self, completed: batch.message(index), identifier)
            note(.completed(identifier: identifier))
        }
    }

    /// Forgets QoS 2 messages whose identifiers QoS 1 messages have taken; returns those.
    func forgetReused(_ batch: PublishBatch) -> [UInt16] {
        guard let incoming, !incoming.isEmpty else { return [] }
        var reused: [UInt16] = []
        for index in 0..<batch.count {
            let identifier = batch[index].packetIdentifier
            guard let kept = release(identifier) else { continue }
            noteCompleted(kept.message, identifier)
            reused.append(identifier)
        }
        return reused
    }
}
