// SPDX-License-Identifier: Apache-2.0
// What mosquitto_sub does with its connection, told without one.

import Testing

@testable import ClientTools

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
        ("-t a -R -V 5", ["subscribe a 20"]),
        ("-t a -V 5 --retain-as-published -q 2", ["subscribe a a"]),
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
            [
                Sample(topic: "x"), Sample(isRetained: true), Sample(payload: [0x31]),
                Sample(payload: [0x32]),
            ]
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
        receive(
            flow,
            [Sample(topic: "keep", isRetained: true), Sample(topic: "a", isRetained: true)]
        )
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
