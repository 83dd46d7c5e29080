// SPDX-License-Identifier: Apache-2.0
// What the client tools do with their connection, told without one.

import Foundation
import MQTT
import Testing

@testable import ClientTools

/// A connection that notes what is asked of it.
private final class NotedConnection: ToolConnection {
    var notes: [String] = []
    var answers: [PublishAnswer] = []
    private var lastIdentifier: UInt16 = 0

    func publish(
        topic: [UInt8],
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        properties: [UInt8]
    ) -> PublishAnswer {
        let text = String(decoding: payload, as: UTF8.self)
        notes.append("publish '\(topic.text)' '\(text)' \(qos)\(isRetained ? " retained" : "")")
        if !answers.isEmpty { return answers.removeFirst() }
        lastIdentifier += 1
        return .accepted(packetIdentifier: qos == 0 ? 0 : lastIdentifier)
    }

    func subscribe(_ filters: [[UInt8]], _ options: SubscriptionOptions, properties: [UInt8]) {
        let list = filters.map(\.text).joined(separator: " ")
        notes.append("subscribe \(list) \(String(options.rawValue, radix: 16))")
    }

    func unsubscribe(_ filter: [UInt8], properties: [UInt8]) {
        notes.append("unsubscribe \(filter.text)")
    }

    func disconnect(_ reason: ReasonCode, properties: [UInt8]) {
        notes.append("disconnect \(reason.rawValue)")
    }

    /// What was asked since the last call.
    func taken() -> [String] {
        defer { notes = [] }
        return notes
    }
}

/// Descriptors whose content can be read back.
private final class Pipes {
    let voice: ToolVoice
    private let output = Pipe()
    private let errors = Pipe()

    init(isQuiet: Bool = false) {
        voice = ToolVoice(
            isQuiet: isQuiet,
            output: output.fileHandleForWriting.fileDescriptor,
            errors: errors.fileHandleForWriting.fileDescriptor
        )
    }

    /// What has been printed, and said of errors.
    func texts() throws -> (output: String, errors: String) {
        voice.flush()
        try output.fileHandleForWriting.close()
        try errors.fileHandleForWriting.close()
        let all = [output, errors].map { $0.fileHandleForReading.readDataToEndOfFile() }
        return (String(decoding: all[0], as: UTF8.self), String(decoding: all[1], as: UTF8.self))
    }
}

@Suite("What mosquitto_sub does")
struct SubscribeFlowTests {
    private let connection = NotedConnection()
    private let pipes = Pipes()

    private func flow(_ line: String) throws -> SubscribeFlow {
        SubscribeFlow(try options(.sub, line), pipes.voice)
    }

    private func receive(_ flow: SubscribeFlow, _ samples: [Sample]) {
        for sample in samples { sample.with { flow.received(connection, $0) } }
    }

    private static let requests: [(String, [String])] = [
        ("-t a -t b -q 1", ["subscribe a b 1"]), ("-U a -U b", ["unsubscribe a", "unsubscribe b"]),
        ("-t a -U b", ["subscribe a 0", "unsubscribe b"]), ("-t a -R", ["subscribe a 0"]),
        ("-t a -R -V 5", ["subscribe a 20"]), ("-t a -V 5 --retain-as-published -q 2", ["subscribe a a"]),
        ("-t a -V 5 --retain-handling new", ["subscribe a 10"]),
        ("-t a -V 5 --retain-handling never", ["subscribe a 20"]),
        ("-t a -V 5 --retain-handling always -R", ["subscribe a 0"]),
    ]

    @Test("one SUBSCRIBE for all filters, one UNSUBSCRIBE for each", arguments: requests)
    func connected(_ line: String, _ expected: [String]) throws {
        try flow(line).connected(connection)
        #expect(connection.notes == expected)
    }

    @Test("-C counts what is printed, not what is dropped; what comes later is of no interest")
    func count() throws {
        let flow = try flow("-t # -C 2 -T x -R")
        receive(
            flow,
            [Sample(topic: "x"), Sample(isRetained: true), Sample(payload: [0x31]), Sample(payload: [0x32])]
        )
        #expect(connection.taken() == ["disconnect 0"])
        receive(flow, [Sample(payload: [0x33])])
        #expect(connection.notes.isEmpty)
        #expect(try pipes.texts().output == "1\n2\n")
        #expect(!flow.reconnects)
    }

    @Test("messages hidden by --random-filter count; the chance is a true percentage")
    func random() throws {
        var asked: [Int] = []
        let flow = SubscribeFlow(
            try options(.sub, "-t # -C 2 --random-filter 12.5"),
            pipes.voice
        ) { perMille in
            asked.append(perMille)
            return asked.count == 2
        }
        receive(flow, [Sample(payload: [0x31]), Sample(payload: [0x32])])
        #expect(asked == [125, 125])
        #expect(connection.notes == ["disconnect 0"])
        #expect(try pipes.texts().output == "2\n")
    }

    @Test("--retained-only ends at the first message that is not")
    func retainedOnly() throws {
        let flow = try flow("-t # --retained-only")
        receive(flow, [Sample(payload: [0x31], isRetained: true), Sample()])
        #expect(connection.notes == ["disconnect 0"])
        #expect(try pipes.texts().output == "1\n")
    }

    @Test("--remove-retained sends an empty message each, and leaves when all are answered")
    func removal() throws {
        let flow = try flow("-t # --remove-retained -T keep -C 2")
        receive(flow, [Sample(topic: "keep", isRetained: true), Sample(topic: "a", isRetained: true)])
        #expect(connection.taken() == ["publish 'a' '' 1 retained"])
        receive(flow, [Sample(topic: "b", isRetained: true)])
        #expect(connection.taken() == ["publish 'b' '' 1 retained"])
        flow.completed(connection, 2, 0, nil)
        #expect(connection.notes.isEmpty)
        flow.completed(connection, 1, 0, nil)
        #expect(connection.notes == ["disconnect 0"])
    }

    @Test("answers to the subscription")
    func answers() throws {
        let some = try flow("-t a -t b -d")
        some.subscribed(connection, 1, [0, 135])
        #expect(connection.taken() == [])
        try flow("-t a -E").subscribed(connection, 1, [1])
        #expect(connection.taken() == ["disconnect 0"])
        try flow("-t a").subscribed(connection, 1, [128])
        #expect(connection.taken() == ["disconnect 0"])
        let texts = try pipes.texts()
        #expect(texts.output == "Subscribed (mid: 1): 0, 135\n")
        #expect(texts.errors == "All subscription requests were denied.\n")
    }

    @Test("a signal has 5.0 brokers publish the will")
    func interrupt() throws {
        try flow("-t a -V 5").interrupt(connection)
        try flow("-t a").interrupt(connection)
        #expect(connection.notes == ["disconnect 4", "disconnect 0"])
    }

    @Test("--message-rate counts instead of printing")
    func rate() throws {
        let flow = try flow("-t a --message-rate")
        flow.proceed(connection, now: 100)
        #expect(flow.deadline == 1100)
        receive(flow, [Sample(), Sample()])
        flow.proceed(connection, now: 1099)
        flow.proceed(connection, now: 1100)
        flow.proceed(connection, now: 2100)
        #expect(try pipes.texts().output == "2 msgs/s\n0 msgs/s\n")
    }
}

@Suite("What mosquitto_pub and mosquitto_rr do")
struct PublishFlowTests {
    private let connection = NotedConnection()
    private let pipes = Pipes()

    private func flow(_ line: String) throws -> PublishFlow {
        PublishFlow(try options(.pub, line), payload: Array("p".utf8), pipes.voice) { 50 }
    }

    @Test("one message, then DISCONNECT when it is done")
    func one() throws {
        let flow = try flow("-t t -m p -q 1 -r")
        flow.connected(connection)
        #expect(connection.taken() == ["publish 't' 'p' 1 retained"])
        flow.completed(connection, 1, 0, nil)
        #expect(connection.taken() == ["disconnect 0"])
        #expect(!flow.reconnects)
    }

    @Test("--repeat, --repeat-delay, and the topic alias from the second message on")
    func repeats() throws {
        let flow = try flow("-t t -m p --repeat 2 --repeat-delay 0.25 -D publish topic-alias 3")
        flow.connected(connection)
        flow.completed(connection, 0, 0, nil)
        #expect(flow.deadline == 300)
        flow.proceed(connection, now: 299)
        #expect(connection.taken() == ["publish 't' 'p' 0"])
        flow.proceed(connection, now: 300)
        flow.completed(connection, 0, 0, nil)
        #expect(connection.taken() == ["publish '' 'p' 0", "disconnect 0"])
        #expect(flow.deadline == nil)
    }

    @Test("a refusal is a warning, limits of the broker are errors")
    func refusals() throws {
        let refused = try flow("-t t -m p -q 1 -V 5")
        refused.connected(connection)
        refused.completed(connection, 1, 135, "not you")
        #expect(connection.taken() == ["publish 't' 'p' 1", "disconnect 0"])
        for answer in [PublishAnswer.qosNotSupported, .tooLarge, .notConnected] {
            connection.answers = [answer]
            try flow("-t t -m p -q 2").connected(connection)
            #expect(connection.taken() == ["publish 't' 'p' 2", "disconnect 0"])
        }
        #expect(
            try pipes.texts().errors == """
                Warning: Publish 1 failed: Not authorized.
                not you
                Error: Message QoS not supported on broker, try a lower QoS.
                Error: Message payload is too large.
                Error: Client not connected when trying to publish.

                """
        )
    }

    @Test("--quiet says nothing of the connection")
    func quiet() throws {
        let pipes = Pipes(isQuiet: true)
        let flow = PublishFlow(try options(.pub, "-t t -m p -q 1 -V 5"), payload: [], pipes.voice) { 0 }
        flow.completed(connection, 1, 135, nil)
        #expect(try pipes.texts().errors == "")
    }

    @Test("a request waits for its subscription, and one answer is enough")
    func request() throws {
        var times = [5, 1_505]
        let flow = RequestFlow(
            try options(.rr, "-t t -m p -e r -q 1 --latency"),
            payload: Array("p".utf8),
            pipes.voice
        ) { times.removeFirst() }
        flow.connected(connection)
        #expect(connection.taken() == ["subscribe r 1"])
        flow.subscribed(connection, 1, [1])
        #expect(connection.taken() == ["publish 't' 'p' 1"])
        Sample(topic: "r").with { flow.received(connection, $0) }
        Sample(topic: "r").with { flow.received(connection, $0) }
        #expect(connection.taken() == ["disconnect 0"])
        #expect(try pipes.texts().output == "xyz\nLatency: 1.500000µs\n")
    }

    @Test("a denied response topic ends it")
    func denied() throws {
        let flow = RequestFlow(try options(.rr, "-t t -m p -e r"), payload: [], pipes.voice) { 0 }
        flow.subscribed(connection, 1, [135])
        #expect(connection.notes == ["disconnect 0"])
        #expect(try pipes.texts().errors == "Not authorized\n")
    }

    private static let ends: [(ClientTool, String, ConnectionEnd, [String], Int32)] = [
        (.pub, "", .wanted, [], 0), (.pub, "", .unreachable(errno: ECONNREFUSED), ["Error: Connection refused"], 1),
        (.sub, "", .unopened(library: 15), ["Unable to connect (Lookup error)."], 1),
        (.sub, "", .unopened(library: 8), ["Unable to connect (A TLS error occurred)."], 1),
        (.sub, "", .lost(library: 7), ["Error: The connection was lost"], 7),
        (.sub, "", .lost(library: 19), ["Error: Keepalive exceeded"], 19),
        (
            .pub, "", .refused(code: 5),
            [
                "Connection error: Connection Refused: not authorised",
                "Error: The connection was refused",
            ], 5
        ),
        (.sub, "", .refused(code: 4), ["Connection error: Connection Refused: bad user name or password"], 4),
        (.sub, "", .refused(code: 9), ["Connection error: Connection Refused: unknown reason"], 9),
        (.rr, "-V 311", .refused(code: 5), ["Connection error: Unknown reason"], 5),
        (.sub, "-V 5", .refused(code: 135), ["Connection error: Not authorized"], 135),
        (
            .pub, "-V 5", .refused(code: 135),
            [
                "Connection error: Not authorized",
                "Error: A network protocol error occurred when communicating with the broker",
            ], 135
        ),
        (
            .sub, "-V 5", .refused(code: 132),
            [
                "Connection error: Unsupported Protocol Version. "
                    + "Try connecting to an MQTT v5 broker, or use MQTT v3.x mode."
            ], 132
        ),
    ]

    @Test("how a connection ends is said, and gives the exit status", arguments: ends)
    func ends(
        _ tool: ClientTool,
        _ line: String,
        _ end: ConnectionEnd,
        _ lines: [String],
        _ status: Int32
    ) throws {
        let words = tool == .sub ? "-t a" : tool == .rr ? "-t a -m b -e c" : "-t a -m b"
        let found = ToolText.end(end, try options(tool, "\(words) \(line)"))
        #expect(found.lines == lines)
        #expect(found.status == status)
    }
}

@Suite("Lines of standard input")
struct LinesFlowTests {
    private let connection = NotedConnection()
    private let pipes = Pipes()

    /// Runs mosquitto_pub -l over an input to its end.
    private func run(
        _ input: [UInt8],
        _ line: String = "-t t -l",
        answers: [PublishAnswer] = []
    ) throws -> [String] {
        let path = NSTemporaryDirectory() + "lines-\(UInt64.random(in: 0 ... .max))"
        try Data(input).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        connection.answers = answers
        let flow = LinesFlow(
            try options(.pub, line),
            InputLines(descriptor: descriptor),
            pipes.voice
        )
        flow.connected(connection)
        while flow.reconnects {
            if flow.wantsInput { flow.readInput(connection) }
            flow.completed(count: flow.sentCount - flow.doneCount)
            flow.proceed(connection, now: 0)
        }
        return connection.taken()
    }

    @Test("each line is a message, empty ones and an unfinished last one too")
    func lines() throws {
        #expect(
            try run(Array("a\n\nb".utf8)) == [
                "publish 't' 'a' 0", "publish 't' '' 0", "publish 't' 'b' 0", "disconnect 0",
            ]
        )
        #expect(try run([]) == ["disconnect 0"])
        #expect(try run([0x0A]) == ["publish 't' '' 0", "disconnect 0"])
    }

    @Test("lines of any length, whole and in order, across blocks")
    func lengths() throws {
        let counts = [0, 1, 65_535, 65_536, 65_537, 3, 200_000, 0, 131_072]
        var input: [UInt8] = []
        for (index, count) in counts.enumerated() {
            input += [UInt8](repeating: UInt8(ascii: "a") + UInt8(index), count: count) + [0x0A]
        }
        let notes = try run(input)
        #expect(notes.count == counts.count + 1)
        for (index, count) in counts.enumerated() {
            let letter = Character(UnicodeScalar(UInt8(ascii: "a") + UInt8(index)))
            #expect(notes[index] == "publish 't' '\(String(repeating: letter, count: count))' 0")
        }
    }

    @Test("a line for which there is no room is sent again, once")
    func room() throws {
        let notes = try run(
            Array("a\nb\n".utf8),
            "-t t -l -q 1",
            answers: [
                .full, .full, .accepted(packetIdentifier: 1), .full,
                .accepted(packetIdentifier: 2),
            ]
        )
        #expect(
            notes == [
                "publish 't' 'a' 1", "publish 't' 'a' 1", "publish 't' 'a' 1",
                "publish 't' 'b' 1", "publish 't' 'b' 1", "disconnect 0",
            ]
        )
    }

    @Test("what the broker does not take ends it")
    func tooLarge() throws {
        let notes = try run(Array("a\nb\n".utf8), answers: [.tooLarge])
        #expect(notes == ["publish 't' 'a' 0", "disconnect 0"])
        #expect(try pipes.texts().errors == "Error: Message payload is too large.\n")
    }
}
