// SPDX-License-Identifier: Apache-2.0
// From records to bytes.

package import Inflight
import MQTT

extension RecordBuffer {
    /// Writes a record that has no list.
    package mutating func write(_ record: LogRecord) {
        if extend(record) { return }
        closeRecord()
        switch record {
        case .acknowledged(let session, let stretch):
            open = .identifiers(.acknowledged, session, stretch)
        case .released(let session, let stretch):
            open = .identifiers(.released, session, stretch)
        case .completed(let session, let stretch):
            open = .identifiers(.completed, session, stretch)
        case .sent(let sending):
            open = .sent(sending)
        case .dropped(let session, let sequence, let count, let reason):
            open = .dropped(session, sequence: sequence, count: count, reason)
        case .accepted, .delivered, .imageEntries:
            preconditionFailure("a record with a list is written with its list")
        case .clock, .synced, .checkpointCompleted, .cleanShutdown, .retainedSet, .retainedCleared,
            .imageBegan, .imageEnded, .identity:
            writeOther(record)
        default:
            writeSession(record)
        }
    }

    // MARK: Merging

    /// Whether the record continues the open one, which then stands for both.
    private mutating func extend(_ record: LogRecord) -> Bool {
        switch (open, record) {
        case (
            .identifiers(.acknowledged, let session, let before), .acknowledged(let same, let next)
        ):
            session == same && extend(.acknowledged, session, before, next)
        case (.identifiers(.released, let session, let before), .released(let same, let next)):
            session == same && extend(.released, session, before, next)
        case (.identifiers(.completed, let session, let before), .completed(let same, let next)):
            session == same && extend(.completed, session, before, next)
        case (.sent(let before), .sent(let next)):
            extend(before, next)
        case (
            .dropped(let session, let sequence, let count, let reason),
            .dropped(let same, let next, let more, let nextReason)
        ):
            session == same && next == sequence + count && reason == nextReason
                && openDropped(session, sequence, count + more, reason)
        default: false
        }
    }

    private mutating func openDropped(
        _ session: SessionNumber,
        _ sequence: UInt64,
        _ count: UInt64,
        _ reason: LogDropReason
    ) -> Bool {
        open = .dropped(session, sequence: sequence, count: count, reason)
        return true
    }

    private mutating func extend(
        _ tag: LogTag,
        _ session: SessionNumber,
        _ stretch: IdentifierStretch,
        _ next: IdentifierStretch
    ) -> Bool {
        let count = stretch.count + next.count
        guard count <= LogLimits.stretchMax, next.first == stretch[stretch.count] else {
            return false
        }
        open = .identifiers(tag, session, IdentifierStretch(first: stretch.first, count: count))
        return true
    }

    private mutating func extend(_ before: LogSending, _ next: LogSending) -> Bool {
        let count = before.identifiers.count + next.identifiers.count
        guard before.session == next.session, before.qos == next.qos,
            next.sequence == before.sequence + UInt64(before.identifiers.count),
            next.identifiers.first == before.identifiers[before.identifiers.count],
            count <= LogLimits.stretchMax
        else { return false }
        var both = before
        both.identifiers.count = count
        both.lastIdentifier = next.lastIdentifier
        open = .sent(both)
        return true
    }

    /// Writes the record that was kept open.
    mutating func closeRecord() {
        switch open {
        case .nothing: return
        case .identifiers(let tag, let session, let stretch):
            put(tag)
            put(session)
            put(stretch)
        case .sent(let sending):
            put(LogTag.sent)
            put(sending.session)
            put(sending.sequence)
            put(sending.identifiers)
            put(sending.qos)
            put(identifier: sending.lastIdentifier)
        case .dropped(let session, let sequence, let count, let reason):
            put(LogTag.dropped)
            put(session)
            put(sequence)
            put(count)
            put(reason.rawValue)
        case .delivered(let repetitions) where repetitions > 0:
            put(LogTag.deliveredAgain)
            put(UInt8(repetitions))
        case .delivered: break
        }
        open = .nothing
    }

    private mutating func put(_ stretch: IdentifierStretch) {
        put(identifier: stretch.first)
        put(UInt64(stretch.count))
    }

    // MARK: Lists

    /// Writes that a message was accepted, and where it goes.
    package mutating func write(
        accepted message: UnsafeLogMessage,
        to destinations: [LogDestination]
    ) {
        closeRecord()
        put(LogTag.accepted)
        put(message: message.number)
        let isAsBefore = advance(destinations)
        var bits = message.qos & LogMessageBits.qos
        if message.isRetained { bits |= LogMessageBits.isRetained }
        if message.expiresAt != 0 { bits |= LogMessageBits.hasExpiry }
        if message.publisher != 0 { bits |= LogMessageBits.hasPublisher }
        if isAsBefore { bits |= LogMessageBits.isAsBefore }
        put(bits)
        if message.expiresAt != 0 { put(signed: message.expiresAt) }
        if message.publisher != 0 { put(message.publisher) }
        put(message.topic)
        put(message.properties)
        put(message.payload)
        if !isAsBefore { put(list: destinations) }
    }

    /// Writes where a message goes, or has got, that was accepted before.
    package mutating func write(
        delivered message: MessageNumber,
        to destinations: [LogDestination]
    ) {
        let isAsBefore = advance(destinations)
        if case .delivered(let repetitions) = open, isAsBefore, destinations.count == 1,
            repetitions < LogLimits.repetitionsMax, message == Self.following(lastMessage)
        {
            open = .delivered(repetitions: repetitions + 1)
            lastMessage = message
            return
        }
        closeRecord()
        put(LogTag.delivered)
        put(message: message)
        // 0 stands for the list before.
        if isAsBefore { put(0 as UInt64) } else { put(list: destinations, countFrom: 1) }
        if destinations.count == 1 { open = .delivered(repetitions: 0) }
    }

    /// The number of the message its reactor accepts next.
    static func following(_ message: MessageNumber) -> MessageNumber {
        MessageNumbers.following(message, by: 1)
    }

    /// Whether a list is the one before, each destination a number further; remembers it.
    private mutating func advance(_ destinations: [LogDestination]) -> Bool {
        guard !destinations.isEmpty else {
            lastDestinations.removeAll(keepingCapacity: true)
            return false
        }
        var isAsBefore = destinations.count == lastDestinations.count
        var index = 0
        while isAsBefore, index < lastDestinations.count {
            lastDestinations[index].advance()
            isAsBefore = lastDestinations[index] == destinations[index]
            index += 1
        }
        if !isAsBefore {
            lastDestinations.removeAll(keepingCapacity: true)
            for index in destinations.indices { lastDestinations.append(destinations[index]) }
        }
        return isAsBefore
    }

    private mutating func put(list destinations: [LogDestination], countFrom first: UInt64 = 0) {
        put(first + UInt64(destinations.count))
        var lastSession: SessionNumber = 0
        for index in destinations.indices {
            let destination = destinations[index]
            put(signed: Int64(bitPattern: destination.session &- lastSession))
            lastSession = destination.session
            let state: UInt8 =
                switch destination.fate {
                case .pending: 0
                case .queued: 1
                case .sent: 2
                case .dropped: 3
                }
            put(
                form: state,
                destination.qos,
                destination.isRetained,
                destination.subscriptionIdentifier
            )
            switch destination.fate {
            case .pending: break
            case .queued(let sequence): put(sequence)
            case .sent(let sequence, let identifier):
                put(sequence)
                put(identifier: identifier)
            case .dropped(let reason): put(reason.rawValue)
            }
        }
    }

    private mutating func put(
        form state: UInt8,
        _ qos: UInt8,
        _ isRetained: Bool,
        _ subscriptionIdentifier: UInt32
    ) {
        assert(qos <= 2, "QoS is 0 to 2")
        var bits = state << LogFormBits.stateShift | qos & LogFormBits.qos
        if isRetained { bits |= LogFormBits.isRetained }
        if subscriptionIdentifier != 0 { bits |= LogFormBits.hasSubscriptionIdentifier }
        put(bits)
        if subscriptionIdentifier != 0 { put(UInt64(subscriptionIdentifier)) }
    }

    /// Writes messages of the image of a session that has begun.
    package mutating func write(
        imageEntries entries: [LogEntry],
        of session: SessionNumber
    ) {
        closeRecord()
        put(LogTag.imageEntries)
        put(session)
        put(UInt64(entries.count))
        var lastSequence: UInt64 = 0
        for index in entries.indices {
            let entry = entries[index]
            let state: UInt8 =
                switch entry.progress {
                case .pending: 0
                case .queued: 1
                case .published: 2
                case .released: 3
                }
            put(form: state, entry.qos, entry.isRetained, entry.subscriptionIdentifier)
            put(message: entry.message)
            switch entry.progress {
            case .pending: continue
            case .queued: break
            case .published(let identifier), .released(let identifier):
                put(identifier: identifier)
            }
            put(signed: Int64(bitPattern: entry.sequence &- lastSequence))
            lastSequence = entry.sequence
        }
    }
}

extension LogDestination {
    /// Makes it what it is for the next message that goes the same way.
    mutating func advance() {
        switch fate {
        case .pending, .dropped: break
        case .queued(let sequence): fate = .queued(sequence: sequence &+ 1)
        case .sent(let sequence, let identifier):
            fate = .sent(
                sequence: sequence &+ 1,
                identifier: identifier == .max ? 1 : identifier &+ 1
            )
        }
    }
}
