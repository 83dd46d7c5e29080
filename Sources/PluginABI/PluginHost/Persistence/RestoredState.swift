// SPDX-License-Identifier: Apache-2.0
// What persistence plugins give back at the start.

import Config
import Core
import Glibc
import Inflight
import MQTT
import Persist

/// Sessions and messages that plugins give back, on their way to becoming sessions and messages.
///
/// Filled during `PERSIST_RESTORE`, on one thread; nothing is written after `finish`. `@unchecked Sendable` for that reason.
final class RestoredState: StoredState, @unchecked Sendable {
    /// A session with what only plugins tell of it.
    struct RestoredSession {
        var stored: StoredSession
        /// Second since 1970 at which its will is due; 0: none was set.
        var willDelayTime: Int64
        var willDelayInterval: UInt32
        var expiryTime: Int64
        /// The greatest number of an entry.
        var lastEntry: UInt32 = 0
        var hasWill = false
    }

    let restorer: MessageRestorer
    private let configuration: Configuration
    private(set) var messages: [MessageNumber: Message] = [:]
    /// How many deliveries and topics refer to each message.
    private var references: [MessageNumber: Int] = [:]
    private var retainedByTopic: [ExactText: MessageNumber] = [:]
    private var sessions: [RestoredSession?] = []
    private var places: [ExactText: Int] = [:]
    /// What plugins have published meanwhile: sessions that are yet to come get it too.
    var publications: [() -> Void] = []
    /// In the end: sessions, and what is retained.
    private var restored: [RestoredSession] = []
    private(set) var retainedNumbers: [MessageNumber] = []
    /// Whose will is over: it has no delay, and its client has left.
    private(set) var endedWills: [String] = []
    /// Retained messages whose time is over.
    private(set) var expired: [MessageNumber] = []

    init(_ broker: Broker) {
        restorer = MessageRestorer(broker)
        configuration = broker.settings.configuration
    }

    // MARK: Messages

    func has(_ number: MessageNumber) -> Bool { messages[number] != nil }

    func add(_ message: Message, _ number: MessageNumber) { messages[number] = message }

    /// Removes a message that nothing refers to.
    func removeMessage(_ number: MessageNumber) {
        if references[number, default: 0] == 0 { messages[number] = nil }
    }

    /// Messages that nothing refers to, in order.
    var unreferenced: [MessageNumber] {
        messages.keys.filter { references[$0, default: 0] == 0 }.sorted()
    }

    /// The greatest number that was given back with a node's bits.
    func lastNumber(node: UInt16) -> MessageNumber {
        messages.keys.filter { $0 >> 54 == UInt64(node) }.max() ?? 0
    }

    /// How often each message is referred to.
    var referenceCounts: [MessageNumber: Int] { references.filter { $0.value > 0 } }

    func setRetained(_ topic: String, _ number: MessageNumber) {
        let previous = retainedByTopic.updateValue(number, forKey: ExactText(topic))
        references[number, default: 0] += 1
        if let previous { references[previous, default: 0] -= 1 }
    }

    func removeRetained(_ topic: String) {
        guard let number = retainedByTopic.removeValue(forKey: ExactText(topic)) else { return }
        references[number, default: 0] -= 1
    }

    // MARK: Sessions

    func session(_ name: String) -> RestoredSession? {
        places[ExactText(name)].flatMap { sessions[$0] }
    }

    func add(_ session: RestoredSession) {
        places[ExactText(session.stored.image.clientIdentifier)] = sessions.count
        sessions.append(session)
    }

    /// Changes a session that is there.
    func change(_ name: String, _ body: (inout RestoredSession) -> Void) {
        guard let place = places[ExactText(name)], var session = sessions[place] else { return }
        sessions[place] = nil
        body(&session)
        sessions[place] = session
    }

    func removeSession(_ name: String) {
        guard let place = places.removeValue(forKey: ExactText(name)),
            let session = sessions[place]
        else { return }
        for delivery in session.stored.image.outgoing { release(delivery.message) }
        for delivery in session.stored.image.incoming { release(delivery.message) }
        sessions[place] = nil
    }

    /// A delivery or topic refers to a message.
    func refer(to number: MessageNumber) { references[number, default: 0] += 1 }

    /// One that did is gone.
    func release(_ number: MessageNumber) { references[number, default: 0] -= 1 }

    // MARK: The end

    /// Everything was given back: puts it in the order in which it is brought back to life.
    func finish() {
        for session in sessions {
            guard var session else { continue }
            let image = session.stored.image
            _ = session.stored.image.arrangeDeliveries()
            releaseMissing(image, session.stored.image)
            session.stored.detachedAt = detachedAt(session)
            // Who is there no more has had it published by the plugin that gave it back.
            if session.stored.image.will?.delayInterval == 0 {
                session.stored.image.will = nil
                session.hasWill = false
                endedWills.append(session.stored.image.clientIdentifier)
            }
            restored.append(session)
        }
        sessions = []
        let now = restorer.clock.now
        for number in retainedByTopic.values.sorted() {
            guard let message = messages[number] else { continue }
            let end = restorer.clock.storedExpiry(message.expiresAt)
            if end != 0, end < now {
                expired.append(number)
                release(number)
            } else {
                retainedNumbers.append(number)
            }
        }
    }

    private func releaseMissing(_ before: SessionImage, _ after: SessionImage) {
        guard
            before.outgoing.count != after.outgoing.count
                || before.incoming.count != after.incoming.count
        else { return }
        for delivery in before.outgoing { release(delivery.message) }
        for delivery in before.incoming { release(delivery.message) }
        for delivery in after.outgoing { refer(to: delivery.message) }
        for delivery in after.incoming { refer(to: delivery.message) }
    }

    /// When a session's client left; nil while it is connected.
    private func detachedAt(_ session: RestoredSession) -> Int64? {
        let interval = session.stored.image.expiryInterval
        let lifetime = configuration.lifetime(expiryInterval: interval)
        if session.expiryTime != 0, lifetime != .max {
            return session.expiryTime &- Int64(lifetime)
        }
        if session.willDelayTime != 0 {
            return session.willDelayTime &- Int64(session.willDelayInterval)
        }
        return nil
    }

    // MARK: StoredState

    var sessionCount: Int { restored.count }
    var retainedCount: Int { retainedNumbers.count }

    func clientIdentifier(at place: Int) -> String {
        restored[place].stored.image.clientIdentifier
    }

    func session(at place: Int) -> StoredSession { restored[place].stored }

    func message(_ number: MessageNumber) -> Message? { messages[number] }

    func retained(at place: Int) -> MessageNumber { retainedNumbers[place] }

    func logNumber(at place: Int) -> SessionNumber {
        KeptMark(lastEntry: restored[place].lastEntry, hasWill: restored[place].hasWill).rawValue
    }
}
