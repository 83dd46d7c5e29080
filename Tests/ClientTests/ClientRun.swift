// SPDX-License-Identifier: Apache-2.0
// One publisher and one receiver of the same kind, and what has to hold when they are done.

import Foundation
import TestSupport
import Testing

/// A run of numbered messages from one client to another, with QoS 2 where the client has that.
struct ClientRun {
    let program: ClientProgram
    let version: Int
    let workers: Int
    let count: Int
    /// The size of each payload in bytes.
    var size = 50
    /// How many messages a receiver has in flight.
    var receiveWindow = 5
    /// Where the publisher's connections end, and the receiver's.
    var cuts: (publisher: [CuttingLink.Cut], receiver: [CuttingLink.Cut]) = ([], [])
    /// How long it may take, in seconds; in the long run all of them run beside each other.
    var patience = RealClientTests.isLong ? 600.0 : 60

    static let configuration = """
        listener %PORT% 127.0.0.1
        allow_anonymous true
        max_queued_messages 0
        max_packet_size 20000000
        log_type all

        """

    /// Lets them run and looks at all that must hold.
    func run() throws {
        let broker = try Broker.shared(Self.configuration, workers: workers)
        let (topic, sender, taker) = (unique("t"), unique("publisher"), unique("receiver"))
        let links = (
            publisher: try CuttingLink(to: broker.port, cuts: cuts.publisher),
            receiver: try CuttingLink(to: broker.port, cuts: cuts.receiver)
        )
        let witness = size < 10_000 ? try RawClient.connected(to: broker) : nil
        try witness?.subscribe(topic)
        witness?.patienceSeconds = patience

        let receiver = try start("receive", broker, links.receiver, taker, topic, receiveWindow)
        guard receiver.output.wait(seconds: 30, where: { $0 == "ready" }) != nil else {
            throw Mismatch("not ready: \(receiver.errors.text)")
        }
        let window = program.sendWindows[version] ?? 1
        let publisher = try start("publish", broker, links.publisher, sender, topic, window)
        try Self.expectEnd(publisher, sender, broker, patience)
        #expect(publisher.output.lines == ["done"])
        try Self.expectEnd(receiver, taker, broker, patience)
        expectOnceInOrder(receiver.output.lines)

        if let witness { try expectOnceInOrder(witness, topic) }
        for id in [sender, taker] { try expectNothingLeft(broker, id) }
        if !cuts.publisher.isEmpty { #expect(links.publisher.connectionCount > 1) }
        if !cuts.receiver.isEmpty { #expect(links.receiver.connectionCount > 1) }
    }

    private func start(
        _ role: String,
        _ broker: Broker,
        _ link: CuttingLink,
        _ id: String,
        _ topic: String,
        _ window: Int
    ) throws -> ChildProcess {
        // Who is not to be cut goes straight to the broker.
        let isCut = !(role == "publish" ? cuts.publisher : cuts.receiver).isEmpty
        let port = isCut ? link.port : broker.port
        return try program.start([
            role, "\(port)", "\(version)", id, topic, "\(count)", "\(window)", "\(size)",
        ])
    }

    private static func expectEnd(
        _ child: ChildProcess,
        _ id: String,
        _ broker: Broker,
        _ seconds: Double
    ) throws {
        guard let outcome = child.wait(seconds: seconds) else {
            let lines = child.output.lines
            let log = broker.process.errors.lines.filter { $0.contains(" \(id) ") }.suffix(400)
            let texts = "\(lines.count) lines, the last are \(lines.suffix(5))"
            let said = child.errors.text + log.joined(separator: "\n")
            throw Mismatch("\(id) still runs: \(texts)\n\(said)")
        }
        #expect(outcome.status == 0, "\(id): \(outcome.errors)")
    }

    /// Each number once and in order; a client that does not look after that itself may hand on what says that it is sent again.
    private func expectOnceInOrder(_ lines: [String]) {
        var seen: Set<Substring> = []
        let told = lines.filter { line in
            let words = line.split(separator: " ")
            guard let number = words.first, Int(number) != nil else { return true }
            return seen.insert(number).inserted || words.last != "repeated"
        }
        let plain = told.map { $0.hasSuffix(" repeated") ? String($0.dropLast(9)) : $0 }
        let expected = ["ready"] + (0..<count).map { "\($0)" } + ["done"]
        let place = zip(plain, expected).enumerated().first { $1.0 != $1.1 }
        let found = place.map { "line \($0.offset): \(plain[$0.offset...].prefix(20))" }
        #expect(plain == expected, "\(found ?? "\(plain.count) of \(expected.count) lines")")
    }

    /// What a subscriber has got that lost nothing on the way.
    private func expectOnceInOrder(_ witness: RawClient, _ topic: String) throws {
        for number in 0..<count {
            let packet = try witness.readPacket()
            let head = packet.dropFirst(4 + topic.utf8.count).prefix { $0 != UInt8(ascii: " ") }
            let text = String(decoding: head, as: UTF8.self)
            try #require(text == "\(number)", "the witness: \(text) instead of \(number)")
        }
        try witness.expectSilence()
    }

    /// The session is there, and nothing is in flight in it.
    private func expectNothingLeft(_ broker: Broker, _ id: String) throws {
        let client = try RawClient.connected(
            to: broker,
            id,
            clean: false,
            sessionPresent: true
        )
        try client.expectSilence()
        try client.disconnect()
    }
}
