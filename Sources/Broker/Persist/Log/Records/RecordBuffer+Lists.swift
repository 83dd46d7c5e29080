// SPDX-License-Identifier: Apache-2.0
// Records that say where messages go.

package import Inflight

extension RecordBuffer {
    /// Writes that a message was accepted, and where it goes.
    package mutating func write(
        accepted message: UnsafeLogMessage,
        to destinations: [LogDestination]
    ) {
        destinations.withUnsafeBufferPointer { write(accepted: message, to: $0) }
    }

    /// Writes that a message was accepted, and where it goes: lent while this is called.
    package mutating func write(
        accepted message: UnsafeLogMessage,
        to destinations: UnsafeBufferPointer<LogDestination>
    ) {
        let isAsBefore = advance(destinations)
        write(accepted: message, isAsBefore: isAsBefore)
        if !isAsBefore { put(list: destinations) }
    }

    /// Writes that a message was accepted, and that it goes where the last one does, which is pending
    /// everywhere.
    ///
    /// `list` is `listNumber` behind the record of that one; false: another list was written since.
    package mutating func write(acceptedAgain message: UnsafeLogMessage, list: UInt64) -> Bool {
        guard list == listNumber, !lastDestinations.isEmpty else { return false }
        assert(
            lastDestinations.all.allSatisfy { $0.fate == .pending },
            "there is nothing to advance"
        )
        write(accepted: message, isAsBefore: true)
        return true
    }

    private mutating func write(accepted message: UnsafeLogMessage, isAsBefore: Bool) {
        closeRecord()
        put(LogTag.accepted)
        put(message: message.number)
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
    }

    /// Writes where a message goes, or has got, that was accepted before.
    package mutating func write(
        delivered message: MessageNumber,
        to destinations: [LogDestination]
    ) {
        destinations.withUnsafeBufferPointer { write(delivered: message, to: $0) }
    }

    /// Writes where a message goes, or has got, that was accepted before: lent while this is called.
    package mutating func write(
        delivered message: MessageNumber,
        to destinations: UnsafeBufferPointer<LogDestination>
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

    /// Writes that messages in a row have got to a destination, each with the numbers behind those of
    /// the one before it.
    package mutating func write(
        delivered first: MessageNumber,
        count: Int = 1,
        to destination: LogDestination
    ) {
        assert(count > 0, "there are messages")
        var rest = count - 1
        let isAsBefore = advance(destination)
        if isAsBefore, case .delivered(let repetitions) = open,
            repetitions < LogLimits.repetitionsMax, first == Self.following(lastMessage)
        {
            open = .delivered(repetitions: repetitions + 1)
            lastMessage = first
        } else {
            closeRecord()
            put(LogTag.delivered)
            put(message: first)
            if isAsBefore {
                put(0 as UInt64)
            } else {
                put(2 as UInt64)
                put(destination, after: 0)
            }
            open = .delivered(repetitions: 0)
        }
        while rest > 0, case .delivered(let repetitions) = open {
            let step = min(rest, LogLimits.repetitionsMax - repetitions)
            if step == 0 {
                closeRecord()
                put(LogTag.delivered)
                put(message: Self.following(lastMessage))
                put(0 as UInt64)
                open = .delivered(repetitions: 0)
            } else {
                open = .delivered(repetitions: repetitions + step)
                lastMessage = MessageNumbers.following(lastMessage, by: step)
            }
            lastDestinations[0].advance(by: max(step, 1))
            rest -= max(step, 1)
        }
    }

    /// The number of the message its reactor accepts next.
    static func following(_ message: MessageNumber) -> MessageNumber {
        MessageNumbers.following(message, by: 1)
    }

    /// Whether a list is the one before, each destination a number further; remembers it.
    private mutating func advance(_ destinations: UnsafeBufferPointer<LogDestination>) -> Bool {
        guard !destinations.isEmpty else {
            forgetList()
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
            forgetList()
            lastDestinations.assign(destinations)
        }
        return isAsBefore
    }

    /// The same for a list of one.
    private mutating func advance(_ destination: LogDestination) -> Bool {
        guard lastDestinations.count == 1 else {
            forgetList()
            lastDestinations.append(destination)
            return false
        }
        lastDestinations[0].advance()
        if lastDestinations[0] == destination { return true }
        replaceList(by: destination)
        return false
    }

    private mutating func put(
        list destinations: UnsafeBufferPointer<LogDestination>,
        countFrom first: UInt64 = 0
    ) {
        put(first + UInt64(destinations.count))
        var lastSession: SessionNumber = 0
        for index in destinations.indices {
            put(destinations[index], after: lastSession)
            lastSession = destinations[index].session
        }
    }

    private mutating func put(_ destination: LogDestination, after session: SessionNumber) {
        put(signed: Int64(bitPattern: destination.session &- session))
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
    /// Makes it what it is for the message so many behind that goes the same way.
    package mutating func advance(by count: Int = 1) {
        assert(count > 0, "messages rise")
        switch fate {
        case .pending, .dropped: break
        case .queued(let sequence): fate = .queued(sequence: sequence &+ UInt64(count))
        case .sent(let sequence, let identifier):
            let stretch = IdentifierStretch(first: identifier)
            fate = .sent(sequence: sequence &+ UInt64(count), identifier: stretch[count])
        }
    }
}
