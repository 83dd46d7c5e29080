// SPDX-License-Identifier: Apache-2.0
// Messages come, go, and are imaged.

import Inflight
import LogTestSupport
import MQTT

@testable import Persist

extension LogScript {
    private mutating func newMessage() -> ModelMessage {
        model.messageCounter += 1
        var message = ModelMessage(
            number: MessageNumbers.make(reactor: reactor, counter: model.messageCounter),
            topic: Array("topic/\(dice.roll(8))".utf8)
        )
        message.properties = dice.isOne(in: 3) ? dice.bytes(atMost: 10) : []
        let isLong = dice.isOne(in: 20)
        message.payload = dice.bytes(atMost: isLong ? payloadMax * 25 : payloadMax)
        message.qos = UInt8(1 + dice.roll(2))
        message.isRetained = dice.isOne(in: 4)
        message.expiresAt = dice.isOne(in: 4) ? Int64(dice.roll(1 << 31)) : 0
        message.publisher = UInt64(dice.roll(30))
        model.messages[message.number] = message
        checkpoint?.recorded.insert(message.number)
        return message
    }

    /// A message that is named must be in the log from the checkpoint's beginning on.
    private mutating func recordContent(_ number: MessageNumber, _ buffer: inout RecordBuffer) {
        guard checkpoint?.recorded.insert(number).inserted == true else { return }
        guard let message = model.messages[number] else { return }
        message.lend { buffer.write(accepted: $0, to: []) }
    }

    mutating func publish(_ buffer: inout RecordBuffer) {
        let message = newMessage()
        let destinations = route(message.number)
        message.lend { buffer.write(accepted: $0, to: destinations) }
        retain(message)
        guard message.isRetained else { return }
        buffer.write(.retainedSet(version: model.version, message.number))
    }

    private mutating func retain(_ message: ModelMessage) {
        guard message.isRetained else { return }
        model.version += 1
        model.retained[message.topic] = (model.version, message.number)
    }

    private mutating func route(_ message: MessageNumber) -> [LogDestination] {
        var destinations: [LogDestination] = []
        for number in model.sessions.keys.sorted() where dice.isOne(in: 3) {
            var destination = LogDestination(
                session: number,
                qos: UInt8(dice.roll(3)),
                isRetained: dice.isOne(in: 5),
                subscriptionIdentifier: dice.isOne(in: 3) ? UInt32(dice.roll(1000)) : 0,
                fate: .pending
            )
            if home(number) == reactor {
                destination = decide(destination)
                settle(message, destination)
            } else if model.sessions[number]?.pending.count ?? 0 > 12 {
                continue
            } else {
                model.sessions[number]?.pending.append((message, destination))
                mail[home(number), default: []].append(.delivery(message, destination))
            }
            destinations.append(destination)
        }
        return destinations
    }

    /// What a session's home does with a message.
    private mutating func decide(_ destination: LogDestination) -> LogDestination {
        guard let session = model.sessions[destination.session] else { return destination }
        var decided = destination
        // Places of messages that are not recorded leave gaps.
        let sequence = session.nextSequence + UInt64(dice.isOne(in: 10) ? dice.roll(3) : 0)
        let isWaiting = session.queue.contains { $0.progress == .queued }
        if dice.isOne(in: 8) || session.queue.count > 12 {
            decided.fate = .dropped(dice.pick(LogDropReason.allCases))
        } else if !isWaiting, destination.qos > 0, dice.isOne(in: 2) {
            decided.fate = .sent(sequence: sequence, identifier: freeIdentifier(session))
        } else {
            decided.fate = .queued(sequence: sequence)
        }
        return decided
    }

    private func freeIdentifier(_ session: ModelSession) -> UInt16 {
        var identifier = session.lastIdentifier
        repeat {
            identifier = identifier == 65_535 ? 1 : identifier + 1
        } while session.queue.contains { $0.identifier == identifier }
        return identifier
    }

    private mutating func settle(_ message: MessageNumber, _ destination: LogDestination) {
        switch destination.fate {
        case .pending, .dropped: break
        case .queued, .sent: model.sessions[destination.session]?.enter(message, destination)
        }
    }

    mutating func readMail(_ buffer: inout RecordBuffer) {
        var left = mail[reactor] ?? []
        var count = dice.roll(left.count + 1)
        while count > 0 {
            count -= 1
            switch left.removeFirst() {
            case .marker: checkpoint?.markerCounts[reactor, default: 0] += 1
            case .delivery(let message, let destination):
                let number = destination.session
                guard
                    let place = model.sessions[number]?.pending.firstIndex(where: {
                        $0.message == message
                    })
                else { continue }
                model.sessions[number]?.pending.remove(at: place)
                let decided = decide(destination)
                settle(message, decided)
                buffer.write(delivered: message, to: [decided])
            }
        }
        mail[reactor] = left
    }

    // MARK: Windows

    mutating func send(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        for _ in 0...dice.roll(4) {
            guard var session = model.sessions[number],
                let place = session.queue.firstIndex(where: { $0.progress == .queued })
            else { return }
            let entry = session.queue[place]
            guard entry.qos > 0 else {
                session.queue.remove(at: place)
                model.sessions[number] = session
                buffer.write(.dropped(number, sequence: entry.sequence, count: 1, .sentOnce))
                continue
            }
            let identifier = freeIdentifier(session)
            session.lastIdentifier = identifier
            session.queue[place].progress = .published(identifier: identifier)
            model.sessions[number] = session
            let sending = LogSending(
                session: number,
                sequence: entry.sequence,
                identifiers: IdentifierStretch(first: identifier),
                qos: entry.qos,
                lastIdentifier: identifier
            )
            buffer.write(.sent(sending))
        }
    }

    mutating func acknowledge(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        for _ in 0...dice.roll(4) {
            let sent = model.sessions[number]?.queue.filter { $0.identifier != nil } ?? []
            guard let first = sent.first else { return }
            let entry = dice.isOne(in: 4) ? dice.pick(sent) : first
            model.sessions[number]?.queue.removeAll { $0.sequence == entry.sequence }
            guard let identifier = entry.identifier else { return }
            buffer.write(.acknowledged(number, IdentifierStretch(first: identifier)))
        }
    }

    mutating func release(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        for place in model.sessions[number]?.queue.indices ?? 0..<0 where dice.isOne(in: 2) {
            guard let entry = model.sessions[number]?.queue[place], entry.qos == 2,
                case .published(let identifier) = entry.progress
            else { continue }
            model.sessions[number]?.queue[place].progress = .released(identifier: identifier)
            buffer.write(.released(number, IdentifierStretch(first: identifier)))
        }
    }

    mutating func drop(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        for entry in model.sessions[number]?.queue ?? [] where dice.isOne(in: 4) {
            guard entry.progress == .queued else { continue }
            model.sessions[number]?.queue.removeAll { $0.sequence == entry.sequence }
            buffer.write(.dropped(number, sequence: entry.sequence, count: 1, .expired))
        }
    }

    mutating func receive(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        let identifier = UInt16(1 + dice.roll(20))
        let message = newMessage()
        message.lend { buffer.write(accepted: $0, to: []) }
        let image = IncomingImage(identifier: identifier, message: message.number)
        let known = model.sessions[number]?.incoming.firstIndex { $0.identifier == identifier }
        if let known {
            model.sessions[number]?.incoming[known] = image
        } else {
            model.sessions[number]?.incoming.append(image)
        }
        buffer.write(.received(number, identifier: identifier, message.number))
    }

    mutating func complete(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        guard let first = model.sessions[number]?.incoming.first,
            let message = model.messages[first.message]
        else { return }
        model.sessions[number]?.incoming.removeFirst()
        buffer.write(.completed(number, IdentifierStretch(first: first.identifier)))
        recordContent(first.message, &buffer)
        buffer.write(delivered: first.message, to: route(first.message))
        retain(message)
        guard message.isRetained else { return }
        buffer.write(.retainedSet(version: model.version, first.message))
    }

    // MARK: Checkpoints

    /// A slice of the checkpoint under way; returns its number when it is whole.
    mutating func image(_ buffer: inout RecordBuffer) -> UInt64? {
        guard let begun = checkpoint else { return nil }
        if checkpoint?.marked.insert(reactor).inserted == true {
            for other in 0..<UInt8(reactorCount) where other != reactor {
                mail[other, default: []].append(.marker)
            }
        }
        guard begun.markerCounts[reactor, default: 0] == reactorCount - 1,
            !begun.done.contains(reactor)
        else { return nil }
        if begun.sessionsLeft[reactor] == nil {
            let own = own
            checkpoint?.sessionsLeft[reactor] = own
        }
        for _ in 0...dice.roll(4) where !imageSlice(&buffer) {
            guard reactor != 0 || imageRetained(&buffer) else { break }
            checkpoint?.done.insert(reactor)
            break
        }
        guard let checkpoint, checkpoint.done.count == reactorCount else { return nil }
        self.checkpoint = nil
        return checkpoint.number
    }

    private var own: [SessionNumber] { model.sessions.keys.sorted().filter { home($0) == reactor } }

    /// A piece of a session; false when there is none left.
    private mutating func imageSlice(_ buffer: inout RecordBuffer) -> Bool {
        if let open = checkpoint?.open[reactor] {
            imageEntries(open, &buffer)
            return true
        }
        guard let next = checkpoint?.sessionsLeft[reactor]?.popLast() else { return false }
        guard let session = model.sessions[next] else { return true }
        let head = LogImageHead(
            session: next,
            identity: session.identity,
            expiryInterval: session.expiryInterval,
            detachedAt: session.detachedAt,
            nextSequence: session.nextSequence,
            lastIdentifier: session.lastIdentifier
        )
        buffer.write(.imageBegan(head))
        if let will = session.will { buffer.write(.willChanged(next, will)) }
        for image in session.subscriptions { buffer.write(.subscribed(next, image)) }
        for image in session.retainedPending { buffer.write(.retainedBegan(next, image)) }
        for received in session.incoming {
            recordContent(received.message, &buffer)
            buffer.write(.received(next, identifier: received.identifier, received.message))
        }
        checkpoint?.open[reactor] = (next, 0, session.nextSequence)
        return true
    }

    private mutating func imageEntries(
        _ open: (session: SessionNumber, from: UInt64, to: UInt64),
        _ buffer: inout RecordBuffer
    ) {
        guard let session = model.sessions[open.session] else {
            checkpoint?.open[reactor] = nil
            return
        }
        let left = session.queue.filter { $0.sequence >= open.from && $0.sequence < open.to }
        let slice = Array(left.prefix(1 + dice.roll(3)))
        for entry in slice { recordContent(entry.message, &buffer) }
        if !slice.isEmpty { buffer.write(imageEntries: slice, of: open.session) }
        if slice.count == left.count {
            buffer.write(.imageEnded(open.session))
            checkpoint?.open[reactor] = nil
        } else if let last = slice.last {
            checkpoint?.open[reactor]?.from = last.sequence + 1
        }
    }

    /// A piece of the retained store; true when it is over.
    private mutating func imageRetained(_ buffer: inout RecordBuffer) -> Bool {
        if checkpoint?.topicsLeft == nil {
            let topics = model.retained.keys.sorted { "\($0)" < "\($1)" }
            checkpoint?.topicsLeft = topics
        }
        for _ in 0...dice.roll(3) {
            guard let topic = checkpoint?.topicsLeft?.popLast() else { return true }
            guard let retained = model.retained[topic] else { continue }
            recordContent(retained.message, &buffer)
            buffer.write(.retainedSet(version: retained.version, retained.message))
        }
        return false
    }
}

extension LogEntry {
    var identifier: UInt16? {
        switch progress {
        case .pending, .queued: nil
        case .published(let identifier), .released(let identifier): identifier
        }
    }
}
