// SPDX-License-Identifier: Apache-2.0
// Several brokers and their bridges: this project's and the original's, in both roles.

import Foundation
import Glibc
import TestSupport
import Testing

/// Whose brokers are at the ends of a bridge.
private struct Ends: CustomTestStringConvertible, Sendable {
    let near: Broker.Program
    let far: Broker.Program
    let version: String
    let workers: Int

    var testDescription: String { "\(near) to \(far), \(version), \(workers)" }

    static let all: [Ends] = Broker.Program.installed.flatMap { near in
        Broker.Program.installed.flatMap { far in
            ["mqttv31", "mqttv311", "mqttv50"].flatMap { version in
                reactors.map { Ends(near: near, far: far, version: version, workers: $0) }
            }
        }
    }.filter { $0.near != .original || $0.far != .original || $0.workers == 1 }
}

extension Broker {
    /// A client of this broker, of whichever program it is.
    fileprivate func client(_ identifier: String, clean: Bool = true) throws -> RawClient {
        let client = try RawClient(self)
        client.patienceSeconds = 15
        client.send(Wire.connect(identifier, clean: clean))
        let connack = try client.readPacket()
        guard connack.count == 4, connack[3] == 0 else {
            throw Mismatch("CONNACK \(hexText(connack))")
        }
        return client
    }
}

@Suite("Bridged brokers")
struct BridgedBrokers {
    @Test("Messages of every QoS go both ways, once", arguments: Ends.all)
    fileprivate func bothWays(ends: Ends) throws {
        let far = try Broker(of: ends.far, workers: ends.workers)
        let near = try Broker(
            Broker.plain + """
                connection b
                address 127.0.0.1:\(far.port)
                remote_clientid r
                restart_timeout 1
                bridge_protocol_version \(ends.version)
                topic # both 2

                """,
            of: ends.near,
            workers: ends.workers
        )
        try BridgeAddresses.checkBothWays(near, far)
        for (from, to) in [(near, far), (far, near)] {
            let receiver = try to.client("receiver")
            try receiver.subscribe("a/#", 2)
            let sender = try from.client("sender")
            for index in 1...20 {
                sender.publish("a/0", "\(index)")
                sender.send(Wire.publish(.v4, "a/1", "\(index)", qos: 1, id: index))
                try sender.expect(Wire.puback(index))
                try sender.publish2("a/2", "\(index)", id: 100 + index)
            }
            var taken: [String: [Int]] = [:]
            for _ in 1...60 {
                let publish = try receiver.takePublishAndAnswer()
                #expect("a/\(publish.qos)" == publish.topic)
                taken[publish.topic, default: []].append(Int(publish.payload) ?? 0)
            }
            #expect(taken == ["a/0": Array(1...20), "a/1": Array(1...20), "a/2": Array(1...20)])
            try receiver.expectNoPublish()
        }
    }

    @Test(
        "A ring of three does not go round for ever when topics are told apart",
        .enabled(if: isOwn),
        arguments: reactors
    )
    func ring(workers: Int) throws {
        // Each hands on what is its own or its left neighbour's, never what has come round.
        let brokers = try (0..<3).map { _ in try Broker(workers: workers) }
        for index in 0..<3 {
            let next = brokers[(index + 1) % 3]
            try brokers[index].rewrite(
                Broker.plain + """
                    connection ring
                    address 127.0.0.1:\(next.port)
                    remote_clientid ring\(index)
                    restart_timeout 1
                    topic from\(index)/# out 2
                    topic from\((index + 2) % 3)/# out 2

                    """
            )
            brokers[index].process.signal(SIGHUP)
        }
        for index in 0..<3 {
            try brokers[index].waitForLog(containing: "as ring\((index + 2) % 3) (", seconds: 15)
        }
        let clients = try brokers.enumerated().map { index, broker in
            let client = try broker.client("c\(index)")
            try client.subscribe("#", 2)
            return client
        }
        for (index, client) in clients.enumerated() {
            client.publish("from\(index)/x", "m\(index)")
        }
        // Each hears of each once: what has gone all the way round is not handed on.
        for client in clients {
            var taken: Set<String> = []
            for _ in 0..<3 { taken.insert(try client.takePublishAndAnswer().payload) }
            #expect(taken == ["m0", "m1", "m2"])
        }
        for client in clients { try client.expectNoPublish() }
    }
}
