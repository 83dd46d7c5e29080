// SPDX-License-Identifier: Apache-2.0
// What is known of a session number while a log is read.

import Inflight

/// A session with what is under way around it: its image, and messages its home has not spoken of.
final class ReplaySlot {
    let number: SessionNumber
    private(set) var session: ReplaySession?
    /// Its image, while that is not whole.
    private var image: ReplaySession?
    /// What was taken in since that began.
    private var imageTail: ReplaySession?
    private var pending = PendingMessages()
    private(set) var isEnded = false

    init(_ number: SessionNumber) { self.number = number }

    // MARK: Messages

    /// A message was accepted for the session, or, with `isKnown`, its home says what became of it.
    func enter(_ message: UInt32, _ destination: LogDestination, isKnown: Bool) {
        guard !isEnded else { return }
        let sequence: UInt64
        switch destination.fate {
        case .pending:
            pending.append(message, destination)
            return
        case .dropped:
            if isKnown { pending.remove(message) }
            return
        case .queued(let number), .sent(let number, _): sequence = number
        }
        if isKnown { pending.remove(message) }
        session?.append(destination, message, sequence)
        imageTail?.append(destination, message, sequence)
    }

    /// Takes in a message of the image; false when there is none to take it in.
    func insert(_ entry: LogEntry, _ message: UInt32) -> Bool {
        guard entry.progress == .pending else {
            image?.insert(entry, message)
            return image != nil
        }
        // If it was accepted behind the checkpoint's beginning it is known.
        guard !isEnded, !pending.contains(message) else { return true }
        let destination = LogDestination(
            session: 0,
            qos: entry.qos,
            isRetained: entry.isRetained,
            subscriptionIdentifier: entry.subscriptionIdentifier,
            fate: .pending
        )
        pending.append(message, destination)
        return true
    }

    // MARK: Changes

    /// Changes the windows of session and image; returns what the session says, nil without one.
    func change(_ body: (ReplaySession) -> Int) -> Int? {
        if let image { _ = body(image) }
        if let imageTail { _ = body(imageTail) }
        return session.map(body)
    }

    /// Changes the life of session and image.
    func update(_ body: (ReplaySession) -> Void) {
        if let image { body(image) }
        if let session { body(session) }
    }

    /// The session has begun, if there is none.
    func begin(_ identity: LogIdentity, expiryInterval: UInt32) {
        guard session == nil else { return }
        session = ReplaySession(identity: identity, expiryInterval: expiryInterval)
    }

    /// Forgets everything but that it has ended.
    func end() {
        session = nil
        image = nil
        imageTail = nil
        pending = PendingMessages()
        isEnded = true
    }

    // MARK: The image

    /// An image begins; one that was not whole is forgotten.
    func beginImage(_ head: LogImageHead) {
        image = ReplaySession(head)
        imageTail = ReplaySession(head)
    }

    /// The image is whole and takes the session's place; false when there is none.
    func endImage() -> Bool {
        guard let image, let imageTail else { return isEnded }
        image.absorb(imageTail)
        session = image
        self.image = nil
        self.imageTail = nil
        return true
    }

    // MARK: The broker starts anew

    /// What is pending goes to the end of the queue, and nobody is connected.
    ///
    /// Returns how many messages cannot be where the records say.
    func restart(at clock: Int64) -> Int {
        var strayCount = 0
        if let session {
            for next in pending.all {
                session.append(next.destination, next.message, session.nextSequence)
            }
            strayCount = session.renumber()
            if session.detachedAt == nil { session.detachedAt = clock }
            pending = PendingMessages()
        }
        image = nil
        imageTail = nil
        return strayCount
    }
}
