// SPDX-License-Identifier: Apache-2.0
// From bytes to records.

import Inflight

/// Bytes that mean nothing as records.
struct MalformedRecord: Error, Equatable {}

/// Reads the records of one frame.
///
/// Any bytes may come: every length is checked, and few bytes never stand for more than a bounded
/// number of records. Nothing is copied but strings and filters; bytes in records stay in the frame.
/// The lists beside a record stand in `destinations` and `entries` until the next one is read.
struct RecordReader {
    private var next: UnsafeRawPointer?
    private var left: Int
    /// The list of the last record `accepted` or `delivered`, which a later one may repeat.
    private(set) var destinations: [LogDestination] = []
    /// The list of the last record `imageEntries`.
    private(set) var entries: [LogEntry] = []
    private var lastMessage: MessageNumber = 0
    /// How often `delivered` is still to be repeated.
    private var repetitionsLeft = 0
    private var maySayAgain = false

    /// A reader without bytes.
    init() { left = 0 }

    /// Begins with the records of a frame, which must stay where they are.
    mutating func begin(_ body: UnsafeRawBufferPointer, of reactor: UInt8) {
        next = body.baseAddress
        left = body.count
        lastMessage = MessageNumbers.make(reactor: reactor, counter: 0)
        destinations.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        repetitionsLeft = 0
        maySayAgain = false
    }

    /// The next record; nil at the end.
    mutating func read() throws(MalformedRecord) -> LogRecord? {
        if repetitionsLeft > 0 { return .delivered(repeatDelivered()) }
        guard left > 0 else { return nil }
        guard let tag = LogTag(rawValue: try byte()) else { throw MalformedRecord() }
        let maySayAgain = self.maySayAgain
        self.maySayAgain = false
        switch tag {
        case .accepted: return try accepted()
        case .delivered: return try delivered()
        case .deliveredAgain:
            repetitionsLeft = Int(try byte())
            guard maySayAgain, repetitionsLeft > 0 else { throw MalformedRecord() }
            return .delivered(repeatDelivered())
        case .imageEntries: return try imageEntries()
        case .sent, .acknowledged, .released, .dropped, .received, .completed:
            return try delivery(tag)
        case .identity, .attached, .detached, .expiryChanged, .willSet, .willCleared, .ended:
            return try life(tag)
        case .subscribed, .unsubscribed, .retainedBegan, .retainedEnded:
            return try subscription(tag)
        default: return try other(tag)
        }
    }

    // MARK: Lists

    private mutating func accepted() throws(MalformedRecord) -> LogRecord {
        let number = try message()
        let bits = try byte()
        guard bits & ~LogMessageBits.all == 0 else { throw MalformedRecord() }
        let expiresAt = bits & LogMessageBits.hasExpiry != 0 ? try signed() : 0
        guard expiresAt >= 0 else { throw MalformedRecord() }
        let publisher = bits & LogMessageBits.hasPublisher != 0 ? try number64() : 0
        let message = UnsafeLogMessage(
            number: number,
            topic: try bytes(atMost: 65_535),
            properties: try bytes(),
            payload: try bytes(),
            qos: try qos(bits),
            isRetained: bits & LogMessageBits.isRetained != 0,
            expiresAt: expiresAt,
            publisher: publisher
        )
        let isAsBefore = bits & LogMessageBits.isAsBefore != 0
        try list(isAsBefore: isAsBefore, count: isAsBefore ? 0 : try number64())
        return .accepted(message)
    }

    private mutating func delivered() throws(MalformedRecord) -> LogRecord {
        let number = try message()
        let count = try number64()
        try list(isAsBefore: count == 0, count: count &- 1)
        maySayAgain = destinations.count == 1
        return .delivered(number)
    }

    private mutating func repeatDelivered() -> MessageNumber {
        repetitionsLeft -= 1
        destinations[0].advance()
        lastMessage = RecordBuffer.following(lastMessage)
        return lastMessage
    }

    private mutating func list(isAsBefore: Bool, count: UInt64) throws(MalformedRecord) {
        guard !isAsBefore else {
            guard !destinations.isEmpty else { throw MalformedRecord() }
            for index in destinations.indices { destinations[index].advance() }
            return
        }
        guard count <= UInt64(left / 2) else { throw MalformedRecord() }
        destinations.removeAll(keepingCapacity: true)
        var lastSession: SessionNumber = 0
        for _ in 0..<count {
            let destination = try destination(lastSession)
            destinations.append(destination)
            lastSession = destination.session
        }
    }

    private mutating func destination(
        _ lastSession: SessionNumber
    ) throws(MalformedRecord) -> LogDestination {
        let session = lastSession &+ UInt64(bitPattern: try signed())
        let bits = try byte()
        let identifier = try subscriptionIdentifier(bits)
        let fate: LogDestination.Fate
        switch bits >> LogFormBits.stateShift {
        case 0: fate = .pending
        case 1: fate = .queued(sequence: try number64())
        case 2: fate = .sent(sequence: try number64(), identifier: try self.identifier())
        case 3: fate = .dropped(try reason())
        default: throw MalformedRecord()
        }
        return LogDestination(
            session: session,
            qos: try qos(bits),
            isRetained: bits & LogFormBits.isRetained != 0,
            subscriptionIdentifier: identifier,
            fate: fate
        )
    }

    private mutating func imageEntries() throws(MalformedRecord) -> LogRecord {
        let session = try number64()
        let count = try count(ofAtLeast: 2)
        entries.removeAll(keepingCapacity: true)
        var lastSequence: UInt64 = 0
        for _ in 0..<count {
            let entry = try entry(lastSequence)
            entries.append(entry)
            if entry.progress != .pending { lastSequence = entry.sequence }
        }
        return .imageEntries(session)
    }

    private mutating func entry(_ lastSequence: UInt64) throws(MalformedRecord) -> LogEntry {
        let bits = try byte()
        let identifier = try subscriptionIdentifier(bits)
        let message = try message()
        let progress: LogEntry.Progress
        switch bits >> LogFormBits.stateShift {
        case 0: progress = .pending
        case 1: progress = .queued
        case 2: progress = .published(identifier: try self.identifier())
        case 3: progress = .released(identifier: try self.identifier())
        default: throw MalformedRecord()
        }
        let isPending = progress == .pending
        return LogEntry(
            sequence: isPending ? 0 : lastSequence &+ UInt64(bitPattern: try signed()),
            message: message,
            qos: try qos(bits),
            isRetained: bits & LogFormBits.isRetained != 0,
            subscriptionIdentifier: identifier,
            progress: progress
        )
    }

    private mutating func subscriptionIdentifier(_ bits: UInt8) throws(MalformedRecord) -> UInt32 {
        guard bits & ~LogFormBits.all == 0 else { throw MalformedRecord() }
        return bits & LogFormBits.hasSubscriptionIdentifier != 0 ? try number32() : 0
    }

    // MARK: Fields

    @inline(__always)
    mutating func byte() throws(MalformedRecord) -> UInt8 {
        guard left > 0, let place = next else { throw MalformedRecord() }
        next = place + 1
        left -= 1
        return place.load(as: UInt8.self)
    }

    /// Seven bits a byte, at most ten bytes.
    @inline(__always)
    mutating func number64() throws(MalformedRecord) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 63 {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        let last = try byte()
        guard last <= 1 else { throw MalformedRecord() }
        return value | UInt64(last) << 63
    }

    mutating func number32() throws(MalformedRecord) -> UInt32 {
        guard let value = UInt32(exactly: try number64()) else { throw MalformedRecord() }
        return value
    }

    mutating func signed() throws(MalformedRecord) -> Int64 {
        let value = try number64()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func identifier() throws(MalformedRecord) -> UInt16 {
        let low = UInt16(try byte())
        return low | UInt16(try byte()) << 8
    }

    mutating func message() throws(MalformedRecord) -> MessageNumber {
        let value = try number64()
        let folded = value >> 1
        let distance = Int64(bitPattern: folded >> 1) ^ -Int64(bitPattern: folded & 1)
        // Both are far from the bounds: a counter has 56 bits, a folded distance 63.
        let counter = Int64(MessageNumbers.counter(of: lastMessage)) &+ distance
        guard counter >= 0, counter <= Int64(MessageNumbers.counterMax) else {
            throw MalformedRecord()
        }
        let isOther = value & 1 != 0
        lastMessage = MessageNumbers.make(
            reactor: isOther ? try byte() : MessageNumbers.reactor(of: lastMessage),
            counter: UInt64(counter)
        )
        return lastMessage
    }

    /// A count of things that have at least so many bytes each.
    mutating func count(ofAtLeast byteCount: Int) throws(MalformedRecord) -> Int {
        guard let count = Int(exactly: try number64()), count <= left / byteCount else {
            throw MalformedRecord()
        }
        return count
    }

    mutating func bytes(
        atMost limit: Int = .max
    ) throws(MalformedRecord) -> UnsafeRawBufferPointer {
        let count = try count(ofAtLeast: 1)
        guard count <= limit else { throw MalformedRecord() }
        let bytes = UnsafeRawBufferPointer(start: next, count: count)
        next = next.map { $0 + count }
        left -= count
        return bytes
    }

    mutating func qos(_ bits: UInt8) throws(MalformedRecord) -> UInt8 {
        guard bits & 3 <= 2 else { throw MalformedRecord() }
        return bits & 3
    }

    mutating func flag() throws(MalformedRecord) -> Bool {
        let byte = try byte()
        guard byte <= 1 else { throw MalformedRecord() }
        return byte == 1
    }

    mutating func reason() throws(MalformedRecord) -> LogDropReason {
        guard let reason = LogDropReason(rawValue: try byte()) else { throw MalformedRecord() }
        return reason
    }
}
