// SPDX-License-Identifier: Apache-2.0
// Records between broker and helper: there and back, cut short, and garbled.

import TestSupport
import Testing

@testable import Isolation

@Suite struct RecordTests {
    static let message = PublishedMessage(
        topic: [97],
        payload: [1, 2, 3],
        qos: 2,
        isRetained: true,
        properties: [3, 0, 1, 97],
        messageExpiryInterval: 7,
        willDelayInterval: 9
    )

    static let answers: [AnswerRecord] = {
        var answer = Answer(code: -5)
        answer.nanoseconds = 1234
        answer.reason = "why"
        answer.hasTakenTicket = true
        answer.reasonString = ""
        answer.edit = .message(
            topic: [97],
            payload: [],
            properties: [1],
            qos: 1,
            isRetained: false,
            expiresAt: .max
        )
        var filtered = Answer(code: 0)
        filtered.edit = .filter([35], options: 2)
        var spoilt = Answer(code: 0)
        spoilt.edit = .invalidTopic
        return [
            .answer(serial: 3, filtered), .answer(serial: 4, spoilt),
            .answer(serial: 1, Answer(code: 0)), .answer(serial: .max, answer),
            .ready(code: 3, lines: ["a", "b"]), .told(.log(level: 8, line: "x")),
            .told(.opened(flags: 3)), .told(.info(name: "n", version: nil)),
            .told(.registered(event: 2, callback: 9)), .told(.unregistered(callback: 9)),
            .told(.userName(client: 3, nil)), .told(.publish(message, to: "c")),
            .told(.will(message, of: "c")), .told(.kick("c", withWill: true)),
            .told(.kickUser(nil, withWill: false)), .told(.kickAll(withWill: true)),
            .told(.decided(clientIdentifier: "c", code: 11, reason: "r")),
            .told(.decidedTicket(4, code: 0, data: [1], reason: nil)),
            .told(.decidedExchange(clientIdentifier: "c", code: 0, data: [1], reason: "r")),
            .request(.persistence(event: 15)),
            .told(.removeSession("s")), .told(.removeRetained([1])), .told(.nodeIdentifier(1023)),
            .request(.client("c")),
            .request(.hasSession("c")), .request(.allClients),
            .request(.subscribe("c", filter: [35], shareName: [1], options: 2, identifier: 7)),
            .request(.unsubscribe("c", filter: [35], shareName: nil)),
            .request(.mayHaveWill("c", hasProperties: true)),
            .request(.rename(client: 1, to: "d")), .request(.control(topic: "t", callback: 5)),
            .request(.control(topic: "t", callback: nil)), .request(.isAwaited(8)),
            .request(.certificate(client: 9)), .request(.channelBinding(client: .max)),
        ]
    }()

    private static func bytes(_ record: AnswerRecord) -> [UInt8] {
        var writer = RecordWriter()
        record.encode(into: &writer)
        return Array(writer.bytes)
    }

    @Test("What a helper writes is read as it was written", arguments: answers)
    func roundTrip(record: AnswerRecord) throws {
        #expect(try AnswerRecord(Self.bytes(record)) == record)
    }

    @Test("A record that is cut short, or goes on, is nonsense", arguments: answers)
    func truncated(record: AnswerRecord) {
        let bytes = Self.bytes(record)
        for count in 0..<bytes.count {
            #expect(throws: Nonsense.self) { try AnswerRecord(Array(bytes[..<count])) }
        }
        #expect(throws: Nonsense.self) { try AnswerRecord(bytes + [0]) }
    }

    @Test("Garbled records are read or refused, and never more than that")
    func garbled() {
        var random = SplitMix64(seed: 3)
        for record in Self.answers {
            for _ in 0..<300 {
                var bytes = Self.bytes(record)
                for _ in 0...Int.random(in: 0...3, using: &random) {
                    bytes[Int.random(in: bytes.indices, using: &random)] = .random(
                        in: 0...255,
                        using: &random
                    )
                }
                _ = try? AnswerRecord(bytes)
            }
        }
    }

    @Test("What the broker writes is read as it was written")
    func questions() throws {
        let facts = ClientFacts(
            number: 7,
            identifier: "c",
            userName: nil,
            address: "192.0.2.1",
            addressPort: 5,
            listenerPort: 1883,
            isWebSocket: true,
            version: 5,
            keepAliveSeconds: 60,
            isCleanStart: true,
            subscriptionCount: 3
        )
        var writer = RecordWriter()
        QuestionRecord.client(facts).encode(into: &writer)
        try Array(writer.bytes).withUnsafeBytes { bytes -> Void in
            guard case .client(let read) = try QuestionRecord(bytes) else {
                Issue.record("another record")
                return
            }
            #expect(read == facts)
        }
        let head = QuestionHead(serial: 1, ring: 2, callback: 3, client: 4, subscriptionCount: 5)
        let text: [UInt8] = [97, 98]
        text.withUnsafeBytes { text in
            let view = MessageView(
                topic: text,
                payload: text,
                properties: text,
                qos: 1,
                isRetained: true
            )
            QuestionRecord.question(head, .access(kind: 2, view)).encode(into: &writer)
        }
        try Array(writer.bytes).withUnsafeBytes { bytes -> Void in
            guard case .question(head, .access(2, let view)) = try QuestionRecord(bytes),
                case (head, .access(2, _))? = try QuestionRecord.question(bytes)
            else {
                Issue.record("another record")
                return
            }
            #expect(Array(view.topic) == text && Array(view.payload) == text)
            #expect(view.topic.baseAddress.map { $0.load(fromByteOffset: 2, as: UInt8.self) } == 0)
        }
        for data in [nil, [], [1, 2, 3]] as [[UInt8]?] {
            let reply = Reply(code: 6, clients: [facts], isContinued: true, data: data)
            reply.encode(into: &writer)
            #expect(try Reply(Array(writer.bytes)) == reply)
        }
    }

    @Test("The memory of a record grows with it, and what was in the smaller one is there no more")
    func growth() throws {
        var writer = RecordWriter()
        let long = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        AnswerRecord.told(.removeRetained(long)).encode(into: &writer)
        #expect(try AnswerRecord(Array(writer.bytes)) == .told(.removeRetained(long)))
        writer.wipe()
        #expect(writer.bytes.isEmpty)
        AnswerRecord.request(.allClients).encode(into: &writer)
        #expect(try AnswerRecord(Array(writer.bytes)) == .request(.allClients))
    }

    @Test("The setup of a plugin is read as it was written")
    func setup() throws {
        let setup = PluginSetup(
            path: "/p.so",
            name: nil,
            symbols: "local",
            deniesSpecialCharacters: true,
            options: [
                .init(key: "k", value: "v", place: .init(file: "f", line: 3)),
                .init(key: "", value: "", place: nil),
            ],
            place: .init(file: "f", line: 1),
            persistenceLocation: "/var"
        )
        var writer = RecordWriter()
        QuestionRecord.setup(setup).encode(into: &writer)
        try Array(writer.bytes).withUnsafeBytes { bytes -> Void in
            guard case .setup(let read) = try QuestionRecord(bytes) else {
                Issue.record("another record")
                return
            }
            #expect(read == setup)
        }
    }
}
