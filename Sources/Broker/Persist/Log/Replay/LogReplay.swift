// SPDX-License-Identifier: Apache-2.0
// From records to the state they describe.

import Inflight
import MQTT

/// The state that the records of a log describe, read in their order.
///
/// Pure: no file, no clock. The rules are in docs/session-log.md; in short:
///
/// * A message that was accepted for a session is *pending* there until its home says what has become
///   of it; what is still pending at the end goes to the end of the queue.
/// * A session's messages have rising numbers; a number that is not above the last one is known.
/// * An image is built up beside the session, takes part in its changes, and replaces it when whole.
/// * For a retained topic the highest version counts.
/// * What a record is about may be unknown, since older segments are gone: then an image follows.
struct LogReplay {
    /// A message whose home has yet to say what becomes of it.
    private struct Pending {
        let message: UInt32
        let destination: LogDestination
    }

    /// What is known of a session number.
    private struct Slot {
        var session: ReplaySession?
        /// Its image, while that is not whole.
        var image: ReplaySession?
        /// What was taken in since that began.
        var imageTail: ReplaySession?
        /// In their order; those before `pendingHead` are over.
        var pending: [Pending] = []
        var pendingHead = 0
        var isEnded = false
    }

    /// The retained message of a topic, or since when there is none.
    struct Retained {
        var version: UInt64
        var message: UInt32?
    }

    private(set) var messages = MessageTable()
    private var slots: [Slot] = []
    private var slotIndices: [SessionNumber: Int] = [:]
    private var lastSlot: (session: SessionNumber, index: Int)?
    private(set) var retained: [[UInt8]: Retained] = [:]
    /// Retained messages whose content has not come.
    private var unresolved: [Retained] = []
    private(set) var identities: [SessionNumber: LogIdentity] = [:]
    /// The last clock that was noted; seconds since 1970.
    private(set) var clock: Int64 = 0
    private(set) var retainedVersionMax: UInt64 = 0
    private(set) var sessionMax: SessionNumber = 0
    /// Whether the last record says that the broker has ended as it should, and with what file.
    private(set) var shutdown: LogShutdown?
    /// Records that had nothing to be about.
    private(set) var strayCount = 0
    private(set) var recordCount = 0

    // MARK: Records

    /// A segment begins that was made in this second.
    mutating func beginSegment(at second: Int64) {
        if clock == 0 { clock = second }
    }

    /// Takes in a record with its list.
    mutating func apply(_ record: LogRecord, _ reader: borrowing RecordReader) {
        recordCount += 1
        shutdown = nil
        switch record {
        case .accepted(let message):
            let index = messages.define(message)
            for destination in reader.destinations { enter(index, destination, isKnown: false) }
        case .delivered(let message):
            let index = messages.index(of: message)
            for destination in reader.destinations { enter(index, destination, isKnown: true) }
        case .imageEntries(let session):
            let slot = slot(session)
            for entry in reader.entries { insert(entry, slot) }
        case .sent, .acknowledged, .released, .dropped, .received, .completed:
            applyDelivery(record)
        case .identity(let number, let identity):
            identities[number] = identity
            sessionMax = max(sessionMax, number)
        case .retainedSet, .retainedCleared: applyRetained(record)
        case .imageBegan(let head): beginImage(head)
        case .imageEnded(let session): endImage(session)
        case .clock(let second): clock = second
        case .cleanShutdown(let database): shutdown = LogShutdown(database: database)
        case .synced, .checkpointCompleted: break
        default: applyLife(record)
        }
    }

    private mutating func slot(_ session: SessionNumber) -> Int {
        if let lastSlot, lastSlot.session == session { return lastSlot.index }
        sessionMax = max(sessionMax, session)
        let index = slotIndices[session] ?? slots.count
        if index == slots.count {
            slotIndices[session] = index
            slots.append(Slot())
        }
        lastSlot = (session, index)
        return index
    }

    // MARK: Messages

    private mutating func enter(_ message: UInt32, _ destination: LogDestination, isKnown: Bool) {
        let slot = slot(destination.session)
        guard !slots[slot].isEnded else { return }
        let sequence: UInt64
        switch destination.fate {
        case .pending:
            slots[slot].pending.append(Pending(message: message, destination: destination))
            return
        case .dropped:
            if isKnown { removePending(message, slot) }
            return
        case .queued(let number), .sent(let number, _): sequence = number
        }
        if isKnown { removePending(message, slot) }
        slots[slot].session?.append(destination, message, sequence)
        slots[slot].imageTail?.append(destination, message, sequence)
    }

    private mutating func removePending(_ message: UInt32, _ slot: Int) {
        let range = slots[slot].pendingHead..<slots[slot].pending.count
        guard let place = range.first(where: { slots[slot].pending[$0].message == message }) else {
            return
        }
        if place == slots[slot].pendingHead {
            slots[slot].pendingHead += 1
        } else {
            slots[slot].pending.remove(at: place)
        }
        if slots[slot].pendingHead * 2 > slots[slot].pending.count {
            slots[slot].pending.removeFirst(slots[slot].pendingHead)
            slots[slot].pendingHead = 0
        }
    }

    private mutating func insert(_ entry: LogEntry, _ slot: Int) {
        let message = messages.index(of: entry.message)
        guard entry.progress == .pending else {
            if slots[slot].image == nil { strayCount += 1 }
            slots[slot].image?.insert(entry, message)
            return
        }
        // If it was accepted behind the checkpoint's beginning it is known.
        let range = slots[slot].pendingHead..<slots[slot].pending.count
        guard !slots[slot].isEnded,
            !range.contains(where: { slots[slot].pending[$0].message == message })
        else { return }
        let destination = LogDestination(
            session: 0,
            qos: entry.qos,
            isRetained: entry.isRetained,
            subscriptionIdentifier: entry.subscriptionIdentifier,
            fate: .pending
        )
        slots[slot].pending.append(Pending(message: message, destination: destination))
    }

    private mutating func applyDelivery(_ record: LogRecord) {
        switch record {
        case .sent(let sending):
            let found = change(sending.session) { $0.send(sending) }
            noteStray(found, sending.identifiers.count)
        case .acknowledged(let session, let stretch):
            noteStray(change(session) { $0.acknowledge(stretch) }, stretch.count)
        case .released(let session, let stretch):
            noteStray(change(session) { $0.release(stretch) }, stretch.count)
        case .dropped(let session, let sequence, let count, _):
            _ = change(session) { $0.drop(sequence, count: count) }
        case .received(let session, let identifier, let message):
            let index = messages.index(of: message)
            _ = change(session) { session in
                session.receive(identifier, index)
                return 1
            }
        case .completed(let session, let stretch):
            noteStray(change(session) { $0.complete(stretch) }, stretch.count)
        default: assertionFailure("it is about deliveries")
        }
    }

    /// Changes a session and its image; returns what the session says.
    private mutating func change(_ session: SessionNumber, _ body: (ReplaySession) -> Int) -> Int? {
        let slot = slot(session)
        if let image = slots[slot].image { _ = body(image) }
        if let tail = slots[slot].imageTail { _ = body(tail) }
        return slots[slot].session.map(body)
    }

    private mutating func noteStray(_ found: Int?, _ count: Int) {
        if let found, found < count { strayCount += 1 }
    }

    // MARK: Sessions

    private mutating func applyLife(_ record: LogRecord) {
        switch record {
        case .attached(let session, let identity, let expiryInterval, let isNew):
            attach(session, identity, expiryInterval, isNew)
        case .detached(let session, let second): update(session) { $0.detachedAt = second }
        case .expiryChanged(let session, let seconds):
            update(session) { $0.expiryInterval = seconds }
        case .willChanged(let session, let will): update(session) { $0.will = will }
        case .subscribed(let session, let image): update(session) { $0.subscribe(image) }
        case .unsubscribed(let session, let filter, let shareName):
            update(session) { $0.unsubscribe(filter, shareName) }
        case .retainedBegan(let session, let image):
            update(session) { session in
                session.retainedPending.removeAll { $0.filter == image.filter }
                session.retainedPending.append(image)
            }
        case .retainedEnded(let session, let filter):
            update(session) { session in
                session.retainedPending.removeAll { $0.filter == filter }
            }
        case .ended(let session):
            let slot = slot(session)
            slots[slot] = Slot(isEnded: true)
        default: assertionFailure("it is about a session's life")
        }
    }

    private mutating func update(_ session: SessionNumber, _ body: (ReplaySession) -> Void) {
        let slot = slot(session)
        if let image = slots[slot].image { body(image) }
        if let session = slots[slot].session { body(session) }
    }

    private mutating func attach(
        _ session: SessionNumber,
        _ identity: LogIdentity,
        _ expiryInterval: UInt32,
        _ isNew: Bool
    ) {
        let slot = slot(session)
        guard !slots[slot].isEnded else { return }
        identities[session] = identity
        if slots[slot].session == nil, isNew {
            slots[slot].session = ReplaySession(identity: identity, expiryInterval: expiryInterval)
        }
        update(session) { session in
            session.identity = identity
            session.expiryInterval = expiryInterval
            session.detachedAt = nil
        }
    }

    private mutating func beginImage(_ head: LogImageHead) {
        let slot = slot(head.session)
        guard !slots[slot].isEnded else { return }
        identities[head.session] = head.identity
        slots[slot].image = ReplaySession(head)
        slots[slot].imageTail = ReplaySession(head)
    }

    private mutating func endImage(_ session: SessionNumber) {
        let slot = slot(session)
        guard let image = slots[slot].image, let tail = slots[slot].imageTail else {
            strayCount += slots[slot].isEnded ? 0 : 1
            return
        }
        image.absorb(tail)
        slots[slot].session = image
        slots[slot].image = nil
        slots[slot].imageTail = nil
    }

    private mutating func applyRetained(_ record: LogRecord) {
        let topic: [UInt8]
        let next: Retained
        switch record {
        case .retainedSet(let version, let message):
            let index = messages.index(of: message)
            guard let message = messages[index] else {
                // Its content may come yet, with an image.
                unresolved.append(Retained(version: version, message: index))
                return
            }
            topic = Array(message.topic)
            next = Retained(version: version, message: index)
        case .retainedCleared(let version, let bytes):
            topic = Array(bytes)
            next = Retained(version: version, message: nil)
        default: return
        }
        retain(topic, next)
    }

    private mutating func retain(_ topic: [UInt8], _ next: Retained) {
        retainedVersionMax = max(retainedVersionMax, next.version)
        if let known = retained[topic], known.version > next.version { return }
        retained[topic] = next
    }

    /// Retained messages whose content came later than the record that they are.
    private mutating func resolveRetained() {
        for next in unresolved {
            guard let index = next.message, let message = messages[index] else {
                strayCount += 1
                continue
            }
            retain(Array(message.topic), next)
        }
        unresolved = []
    }

    // MARK: The broker starts anew

    /// Does what a broker does that has read everything up to here: a new one goes on from there.
    ///
    /// Images that are not whole are forgotten, what is pending goes to the end of the queue, nobody
    /// is connected, and messages are numbered anew.
    mutating func restart() {
        resolveRetained()
        for slot in slots.indices {
            slots[slot].image = nil
            slots[slot].imageTail = nil
            guard let session = slots[slot].session else { continue }
            for pending in slots[slot].pending[slots[slot].pendingHead...] {
                session.append(pending.destination, pending.message, session.nextSequence)
            }
            slots[slot].pending = []
            slots[slot].pendingHead = 0
            session.renumber()
            if session.detachedAt == nil { session.detachedAt = clock }
        }
    }

    /// The sessions there are, in the order of their numbers.
    var sessions: [(number: SessionNumber, session: ReplaySession)] {
        slotIndices.compactMap { number, slot in slots[slot].session.map { (number, $0) } }
            .sorted { $0.number < $1.number }
    }
}

/// How a broker has ended that has ended as it should.
package struct LogShutdown: Sendable, Equatable {
    /// The file it has written.
    package var database: WrittenDatabase?
}
