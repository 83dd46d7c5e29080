// SPDX-License-Identifier: Apache-2.0
// Brokers whose bridges make a ring, or a star.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Rings of bridges", .enabled(if: isOwn))
struct BridgeRings {
    /// Who is at a place of a ring.
    private struct Member {
        var program = Broker.Program.own
        /// What it is called; nil without protection.
        var name: String?
    }

    /// Brokers each of which has a bridge to the next one, and a client of each.
    private struct Ring {
        var brokers: [Broker] = []
        let ports: [Int]
        var clients: [RawClient] = []

        init(_ members: [Member], direction: String, workers: Int) throws {
            ports = try members.map { _ in try Broker.freePort() }
            for (index, member) in members.enumerated() {
                let broker = try Broker(
                    (member.name.map { "bridge_loop_protection \($0)\n" } ?? "") + """
                        listener \(ports[index]) 127.0.0.1
                        allow_anonymous true
                        log_type all
                        connection ring
                        address 127.0.0.1:\(ports[(index + 1) % ports.count])
                        remote_clientid ring\(index)
                        restart_timeout 1
                        bridge_protocol_version mqttv50
                        topic # \(direction) 2

                        """,
                    of: member.program,
                    workers: workers
                )
                brokers.append(broker)
            }
            for index in brokers.indices {
                let before = (index + brokers.count - 1) % brokers.count
                try brokers[index].waitForLog(containing: "as ring\(before) (", seconds: 15)
            }
            for (index, port) in ports.enumerated() {
                let client = try RawClient(port: port)
                client.patienceSeconds = 15
                client.send(Wire.connect("c\(index)", .v5))
                _ = try client.readPacket()
                client.speak(.v5)
                try client.subscribe("m/#", 2)
                clients.append(client)
            }
            try waitUntilWhole()
        }

        /// Publishes until each member hears from each.
        private func waitUntilWhole() throws {
            for (index, client) in clients.enumerated() {
                let end = Date(timeIntervalSinceNow: 15)
                var number = 0
                for other in clients where other !== client {
                    var isHeard = false
                    while !isHeard {
                        guard Date() < end else { throw Mismatch("no way from \(index)") }
                        number += 1
                        client.publish("m/first", "\(index)")
                        while let packet = other.nextPacket(seconds: 0.2) {
                            if packet[0] & 0xF0 == 0x30 { isHeard = true }
                        }
                    }
                }
            }
            for client in clients { while client.nextPacket(seconds: 0.5) != nil {} }
        }

        /// How often each client gets each payload, after one message of each.
        func heard(qos: UInt8, retain: Bool) throws -> [[String: Int]] {
            for (index, port) in ports.enumerated() {
                let sender = try RawClient(port: port)
                sender.send(Wire.connect("sender\(index)"))
                try sender.expect([0x20, 2, 0, 0])
                let payload = "m\(index)"
                sender.send(
                    Wire.publish(.v4, "m/\(index)", payload, qos: qos, id: 1, retain: retain)
                )
                if qos == 2 {
                    try sender.expect(Wire.pubrec(1))
                    sender.send(Wire.pubrel(1))
                }
                sender.send(Wire.pingreq)
                while try sender.readPacket() != Wire.pingresp {}
            }
            return try clients.map { client in
                var counts: [String: Int] = [:]
                while let packet = client.nextPacket(seconds: 1.5) {
                    switch packet[0] & 0xF0 {
                    case 0x30:
                        let publish = try TakenPublish(packet, .v5)
                        counts[publish.payload, default: 0] += 1
                        if publish.qos == 1 { client.send(Wire.puback(publish.id)) }
                        if publish.qos == 2 { client.send(Wire.pubrec(publish.id)) }
                    case 0x60: client.send([0x70, 2] + packet[2..<4])
                    default: break
                    }
                    guard counts.values.allSatisfy({ $0 < 20 }) else { return counts }
                }
                return counts
            }
        }
    }

    @Test(
        "In a ring of three a message comes from either side once, and to its origin never",
        arguments: [UInt8(0), 1, 2],
        reactors
    )
    func both(qos: UInt8, workers: Int) throws {
        let ring = try Ring(
            ["a", "b", "c"].map { Member(name: $0) },
            direction: "both",
            workers: workers
        )
        let heard = try ring.heard(qos: qos, retain: qos == 1)
        for (index, counts) in heard.enumerated() {
            var expected = ["m0": 2, "m1": 2, "m2": 2]
            expected["m\(index)"] = 1
            #expect(counts == expected)
        }
    }

    @Test("A ring of one direction brings each message to each once", arguments: reactors)
    func around(workers: Int) throws {
        let ring = try Ring(
            ["a", "b", "c", "d"].map { Member(name: $0) },
            direction: "out",
            workers: workers
        )
        for counts in try ring.heard(qos: 1, retain: false) {
            #expect(counts == ["m0": 1, "m1": 1, "m2": 1, "m3": 1])
        }
    }

    @Test(
        "One that marks ends what would go round through others",
        .enabled(if: Broker.Program.original.isInstalled),
        arguments: ["out", "both"]
    )
    func others(direction: String) throws {
        let ring = try Ring(
            [Member(name: "a"), Member(program: .original), Member(program: .original)],
            direction: direction,
            workers: 1
        )
        for counts in try ring.heard(qos: 1, retain: false) {
            #expect(Set(counts.keys) == ["m0", "m1", "m2"])
            #expect(counts.values.allSatisfy { $0 <= 4 })
        }
    }

    @Test("What comes over one bridge goes on over another", arguments: reactors)
    func star(workers: Int) throws {
        let ends = try (0..<2).map { index in
            try Broker("bridge_loop_protection end\(index)\n" + Broker.plain, workers: workers)
        }
        let hub = try Broker(
            "bridge_loop_protection hub\n" + Broker.plain
                + ends.enumerated().map { index, end in
                    """
                    connection b\(index)
                    address 127.0.0.1:\(end.port)
                    bridge_protocol_version mqttv50
                    restart_timeout 1
                    topic # both 1

                    """
                }.joined(),
            workers: workers
        )
        try BridgeAddresses.checkBothWays(ends[0], ends[1])
        withExtendedLifetime(hub) {}
    }

    @Test("The marks are user properties, and CONNECT and CONNACK say who is there")
    func marks() throws {
        let scene = try BridgeScene(
            "topic # both 1\nbridge_protocol_version mqttv50",
            head: "bridge_loop_protection here",
            workers: 1
        )
        let connection = try scene.remote.accept()
        connection.speak(.v5)
        let pair: (String) -> Bytes = { name in
            let key = Bytes("bridged-by".utf8)
            let value = Bytes(name.utf8)
            return [0x26, 0, UInt8(key.count)] + key + [0, UInt8(value.count)] + value
        }
        let connect = try connection.readPacket()
        #expect(hexText(connect).contains(hexText(pair("here"))))
        connection.send(BridgeScene.connack(.v5, properties: pair("there")))
        _ = try connection.grant(1)
        let client = try scene.client(.v5)
        try client.subscribe("x/#", 2)
        client.publish("y", "out")
        let out = try connection.takePublish()
        #expect(out.payload == "out" && out.properties == pair("here"))
        // What has been here is acknowledged and no more; what has been elsewhere is marked further.
        let user = pair("third")
        connection.send(Wire.publish(.v5, "x/1", "back", qos: 1, id: 1, properties: pair("here")))
        connection.send(Wire.publish(.v5, "x/2", "new", qos: 1, id: 2, properties: user))
        connection.send(Wire.publish(.v5, "x/3", "plain", qos: 1, id: 3))
        let taken = try (0..<2).map { _ in try client.takePublishAndAnswer() }
        #expect(taken.map(\.payload) == ["new", "plain"])
        #expect(taken.map(\.properties) == [user + pair("there"), pair("there")])
        // A client's that has been there does not go there.
        client.send(Wire.publish(.v5, "y", "not", qos: 1, id: 9, properties: pair("there")))
        client.send(Wire.publish(.v5, "y", "end", qos: 0, id: 0))
        #expect(try connection.takePublishAndAnswer().payload == "end")
    }

    @Test("A bridge that cannot mark is told of, with its line")
    func older() throws {
        let scene = try BridgeScene("topic t", head: "bridge_loop_protection here", workers: 1)
        try scene.broker.waitForLog(
            containing: "bridge_loop_protection does nothing for bridge 'b': it needs"
        )
    }
}
