// SPDX-License-Identifier: Apache-2.0
// Records become bytes and the same records again.

import Inflight
import LogTestSupport
import MQTT
import Testing

@testable import Persist

@Suite("Records of the session log")
struct RecordTests {
    /// A record with its list, in a form that can be compared.
    private static func text(
        _ record: LogRecord,
        _ list: [LogDestination],
        _ entries: [LogEntry]
    ) -> String {
        switch record {
        case .accepted(let message): "accepted \(ModelMessage(message)) \(list)"
        case .delivered(let message): "delivered \(message) \(list)"
        case .imageEntries(let session): "entries \(session) \(entries)"
        case .retainedCleared(let version, let topic): "cleared \(version) \(Array(topic))"
        default: "\(record)"
        }
    }

    private static func read(_ buffer: inout RecordBuffer) throws -> [String] {
        let memory = buffer.take(FrameMemory(capacity: 64))
        defer { memory.free() }
        let body = UnsafeRawBufferPointer(
            start: memory.base + LogFrameHead.byteCount,
            count: memory.count - LogFrameHead.byteCount
        )
        return try read(body, of: buffer.reactor)
    }

    private static func read(_ body: UnsafeRawBufferPointer, of reactor: UInt8) throws -> [String] {
        var reader = RecordReader()
        reader.begin(body, of: reactor)
        var texts: [String] = []
        while let record = try reader.read() {
            texts.append(text(record, reader.destinations, reader.entries))
        }
        return texts
    }

    @Test("Random records come back in frames of many", arguments: 1...60)
    func roundTrip(seed: UInt64) throws {
        var dice = LogDice(seed: seed)
        var buffer = RecordBuffer(reactor: UInt8(dice.roll(255)))
        for _ in 0..<3 {
            var expected: [String] = []
            for _ in 0..<40 { expected.append(dice.write(&buffer, Self.text)) }
            let read = try Self.read(&buffer)
            #expect(read == expected, "seed \(seed)")
        }
    }

    @Test("A frame that is cut short is no records, or fewer", arguments: 1...10)
    func truncated(seed: UInt64) throws {
        var dice = LogDice(seed: seed)
        var buffer = RecordBuffer(reactor: 1)
        var expected: [String] = []
        for _ in 0..<12 { expected.append(dice.write(&buffer, Self.text)) }
        let memory = buffer.take(FrameMemory(capacity: 64))
        defer { memory.free() }
        for count in 0..<(memory.count - LogFrameHead.byteCount) {
            let body = UnsafeRawBufferPointer(
                start: memory.base + LogFrameHead.byteCount,
                count: count
            )
            guard let texts = try? Self.read(body, of: 1) else { continue }
            #expect(texts == Array(expected[..<texts.count]), "seed \(seed), \(count) bytes")
        }
    }

    @Test("Records that continue each other are one")
    func merging() throws {
        var buffer = RecordBuffer(reactor: 1)
        for identifier in [65_534, 65_535, 1, 2, 4] as [UInt16] {
            buffer.write(.acknowledged(9, IdentifierStretch(first: identifier)))
        }
        buffer.write(.acknowledged(8, IdentifierStretch(first: 5)))
        for index in 0..<3 {
            buffer.write(
                .sent(
                    LogSending(
                        session: 8,
                        sequence: 100 + UInt64(index),
                        identifiers: IdentifierStretch(first: 7 + UInt16(index)),
                        qos: 1,
                        lastIdentifier: 50 + UInt16(index)
                    )
                )
            )
        }
        for index in 0..<3 {
            buffer.write(.dropped(8, sequence: 5 + UInt64(index), count: 1, .expired))
        }
        #expect(
            try Self.read(&buffer) == [
                "\(LogRecord.acknowledged(9, IdentifierStretch(first: 65_534, count: 4)))",
                "\(LogRecord.acknowledged(9, IdentifierStretch(first: 4)))",
                "\(LogRecord.acknowledged(8, IdentifierStretch(first: 5)))",
                "\(LogRecord.sent(LogSending(session: 8, sequence: 100, identifiers: IdentifierStretch(first: 7, count: 3), qos: 1, lastIdentifier: 52)))",
                "\(LogRecord.dropped(8, sequence: 5, count: 3, .expired))",
            ]
        )
    }

    // MARK: Sizes

    /// Numbers of a broker that has run for years.
    private static let session: SessionNumber = 2_000_000
    private static let sequence: UInt64 = 1 << 31
    private static let counter: UInt64 = 1 << 40

    private static func message(_ index: Int) -> ModelMessage {
        var message = ModelMessage(
            number: MessageNumbers.make(reactor: 1, counter: counter + UInt64(index)),
            topic: Array("topic".utf8)
        )
        message.payload = [UInt8](repeating: 0, count: 300)
        message.expiresAt = 1 << 31
        message.publisher = 1_999_999
        return message
    }

    private static func size(_ reactor: UInt8 = 1, _ body: (inout RecordBuffer) -> Void) -> Int {
        var buffer = RecordBuffer(reactor: reactor)
        body(&buffer)
        let memory = buffer.take(FrameMemory(capacity: 64))
        memory.free()
        return memory.count
    }

    @Test("A message costs at most 32 bytes, the frame for it alone included")
    func messageSize() {
        let message = Self.message(0)
        let content = message.topic.count + message.payload.count
        let size = Self.size { buffer in message.lend { buffer.write(accepted: $0, to: []) } }
        #expect(size - content - LogFrameHead.byteCount <= 32)
        let many = Self.size { buffer in
            for index in 0..<100 {
                Self.message(index).lend { buffer.write(accepted: $0, to: []) }
            }
        }
        #expect((many - 100 * content) / 100 <= 18)
    }

    @Test("A destination and batch costs at most 24 bytes, whether recorded here or at its home")
    func destinationSize() {
        func destination(_ index: Int) -> LogDestination {
            LogDestination(
                session: Self.session,
                qos: 1,
                fate: .sent(
                    sequence: Self.sequence + UInt64(index),
                    identifier: 60_000 + UInt16(index)
                )
            )
        }
        let without = Self.size { buffer in
            for index in 0..<100 {
                Self.message(index).lend { buffer.write(accepted: $0, to: []) }
            }
        }
        let with = Self.size { buffer in
            for index in 0..<100 {
                Self.message(index).lend { buffer.write(accepted: $0, to: [destination(index)]) }
            }
        }
        #expect(with - without <= 24)
        let foreign = Self.size(2) { buffer in
            for index in 0..<100 {
                buffer.write(delivered: Self.message(index).number, to: [destination(index)])
            }
        }
        #expect(foreign - LogFrameHead.byteCount <= 24)
        let wide = Self.size { buffer in
            for index in 0..<100 {
                let all = (0..<100).map { session in
                    var next = destination(index)
                    next.session += UInt64(session)
                    return next
                }
                Self.message(index).lend { buffer.write(accepted: $0, to: all) }
            }
        }
        #expect((wide - without) / 100 <= 24)
    }

    @Test("A stretch of acknowledgements costs at most 16 bytes")
    func acknowledgementSize() {
        let size = Self.size { buffer in
            for index in 0..<1000 {
                let identifier = UInt16((64_999 + index) % 65_535 + 1)
                buffer.write(
                    .acknowledged(Self.session, IdentifierStretch(first: identifier))
                )
            }
        }
        #expect(size - LogFrameHead.byteCount <= 16)
    }
}

extension LogDice {
    /// Writes some record; returns its text.
    mutating func write(
        _ buffer: inout RecordBuffer,
        _ text: (LogRecord, [LogDestination], [LogEntry]) -> String
    ) -> String {
        switch roll(4) {
        case 0:
            var message = ModelMessage(number: messageNumber(), topic: bytes(atMost: 40))
            message.properties = bytes(atMost: 20)
            message.payload = bytes(atMost: 300)
            message.qos = UInt8(roll(3))
            message.isRetained = isOne(in: 2)
            message.expiresAt = isOne(in: 2) ? 0 : Int64(bitPattern: number() >> 1)
            message.publisher = isOne(in: 2) ? 0 : number()
            let list = destinations(Array(buffer.lastDestinations.all))
            return message.lend { lent in
                buffer.write(accepted: lent, to: list)
                return text(.accepted(lent), list, [])
            }
        case 1:
            // One number further now and then, and the same way: what is written as a repetition.
            let isNext = isOne(in: 2)
            let number = isNext ? RecordBuffer.following(buffer.lastMessage) : messageNumber()
            var list = destinations(Array(buffer.lastDestinations.all))
            if isNext, buffer.lastDestinations.count == 1 {
                list = buffer.lastDestinations.all.map(\.advanced)
            }
            buffer.write(delivered: number, to: list)
            return text(.delivered(number), list, [])
        case 2:
            let entries = (0..<roll(5)).map { _ in entry() }
            let session = number()
            buffer.write(imageEntries: entries, of: session)
            return text(.imageEntries(session), [], entries)
        default: return writeSimple(&buffer, text)
        }
    }

    private mutating func messageNumber() -> MessageNumber {
        MessageNumbers.make(reactor: UInt8(roll(3)), counter: number() >> 8)
    }

    private mutating func destinations(_ before: [LogDestination]) -> [LogDestination] {
        if isOne(in: 3) { return before.map(\.advanced) }
        return (0..<roll(5)).map { _ in
            LogDestination(
                session: number(),
                qos: UInt8(roll(3)),
                isRetained: isOne(in: 2),
                subscriptionIdentifier: isOne(in: 2) ? 0 : UInt32(roll(1 << 28)),
                fate: pick([
                    .pending, .queued(sequence: number()),
                    .sent(sequence: number(), identifier: UInt16(1 + roll(65_535))),
                    .dropped(pick(LogDropReason.allCases)),
                ])
            )
        }
    }

    private mutating func entry() -> LogEntry {
        let progress: LogEntry.Progress = pick([
            .pending, .queued, .published(identifier: UInt16(1 + roll(65_535))),
            .released(identifier: UInt16(1 + roll(65_535))),
        ])
        return LogEntry(
            sequence: progress == .pending ? 0 : number(),
            message: messageNumber(),
            qos: UInt8(roll(3)),
            isRetained: isOne(in: 2),
            subscriptionIdentifier: isOne(in: 2) ? 0 : UInt32(roll(1 << 28)),
            progress: progress
        )
    }

    private mutating func writeSimple(
        _ buffer: inout RecordBuffer,
        _ text: (LogRecord, [LogDestination], [LogEntry]) -> String
    ) -> String {
        let session = number()
        // Far enough from each other not to be merged.
        let stretch = IdentifierStretch(first: UInt16(1 + roll(65_535)), count: 1 + roll(65_535))
        let identity = LogIdentity(
            clientIdentifier: "client\(roll(100))",
            userName: isOne(in: 2) ? nil : "user\(roll(9))",
            listenerPort: UInt16(roll(65_536))
        )
        let seconds = UInt32(truncatingIfNeeded: number())
        let record: LogRecord = pick([
            .acknowledged(session, stretch), .released(session, stretch),
            .completed(session, stretch),
            .sent(
                LogSending(
                    session: session,
                    sequence: number(),
                    identifiers: stretch,
                    qos: UInt8(1 + roll(2)),
                    lastIdentifier: UInt16(roll(65_536))
                )
            ),
            .dropped(session, sequence: number(), count: number(), pick(LogDropReason.allCases)),
            .received(session, identifier: UInt16(1 + roll(65_535)), messageNumber()),
            .identity(session, identity),
            .attached(session, identity, expiryInterval: seconds, isNew: isOne(in: 2)),
            .detached(session, at: Int64(bitPattern: number())), .expiryChanged(session, seconds),
            .willChanged(session, isOne(in: 2) ? nil : will()),
            .subscribed(session, subscription()),
            .unsubscribed(
                session,
                filter: bytes(atMost: 30),
                shareName: isOne(in: 2) ? nil : bytes(atMost: 9)
            ),
            .retainedBegan(session, subscription()),
            .retainedEnded(session, filter: bytes(atMost: 30)), .ended(session),
            .retainedSet(version: number(), messageNumber()), .imageEnded(session),
            .imageBegan(
                LogImageHead(
                    session: session,
                    identity: identity,
                    expiryInterval: seconds,
                    detachedAt: isOne(in: 2) ? nil : Int64(bitPattern: number()),
                    nextSequence: number(),
                    lastIdentifier: UInt16(roll(65_536))
                )
            ), .clock(Int64(bitPattern: number())), .synced(offset: number()),
            .checkpointCompleted(number()),
            .cleanShutdown(
                isOne(in: 2)
                    ? nil
                    : WrittenDatabase(
                        length: number(),
                        checksum: seconds,
                        stamp: FileStamp(inode: number(), modifiedAt: Int64(bitPattern: number()))
                    )
            ),
        ])
        buffer.write(record)
        return text(record, [], [])
    }
}

extension LogDestination {
    var advanced: LogDestination {
        var next = self
        next.advance()
        return next
    }
}
