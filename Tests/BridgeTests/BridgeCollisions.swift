// SPDX-License-Identifier: Apache-2.0
// Others with the names of bridges, and a bridge to its own broker.

import Foundation
import TestSupport
import Testing

@Suite("Names of bridges that others have", .enabled(if: isOwn))
struct BridgeCollisions {
    @Test(
        "A client with the bridge's name here throws it out, and is thrown out",
        arguments: reactors
    )
    func local(workers: Int) throws {
        let scene = try BridgeScene("topic # out 1", workers: workers)
        let connection = try scene.open(requests: 1)
        let thief = try RawClient(scene.broker)
        thief.patienceSeconds = 10
        thief.send(Wire.connect("local.r", clean: false))
        try thief.expect([0x20, 2, 1, 0])
        while connection.nextPacket(seconds: 5) != nil {}
        #expect(connection.isClosed)
        // What comes meanwhile is the thief's.
        let client = try scene.client()
        try client.publish1("a", "1", id: 1)
        #expect(try thief.takePublishAndAnswer().payload == "1")
        let next = try scene.open(requests: 1)
        while thief.nextPacket(seconds: 5) != nil {}
        #expect(thief.isClosed)
        try client.publish1("a", "2", id: 2)
        while try next.takePublishAndAnswer().payload != "2" {}
    }

    @Test(
        "Two bridges with one name at their remote take turns, and nothing is lost",
        arguments: reactors
    )
    func remote(workers: Int) throws {
        let far = try Broker(workers: workers)
        let receiver = try RawClient.connected(to: far)
        receiver.patienceSeconds = 20
        try receiver.subscribe("c/#", 1)
        let near = try Broker(
            Broker.plain
                + (0..<2).map { index in
                    """
                    connection b\(index)
                    address 127.0.0.1:\(far.port)
                    remote_clientid same
                    local_clientid l\(index)
                    restart_timeout 1
                    topic c/\(index) out 1

                    """
                }.joined(),
            workers: workers
        )
        let client = try RawClient.connected(to: near)
        var wanted: Set<String> = []
        for index in 1...40 {
            try client.publish1("c/\(index % 2)", "\(index)", id: index)
            wanted.insert("\(index)")
        }
        while !wanted.isEmpty { wanted.remove(try receiver.takePublishAndAnswer().payload) }
        try far.waitForLog(containing: "disconnected: session taken over")
        try near.stop()
    }

    @Test("A bridge may lead to its own broker", arguments: ["mqttv311", "mqttv50"], reactors)
    func itself(version: String, workers: Int) throws {
        let broker = try Broker(
            Broker.plain + """
                connection self
                address 127.0.0.1:%PORT%
                restart_timeout 1
                bridge_protocol_version \(version)
                topic # both 2 a/ b/

                """,
            workers: workers
        )
        let client = try RawClient(broker)
        client.patienceSeconds = 15
        client.send(Wire.connect("c"))
        _ = try client.readPacket()
        try broker.waitForLog(containing: "Bridge self connected to", seconds: 15)
        try client.subscribe("a/#", 1)
        try client.subscribe("b/#", 1)
        // The names are exchanged both ways, and what the bridge has brought does not go back.
        var heard: Set<String> = []
        let end = Date(timeIntervalSinceNow: 15)
        while heard != ["a/x 1", "b/x 1"], Date() < end {
            heard = []
            client.publish("a/x", "1")
            while let packet = client.nextPacket(seconds: 0.5), heard.count < 3 {
                guard packet[0] & 0xF0 == 0x30 else { continue }
                let publish = try TakenPublish(packet, .v4)
                heard.insert("\(publish.topic) \(publish.payload)")
            }
        }
        #expect(heard == ["a/x 1", "b/x 1"])
        client.publish("b/y", "2")
        let taken = try (0..<2).map { _ in try client.takePublish().topic }
        #expect(Set(taken) == ["a/y", "b/y"])
        try client.expectNoPublish()
        try broker.stop()
    }
}
