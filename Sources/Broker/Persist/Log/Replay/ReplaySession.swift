// SPDX-License-Identifier: Apache-2.0
// A session while a log is read.

import Inflight
import MQTT

/// What the records say of one session so far.
final class ReplaySession {
    /// A message that was taken in.
    struct Entry {
        let sequence: UInt64
        /// Its index in the table.
        let message: UInt32
        let subscriptionIdentifier: UInt32
        /// 0: never sent.
        var identifier: UInt16
        var qos: UInt8
        let isRetained: Bool
        var isReleased = false
        var isOver = false
    }

    private struct SubscriptionKey: Hashable {
        let filter: [UInt8]
        let shareName: [UInt8]?
    }

    /// Entries that are looked at before a table is asked.
    private static let nearCount = 64

    var identity: LogIdentity
    var expiryInterval: UInt32
    /// Second in which its client left; nil while that is there.
    var detachedAt: Int64?
    var will: Will?
    /// The name of the bridge it is of; nil for a client's.
    var bridgeName: String?
    private var subscriptions: [SubscriptionKey: SubscriptionImage] = [:]
    /// Whose retained messages are owed, by filter, with the order in which they came.
    private var retainedQueue: [[UInt8]: (order: Int, image: SubscriptionImage)] = [:]
    private var retainedQueueCount = 0
    /// QoS 2 messages from the client by identifier, with the order in which they came.
    private var incoming: [UInt16: (order: Int, message: UInt32)] = [:]
    private var incomingCount = 0
    private(set) var lastIdentifier: UInt16 = 0
    /// The lowest number a message may have that comes next.
    private(set) var nextSequence: UInt64 = 0

    /// Ascending in `sequence`; those before `head` are over.
    private var entries: [Entry] = []
    private var head = 0
    private var overCount = 0
    /// Where the last identifier was found.
    private var hint = 0
    /// Where identifiers are, once looking for one has taken long.
    private var places: IdentifierPlaces?
    /// Entries that were looked at in search of an identifier.
    private(set) var searchedCount = 0

    init(identity: LogIdentity, expiryInterval: UInt32) {
        self.identity = identity
        self.expiryInterval = expiryInterval
    }

    /// Begins an image.
    init(_ image: LogImageHead) {
        identity = image.identity
        expiryInterval = image.expiryInterval
        detachedAt = image.detachedAt
        nextSequence = image.nextSequence
        lastIdentifier = image.lastIdentifier
    }

    // MARK: The queue

    /// Takes a message in behind all others; one whose number was used already is in it, or was.
    func append(_ destination: LogDestination, _ message: UInt32, _ sequence: UInt64) {
        guard sequence >= nextSequence, sequence < .max else { return }
        nextSequence = sequence + 1
        var identifier: UInt16 = 0
        if destination.qos > 0 { lastIdentifier = PacketNumbers.next(lastIdentifier) }
        if case .sent(_, let given) = destination.fate {
            identifier = given
            lastIdentifier = given
            places?.note(given, at: entries.count)
        }
        entries.append(
            Entry(
                sequence: sequence,
                message: message,
                subscriptionIdentifier: destination.subscriptionIdentifier,
                identifier: identifier,
                qos: destination.qos,
                isRetained: destination.isRetained
            )
        )
    }

    /// Takes in a message of an image, wherever its place is.
    func insert(_ entry: LogEntry, _ message: UInt32) {
        var identifier: UInt16 = 0
        var isReleased = false
        switch entry.progress {
        case .pending: return
        case .queued: break
        case .published(let given): identifier = given
        case .released(let given):
            identifier = given
            isReleased = true
        }
        let place = place(of: entry.sequence)
        if place < entries.count, entries[place].sequence == entry.sequence { return }
        if place < entries.count {
            // Others move.
            places = nil
        } else {
            places?.note(identifier, at: place)
        }
        entries.insert(
            Entry(
                sequence: entry.sequence,
                message: message,
                subscriptionIdentifier: entry.subscriptionIdentifier,
                identifier: identifier,
                qos: entry.qos,
                isRetained: entry.isRetained,
                isReleased: isReleased
            ),
            at: place
        )
        if entry.sequence >= nextSequence, entry.sequence < .max {
            nextSequence = entry.sequence + 1
        }
    }

    /// The place of the first entry from a sequence number on.
    private func place(of sequence: UInt64) -> Int {
        guard let last = entries.last, last.sequence >= sequence else { return entries.count }
        guard let first = entries[head...].first, first.sequence < sequence else { return head }
        // Without gaps it is where it has to be.
        let guess = head + Int(min(sequence - first.sequence, UInt64(entries.count)))
        if guess < entries.count, entries[guess].sequence == sequence { return guess }
        var low = head
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Messages that waited have gone out; returns how many of them there were.
    func send(_ sending: LogSending) -> Int {
        var found = 0
        var place = place(of: sending.sequence)
        let end = sending.sequence.addingReportingOverflow(UInt64(sending.identifiers.count))
        while place < entries.count, end.overflow || entries[place].sequence < end.partialValue {
            let index = Int(entries[place].sequence - sending.sequence)
            if !entries[place].isOver, entries[place].identifier == 0 {
                entries[place].identifier = sending.identifiers[index]
                places?.note(sending.identifiers[index], at: place)
                entries[place].qos = sending.qos
                found += 1
            }
            place += 1
        }
        lastIdentifier = sending.lastIdentifier
        return found
    }

    /// Messages that waited are over; returns how many of them there were.
    func drop(_ sequence: UInt64, count: UInt64) -> Int {
        var found = 0
        var place = place(of: sequence)
        let end = sequence.addingReportingOverflow(count)
        while place < entries.count, end.overflow || entries[place].sequence < end.partialValue {
            if !entries[place].isOver {
                entries[place].isOver = true
                overCount += 1
                found += 1
            }
            place += 1
        }
        forgetOver()
        return found
    }

    /// Messages that were sent are over; returns how many of them there were.
    func acknowledge(_ stretch: IdentifierStretch) -> Int {
        var found = 0
        for index in 0..<stretch.count {
            guard let place = find(stretch[index]) else {
                // Many identifiers for nothing cost nothing.
                if !hasSent() { break }
                continue
            }
            entries[place].isOver = true
            overCount += 1
            found += 1
        }
        forgetOver()
        return found
    }

    /// PUBREC has come; returns for how many.
    func release(_ stretch: IdentifierStretch) -> Int {
        var found = 0
        for index in 0..<stretch.count {
            guard let place = find(stretch[index]) else {
                if !hasSent() { break }
                continue
            }
            entries[place].isReleased = true
            found += 1
        }
        return found
    }

    /// Whether anything that was sent can be left: what was sent comes before what was not.
    private func hasSent() -> Bool {
        skipOver()
        return head < entries.count && entries[head].identifier != 0
    }

    private func skipOver() {
        while head < entries.count, entries[head].isOver {
            head += 1
            overCount -= 1
        }
    }

    /// The message with an identifier.
    ///
    /// Mostly they come in order: the next ones from where the last one was are looked at first.
    private func find(_ identifier: UInt16) -> Int? {
        let start = min(max(hint, head), entries.count)
        let near = start..<min(start + Self.nearCount, entries.count)
        guard let place = search(near, identifier) ?? look(up: identifier) else { return nil }
        hint = place
        return place
    }

    private func search(_ range: Range<Int>, _ identifier: UInt16) -> Int? {
        for place in range {
            searchedCount += 1
            if entries[place].isOver { continue }
            if entries[place].identifier == identifier { return place }
            if entries[place].identifier == 0 { return nil }
        }
        return nil
    }

    private func look(up identifier: UInt16) -> Int? {
        if places == nil {
            var found = IdentifierPlaces()
            for place in head..<entries.count where !entries[place].isOver {
                found.note(entries[place].identifier, at: place)
            }
            searchedCount += entries.count - head
            places = found
        }
        guard let place = places?[identifier], place >= head, !entries[place].isOver,
            entries[place].identifier == identifier
        else { return nil }
        return place
    }

    /// Gives entries back that are over, when they are the first ones, or most.
    private func forgetOver() {
        skipOver()
        guard head + overCount > 64, (head + overCount) * 2 > entries.count else { return }
        var place = head
        var kept: [Entry] = []
        kept.reserveCapacity(entries.count - head - overCount)
        while place < entries.count {
            if !entries[place].isOver { kept.append(entries[place]) }
            place += 1
        }
        entries = kept
        places = nil
        head = 0
        overCount = 0
        hint = 0
    }

    /// What is not over: sent ones first, each in order.
    var outgoing: [Entry] {
        let live = entries[head...].filter { !$0.isOver }
        return live.filter { $0.identifier != 0 } + live.filter { $0.identifier == 0 }
    }

    /// How many are not over.
    var outgoingCount: Int { entries.count - head - overCount }

    // MARK: What comes from the client

    /// A QoS 2 message was received.
    func receive(_ identifier: UInt16, _ message: UInt32) {
        let order = incoming[identifier]?.order ?? incomingCount
        incoming[identifier] = (order, message)
        incomingCount += 1
    }

    /// QoS 2 messages were released; returns how many of them there were.
    func complete(_ stretch: IdentifierStretch) -> Int {
        var found = 0
        for index in 0..<stretch.count {
            if incoming.isEmpty { break }
            if incoming.removeValue(forKey: stretch[index]) != nil { found += 1 }
        }
        return found
    }

    /// In the order in which they came.
    var received: [(identifier: UInt16, message: UInt32)] {
        incoming.sorted { $0.value.order < $1.value.order }.map { ($0.key, $0.value.message) }
    }

    // MARK: Subscriptions

    /// A subscription was made, or replaced.
    func subscribe(_ image: SubscriptionImage) {
        let key = SubscriptionKey(filter: image.filter, shareName: image.shareName)
        subscriptions[key] = image
    }

    /// A subscription ended.
    func unsubscribe(_ filter: [UInt8], _ shareName: [UInt8]?) {
        subscriptions[SubscriptionKey(filter: filter, shareName: shareName)] = nil
    }

    /// Retained messages of a subscription are yet to be fetched, after those of others.
    func beginRetained(_ image: SubscriptionImage) {
        retainedQueue[image.filter] = (retainedQueueCount, image)
        retainedQueueCount += 1
    }

    /// All of them were.
    func endRetained(_ filter: [UInt8]) { retainedQueue[filter] = nil }

    /// Subscriptions whose retained messages are yet to be fetched, in their order.
    var retainedPending: [SubscriptionImage] {
        retainedQueue.values.sorted { $0.order < $1.order }.map(\.image)
    }

    /// In no order.
    var allSubscriptions: [SubscriptionImage] { Array(subscriptions.values) }

    /// Takes over, behind its own, the messages of one that has collected what came later.
    func absorb(_ later: ReplaySession) {
        for entry in later.entries[later.head...] where !entry.isOver {
            guard place(of: entry.sequence) == entries.count else { continue }
            places?.note(entry.identifier, at: entries.count)
            entries.append(entry)
        }
        nextSequence = max(nextSequence, later.nextSequence)
        lastIdentifier = later.lastIdentifier
    }

    // MARK: The broker starts anew

    /// Gives what is left the numbers 0, 1 and so on.
    ///
    /// So a session that was brought back goes on with its own numbers, without gaps. Of messages with
    /// one identifier only the last one can be under way; returns how many others there were.
    func renumber() -> Int {
        let found = outgoing
        let kept = Self.withoutRepetitions(found)
        entries = kept.enumerated().map { index, entry in
            Entry(
                sequence: UInt64(index),
                message: entry.message,
                subscriptionIdentifier: entry.subscriptionIdentifier,
                identifier: entry.identifier,
                qos: entry.qos,
                isRetained: entry.isRetained,
                isReleased: entry.isReleased
            )
        }
        nextSequence = UInt64(entries.count)
        places = nil
        head = 0
        overCount = 0
        hint = 0
        return found.count - kept.count
    }

    private static func withoutRepetitions(_ entries: [Entry]) -> [Entry] {
        var seen: Set<UInt16> = []
        let sent = entries.prefix { $0.identifier != 0 }
        let kept = sent.reversed().filter { seen.insert($0.identifier).inserted }
        return kept.count == sent.count
            ? entries : kept.reversed() + entries[sent.count...]
    }
}

/// Arithmetic of packet identifiers, which run 1, 2 … 65535, 1 … [MQTT-2.2.1-4].
enum PacketNumbers {
    /// The one behind another.
    static func next(_ identifier: UInt16) -> UInt16 { identifier == .max ? 1 : identifier + 1 }
}
