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
    private(set) var messages = MessageTable()
    private var slots: [ReplaySlot] = []
    private var slotIndices = IndexTable()
    private var lastSlot: ReplaySlot?
    private(set) var retained = RetainedTable()
    /// Retained messages whose content has not come.
    private var unresolved: [(version: UInt64, message: UInt32)] = []
    private(set) var identities: [SessionNumber: LogIdentity] = [:]
    /// The last clock that was noted; seconds since 1970.
    private(set) var clock: Int64 = 0
    private(set) var sessionMax: SessionNumber = 0
    /// Whether the last record says that the broker has ended as it should, and with what file.
    private(set) var shutdown: LogShutdown?
    /// Records that had nothing to be about.
    private(set) var strayCount = 0
    /// What the first of them was, for whoever has to find out why.
    private(set) var firstStray: String?
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
            enter(index, reader, isKnown: false)
        case .delivered(let message):
            let index = messages.index(of: message)
            enter(index, reader, isKnown: true)
        case .imageEntries(let session):
            let slot = slot(session)
            for entry in reader.entries where !slot.insert(entry, messages.index(of: entry.message))
            {
                noteStray("\(entry) in an image of \(session)")
            }
        case .sent, .acknowledged, .released, .dropped, .received, .completed:
            applyDelivery(record)
        case .identity(let number, let identity):
            note(identity, number)
        case .retainedSet, .retainedCleared: applyRetained(record)
        case .imageBegan(let head): beginImage(head)
        case .imageEnded(let session): endImage(session)
        case .clock(let second): clock = second
        case .cleanShutdown(let database): shutdown = LogShutdown(database: database)
        case .synced, .checkpointCompleted: break
        default: applyLife(record)
        }
    }

    /// Who a publisher is; or, under the number of a session that has begun, which bridge that is of.
    private mutating func note(_ identity: LogIdentity, _ number: SessionNumber) {
        sessionMax = max(sessionMax, number)
        if let index = slotIndices[place(of: number).place] {
            slots[index].update { $0.bridgeName = identity.clientIdentifier }
        } else {
            identities[number] = identity
        }
    }

    /// Where the slot of a session is, or would be.
    private func place(of session: SessionNumber) -> (place: Int, hash: UInt32) {
        // Fibonacci hashing: it is the broker that gives the numbers.
        let hash = UInt32((session &* 0x9E37_79B9_7F4A_7C15) >> 32)
        return (slotIndices.slot(hash) { slots[$0].number == session }, hash)
    }

    private mutating func slot(_ session: SessionNumber) -> ReplaySlot {
        if let lastSlot, lastSlot.number == session { return lastSlot }
        sessionMax = max(sessionMax, session)
        let (place, hash) = place(of: session)
        if let index = slotIndices[place] {
            lastSlot = slots[index]
            return slots[index]
        }
        let slot = ReplaySlot(session)
        slots.append(slot)
        _ = slotIndices.add(place, hash)
        lastSlot = slot
        return slot
    }

    // MARK: Messages

    private mutating func enter(
        _ message: UInt32,
        _ reader: borrowing RecordReader,
        isKnown: Bool
    ) {
        for place in reader.destinations.indices {
            let destination = reader.destinations[place]
            slot(destination.session).enter(message, destination, isKnown: isKnown)
        }
    }

    private mutating func applyDelivery(_ record: LogRecord) {
        switch record {
        case .sent(let sending):
            let found = slot(sending.session).change { $0.send(sending) }
            compare(found, sending.identifiers.count, record)
        case .acknowledged(let session, let stretch):
            compare(slot(session).change { $0.acknowledge(stretch) }, stretch.count, record)
        case .released(let session, let stretch):
            compare(slot(session).change { $0.release(stretch) }, stretch.count, record)
        case .dropped(let session, let sequence, let count, _):
            _ = slot(session).change { $0.drop(sequence, count: count) }
        case .received(let session, let identifier, let message):
            let index = messages.index(of: message)
            _ = slot(session).change { session in
                session.receive(identifier, index)
                return 1
            }
        case .completed(let session, let stretch):
            compare(slot(session).change { $0.complete(stretch) }, stretch.count, record)
        default: assertionFailure("it is about deliveries")
        }
    }

    /// A record is about so many messages, of which so many were found; nil without a session.
    private mutating func compare(_ found: Int?, _ count: Int, _ record: LogRecord) {
        if let found, found < count { noteStray("\(record), found \(found)") }
    }

    private mutating func noteStray(_ what: @autoclosure () -> String, count: Int = 1) {
        guard count > 0 else { return }
        if strayCount == 0 { firstStray = what() }
        strayCount += count
    }

    // MARK: Sessions

    private mutating func applyLife(_ record: LogRecord) {
        switch record {
        case .attached(let session, let identity, let expiryInterval, let isNew):
            attach(session, identity, expiryInterval, isNew)
        case .detached(let session, let second): slot(session).update { $0.detachedAt = second }
        case .expiryChanged(let session, let seconds):
            slot(session).update { $0.expiryInterval = seconds }
        case .willChanged(let session, let will): slot(session).update { $0.will = will }
        case .subscribed(let session, let image): slot(session).update { $0.subscribe(image) }
        case .unsubscribed(let session, let filter, let shareName):
            slot(session).update { $0.unsubscribe(filter, shareName) }
        case .retainedBegan(let session, let image):
            slot(session).update { $0.beginRetained(image) }
        case .retainedEnded(let session, let filter):
            slot(session).update { $0.endRetained(filter) }
        case .ended(let session): slot(session).end()
        default: assertionFailure("it is about a session's life")
        }
    }

    private mutating func attach(
        _ session: SessionNumber,
        _ identity: LogIdentity,
        _ expiryInterval: UInt32,
        _ isNew: Bool
    ) {
        let slot = slot(session)
        guard !slot.isEnded else { return }
        identities[session] = identity
        if isNew { slot.begin(identity, expiryInterval: expiryInterval) }
        slot.update { session in
            session.identity = identity
            session.expiryInterval = expiryInterval
            session.detachedAt = nil
            session.bridgeName = nil
        }
    }

    private mutating func beginImage(_ head: LogImageHead) {
        let slot = slot(head.session)
        guard !slot.isEnded else { return }
        identities[head.session] = head.identity
        slot.beginImage(head)
    }

    private mutating func endImage(_ session: SessionNumber) {
        if !slot(session).endImage() { noteStray("the end of an image of \(session)") }
    }

    private mutating func applyRetained(_ record: LogRecord) {
        switch record {
        case .retainedSet(let version, let message):
            let index = messages.index(of: message)
            if let message = messages[index] {
                retained.set(message.topic, version, index)
            } else {
                // Its content may come yet, with an image.
                unresolved.append((version, index))
            }
        case .retainedCleared(let version, let topic): retained.set(topic, version, nil)
        default: assertionFailure("it is about retained messages")
        }
    }

    /// Retained messages whose content came later than the record that they are.
    ///
    /// It may never come: a QoS 2 message whose content is in a segment that is gone was released
    /// just behind the beginning of the checkpoint, and another one, with a higher version, had taken
    /// its place before the retained messages were imaged.
    private mutating func resolveRetained() {
        for next in unresolved {
            if let message = messages[next.message] {
                retained.set(message.topic, next.version, next.message)
            }
        }
        for next in unresolved
        where messages[next.message] == nil && next.version >= retained.versionMax {
            noteStray("version \(next.version) of a retained message")
        }
        unresolved = []
    }

    // MARK: The broker starts anew

    /// Does what a broker does that has read everything up to here: a new one goes on from there.
    ///
    /// Images that are not whole are forgotten, what is pending goes to the end of the queue, nobody
    /// is connected, and messages are numbered anew. Whoever was connected has left when the broker
    /// ended if it did as it should; else nobody knows whether they had before, and they leave in
    /// this second, in which the next one starts.
    mutating func restart(at second: Int64 = 0) {
        resolveRetained()
        let leftAt = shutdown == nil ? max(clock, second) : clock
        for slot in slots {
            let count = slot.restart(at: leftAt)
            noteStray("a message that is elsewhere in \(slot.number)", count: count)
        }
    }

    /// The next broker has started in this second, and has yet to end.
    mutating func beginIncarnation(at second: Int64) {
        restart(at: second)
        shutdown = nil
    }

    /// The sessions there are, in the order of their numbers.
    var sessions: [(number: SessionNumber, session: ReplaySession)] {
        slots.compactMap { slot in slot.session.map { (slot.number, $0) } }
            .sorted { $0.number < $1.number }
    }
}

/// How a broker has ended that has ended as it should.
package struct LogShutdown: Sendable, Equatable {
    /// The file it has written.
    package var database: WrittenDatabase?
}
