// SPDX-License-Identifier: Apache-2.0
// Brokers at the ends of a bridge that are killed while messages are under way.

import Foundation
import Glibc
import TestSupport
import Testing

/// A client that sends bursts, and ends each exchange whatever happens to its broker.
private final class PersistentSender {
    private let port: Int
    private let qos: UInt8
    private var client: RawClient
    /// Payloads by packet identifier, and whether PUBREC has come.
    private var pending: [Int: (payload: String, isReceived: Bool)] = [:]

    init(port: Int, qos: UInt8) throws {
        self.port = port
        self.qos = qos
        client = try Self.connect(port)
    }

    private static func connect(_ port: Int) throws -> RawClient {
        let client = try RawClient(port: port)
        client.patienceSeconds = 20
        client.send(Wire.connect("sender", clean: false))
        _ = try client.readPacket()
        return client
    }

    /// Sends without waiting for anything.
    func send(_ payloads: [String]) {
        var bytes: Bytes = []
        for (index, payload) in payloads.enumerated() {
            pending[index + 1] = (payload, false)
            bytes += Wire.publish(.v4, "k", payload, qos: qos, id: index + 1)
        }
        client.send(bytes)
    }

    /// Takes the answers that come for a while.
    func takeAnswers(seconds: Double) {
        let end = Date(timeIntervalSinceNow: seconds)
        while end.timeIntervalSinceNow > 0, let packet = client.nextPacket(seconds: 0.005) {
            take(packet)
        }
    }

    private func take(_ packet: Bytes) {
        let id = Int(packet[2]) << 8 | Int(packet[3])
        switch packet[0] {
        case 0x50:
            pending[id]?.isReceived = true
            client.send(Wire.pubrel(id))
        case 0x40, 0x70: pending[id] = nil
        default: break
        }
    }

    /// Comes back to a broker that was started again, and sends what was not answered.
    func resume() throws {
        client = try Self.connect(port)
        for (id, message) in pending.sorted(by: { $0.key < $1.key }) {
            client.send(
                message.isReceived
                    ? Wire.pubrel(id)
                    : Wire.publish(.v4, "k", message.payload, qos: qos, id: id, dup: true)
            )
        }
    }

    /// Waits until everything is answered.
    func complete() throws {
        while !pending.isEmpty { take(try client.readPacket()) }
    }
}

@Suite("Bridges and kill -9", .enabled(if: isOwn))
struct BridgeKills {
    /// Who is killed in a round.
    enum Victim: CaseIterable, Sendable { case near, far, both }

    private static func text(port: Int, _ lines: String = "") -> String {
        """
        persistence true
        persistence_location %DIR%/
        persistence_fsync always
        max_queued_messages 0
        listener \(port) 127.0.0.1
        allow_anonymous true
        log_type all
        \(lines)

        """
    }

    @Test(
        "Nothing that was acknowledged is lost, and nothing of QoS 2 doubled",
        arguments: Victim.allCases,
        [UInt8(1), 2]
    )
    func killed(victim: Victim, qos: UInt8) throws {
        for workers in reactors { try run(victim, qos, workers: workers) }
    }

    private func run(_ victim: Victim, _ qos: UInt8, workers: Int) throws {
        let folders = try (0..<2).map { _ in try Broker.makeDirectory() }
        defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
        let ports = try (0..<2).map { _ in try Broker.freePort() }
        let texts = [
            Self.text(
                port: ports[0],
                "connection b\naddress 127.0.0.1:\(ports[1])\nremote_clientid r\n"
                    + "restart_timeout 1\ntopic # out 2"
            ), Self.text(port: ports[1]),
        ]
        var brokers = try [0, 1].reversed().map { index in
            try Broker(texts[index], workers: workers, in: folders[index])
        }
        brokers.reverse()
        let receiver = try RawClient(port: ports[1])
        receiver.send(Wire.connect("receiver", clean: false))
        _ = try receiver.readPacket()
        try receiver.subscribe("k", 2)
        try receiver.disconnect()
        let sender = try PersistentSender(port: ports[0], qos: qos)
        var sent: [String] = []
        for round in 0..<5 {
            let burst = (0..<100).map { "\(round)-\($0)" }
            sent += burst
            sender.send(burst)
            sender.takeAnswers(seconds: Double(round) * 0.01)
            let indices = victim == .near ? [0] : victim == .far ? [1] : [0, 1]
            for index in indices { brokers[index].process.signal(SIGKILL) }
            for index in indices { _ = brokers[index].process.wait() }
            for index in indices.reversed() {
                brokers[index] = try Broker(texts[index], workers: workers, in: folders[index])
            }
            if victim != .far { try sender.resume() }
            try sender.complete()
        }
        var taken: [String: Int] = [:]
        let again = try RawClient(port: ports[1])
        again.patienceSeconds = 20
        again.send(Wire.connect("receiver", clean: false))
        _ = try again.readPacket()
        while taken.count < sent.count {
            let publish = try again.takePublishAndAnswer()
            taken[publish.payload, default: 0] += 1
        }
        while let packet = again.nextPacket(seconds: 0.5) {
            guard packet[0] & 0xF0 == 0x30 else { continue }
            taken[try TakenPublish(packet, .v4).payload, default: 0] += 1
        }
        #expect(Set(taken.keys) == Set(sent))
        if qos == 2 { #expect(taken.values.allSatisfy { $0 == 1 }) }
        withExtendedLifetime(brokers) {}
    }
}
