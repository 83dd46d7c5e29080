// SPDX-License-Identifier: Apache-2.0
// What mosquitto_pub and mosquitto_rr do with their connection, told without one.

import Glibc
import Testing

@testable import ClientTools

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
        #expect(flow.doneCount == 2)
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
        let flow = PublishFlow(try options(.pub, "-t t -m p -q 1 -V 5"), payload: [], pipes.voice) {
            0
        }
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
        (.pub, "", .wanted, [], 0),
        (.pub, "", .unreachable(errno: ECONNREFUSED), ["Error: Connection refused"], 1),
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
        (
            .sub, "", .refused(code: 4),
            ["Connection error: Connection Refused: bad user name or password"], 4
        ),
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
    func end(
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
