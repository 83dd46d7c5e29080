// SPDX-License-Identifier: Apache-2.0
// Messages over a bridge: QoS, retained ones, exchanges, limits of the remote.

import TestSupport
import Testing

private let v5 = "\nbridge_protocol_version mqttv50"

@Suite("Messages over bridges")
struct BridgeDelivery {
    @Test("The QoS is the lower one of the message's and the line's", arguments: reactors)
    func qos(workers: Int) throws {
        let scene = try BridgeScene(
            "topic a/# both 0\ntopic b/# both 1\ntopic c/# both 2",
            workers: workers
        )
        let connection = try scene.open(requests: 3)
        let client = try scene.client()
        for (line, most) in [("a", UInt8(0)), ("b", 1), ("c", 2)] {
            for qos in UInt8(0)...2 {
                switch qos {
                case 0: client.publish("\(line)/\(qos)", "m")
                case 1: try client.publish1("\(line)/\(qos)", "m")
                default: try client.publish2("\(line)/\(qos)", "m")
                }
                let taken = try connection.takePublish()
                #expect(taken.summary == "\(line)/\(qos) m \(min(qos, most))")
                #expect(!taken.isDuplicate)
                switch taken.qos {
                case 0: break
                case 1: connection.send(Wire.puback(taken.id))
                default:
                    connection.send(Wire.pubrec(taken.id))
                    try connection.expect(Wire.pubrel(taken.id))
                    connection.send(Wire.pubcomp(taken.id))
                }
            }
        }
    }

    @Test(
        "What comes in keeps its QoS and goes through the exchange",
        arguments: reactors,
        [Version.v4, .v5]
    )
    func incoming(workers: Int, version: Version) throws {
        let scene = try BridgeScene("topic # in 2" + (version == .v5 ? v5 : ""), workers: workers)
        let connection = try scene.open(version, requests: 1)
        let client = try scene.client()
        try client.subscribe("#", 2)
        connection.send(Wire.publish(version, "a", "0"))
        try client.expectPublish("a", "0")
        connection.send(Wire.publish(version, "a", "1", qos: 1, id: 1))
        try connection.expect(Wire.puback(1))
        try client.take1("a", "1", id: 1)
        let packet = Wire.publish(version, "a", "2", qos: 2, id: 0xFFFF)
        connection.send(packet)
        try connection.expect(Wire.pubrec(0xFFFF))
        // Twice is once.
        connection.send(Wire.publish(version, "a", "2", qos: 2, id: 0xFFFF, dup: true))
        try connection.expect(Wire.pubrec(0xFFFF))
        connection.send(Wire.pubrel(0xFFFF))
        try connection.expect(Wire.pubcomp(0xFFFF))
        try client.take2("a", "2", id: 2)
        try client.expectSilence()
    }

    @Test(
        "Retained messages that match go to the remote each time it connects, once",
        arguments: reactors
    )
    func retained(workers: Int) throws {
        let scene = try BridgeScene("topic a/# out 1\ntopic b both 1 l/ r/", workers: workers)
        // Before CONNACK: only what is retained then is retained for the remote.
        let client = try scene.client()
        try client.publish1("a/1", "m", retain: true)
        try client.publish1("l/b", "n", retain: true)
        try client.publish1("x", "o", retain: true)
        let expected = ["a/1 m 1 retain", "r/b n 1 retain"]
        for round in 0..<2 {
            let connection = try scene.open(requests: 2)
            var taken: [String] = []
            // What was published while the bridge was away may come from the queue as well.
            while taken.count < 2 || round == 0, let packet = connection.nextPacket(seconds: 0.5) {
                let publish = try TakenPublish(packet, .v4)
                taken.append(publish.summary)
                connection.send(Wire.puback(publish.id))
            }
            #expect(Set(taken) == Set(expected))
            connection.abort()
        }
    }

    @Test("The retain flag is passed on as published", arguments: [Version.v4, .v5])
    func retainAsPublished(version: Version) throws {
        let scene = try BridgeScene("topic # both 0" + (version == .v5 ? v5 : ""), workers: 1)
        let connection = try scene.open(version, requests: 1)
        let client = try scene.client()
        client.publish("a", "m", retain: true)
        client.publish("a", "n")
        #expect(try connection.takePublish().summary == "a m 0 retain")
        #expect(try connection.takePublish().summary == "a n 0")
        connection.send(Wire.publish(version, "b", "o", retain: true))
        connection.send(Wire.publish(version, "c", "p"))
        let later = try scene.client()
        try later.subscribe("c")
        connection.send(Wire.publish(version, "c", "q"))
        try later.expectPublish("c", "q")
        try later.subscribe("b", id: 2)
        try later.expectPublish("b", "o", retain: true)
    }

    @Test(
        "The retain flag is left off where it is not wanted",
        arguments: [
            ("bridge_outgoing_retain false", Version.v4, Bytes()),
            ("bridge_outgoing_retain false" + v5, .v5, []), (v5, .v5, [0x25, 0]),
        ]
    )
    func noRetain(row: (lines: String, version: Version, properties: Bytes)) throws {
        let scene = try BridgeScene("topic # out 0\n\(row.lines)", workers: 1)
        let connection = try scene.open(row.version, requests: 1, properties: row.properties)
        let client = try scene.client()
        client.publish("a", "m", retain: true)
        #expect(try connection.takePublish().summary == "a m 0")
    }

    @Test("A highest QoS that the remote says in CONNACK counts for messages and subscriptions")
    func maximumQoS() throws {
        let scene = try BridgeScene("topic # both 2" + v5, notifies: true, workers: 1)
        let connection = try scene.open(.v5, requests: 0, properties: [0x24, 0])
        #expect(try connection.takePublish().qos == 0)
        #expect(try connection.grant(1) == [BridgeRequest("#", 0x0C)])
        let client = try scene.client()
        try client.publish2("a", "m")
        #expect(try connection.takePublish().summary == "a m 0")
    }

    @Test(
        "A packet that is too long for the remote or the configuration is left out",
        arguments: [
            ("bridge_max_packet_size 60", Version.v4, Bytes()),
            (v5, .v5, Property.maximumPacketSize(60)),
            ("bridge_max_packet_size 60" + v5, .v5, Property.maximumPacketSize(1000)),
            ("bridge_max_packet_size 1000" + v5, .v5, Property.maximumPacketSize(60)),
        ]
    )
    func maximumPacketSize(row: (lines: String, version: Version, properties: Bytes)) throws {
        let scene = try BridgeScene("topic t out 1\n\(row.lines)", workers: 1)
        let connection = try scene.open(row.version, requests: 1, properties: row.properties)
        let client = try scene.client()
        try client.publish1("t", String(repeating: "x", count: 60))
        try client.publish1("t", "fits")
        #expect(try connection.takePublish().payload == "fits")
        try scene.broker.waitForLog(containing: "Dropping too large outgoing PUBLISH")
    }

    @Test(
        "No more is under way than the remote takes, and the rest comes when it has answered",
        arguments: reactors
    )
    func receiveMaximum(workers: Int) throws {
        let scene = try BridgeScene("topic # out 1" + v5, workers: workers)
        let connection = try scene.open(.v5, requests: 1, properties: Property.receiveMaximum(2))
        let client = try scene.client()
        for index in 1...5 { try client.publish1("a", "\(index)", id: index) }
        let first = try connection.takePublish()
        let second = try connection.takePublish()
        #expect([first.payload, second.payload] == ["1", "2"])
        #expect(connection.nextPacket(seconds: 0.1) == nil)
        connection.send(Wire.puback(first.id))
        let third = try connection.takePublish()
        #expect(third.payload == "3")
        connection.send(Wire.puback(second.id) + Wire.puback(third.id))
        #expect(try connection.takePublish().payload == "4")
        #expect(try connection.takePublish().payload == "5")
    }

    @Test("Topics get aliases where the remote takes them", .enabled(if: isOwn))
    func aliases() throws {
        let scene = try BridgeScene("topic # out 0 l/ r/" + v5, workers: 1)
        let connection = try scene.open(.v5, requests: 1, properties: [0x22, 0, 1])
        let client = try scene.client()
        for _ in 0..<2 { client.publish("l/a", "m") }
        let first = try connection.takePublish()
        #expect(first.topic == "r/a" && first.properties == [0x23, 0, 1])
        let second = try connection.takePublish()
        #expect(second.topic.isEmpty && second.properties == [0x23, 0, 1])
    }

    @Test("Aliases of the remote are known for as long as the connection", .enabled(if: isOwn))
    func incomingAliases() throws {
        let scene = try BridgeScene("topic # in 0 l/ r/" + v5, workers: 1)
        let client = try scene.client()
        try client.subscribe("#")
        let connection = try scene.open(.v5, requests: 1)
        let alias: Bytes = [0x23, 0, 10]
        connection.send(Wire.publish(.v5, "r/a", "m", properties: alias))
        connection.send(Wire.publish(.v5, "", "n", properties: alias))
        try client.expectPublish("l/a", "m")
        try client.expectPublish("l/a", "n")
        connection.send(Wire.publish(.v5, "r/b", "o", properties: [0x23, 0, 11]))
        #expect(try connection.readPacket().starts(with: [0xE0]))
        try connection.expectClosed()
        let next = try scene.open(.v5, requests: 1)
        next.send(Wire.publish(.v5, "", "p", properties: alias))
        #expect(try next.readPacket().starts(with: [0xE0]))
    }

    @Test("Properties of a message go along, either way")
    func properties() throws {
        let scene = try BridgeScene("topic # both 1" + v5, workers: 1)
        let connection = try scene.open(.v5, requests: 1)
        let client = try scene.client(.v5)
        try client.subscribe("in")
        let properties: Bytes = [
            Property.payloadFormat(1), Property.contentType("t"), Property.responseTopic("r"),
            Property.correlationData([1, 2]),
        ].flatMap { $0 }
        client.publish("out", "m", properties: properties)
        let taken = try connection.takePublish()
        #expect(Set(taken.properties) == Set(properties))
        #expect(taken.properties.count == properties.count)
        connection.send(Wire.publish(.v5, "in", "m", properties: properties))
        let packet = try TakenPublish(client.readPacket(), .v5)
        #expect(packet.properties.count == properties.count)
    }

    @Test("Acknowledgements that nobody waits for do no harm")
    func unknownAcknowledgements() throws {
        let scene = try BridgeScene("topic # both 2", workers: 1)
        let connection = try scene.open(requests: 1)
        connection.send(Wire.puback(9))
        connection.send(Wire.pubcomp(9))
        connection.send(Wire.pubrel(9))
        try connection.expect(Wire.pubcomp(9))
        connection.send(Wire.pubrec(9))
        try connection.expect(Wire.pubrel(9))
        let client = try scene.client()
        client.publish("a", "m")
        #expect(try connection.takePublish().payload == "m")
    }

    @Test("Nobody has to let a bridge in on its own side", arguments: reactors)
    func rights(workers: Int) throws {
        let remote = try ScriptedRemote()
        let broker = try Broker(
            """
            listener %PORT% 127.0.0.1
            password_file %DIR%/pw
            acl_file %DIR%/acl
            log_type all
            connection b
            address 127.0.0.1:\(remote.port)
            topic # both 1
            notifications false

            """,
            workers: workers,
            files: ["pw": "user:\(PasswordVectors.all[2])\n", "acl": "user user\ntopic read #\n"]
        )
        let connection = try remote.accept()
        _ = try connection.readPacket()
        connection.send(BridgeScene.connack(.v4))
        _ = try connection.grant(1)
        connection.send(Wire.publish(.v4, "a", "m", qos: 1, id: 1, retain: true))
        try connection.expect(Wire.puback(1))
        let client = try RawClient(broker)
        client.send(Wire.connect("c", username: "user", password: "secret"))
        _ = try client.readPacket()
        try client.subscribe("a")
        try client.expectPublish("a", "m", retain: true)
    }

    @Test("Large messages go through, either way", arguments: reactors)
    func large(workers: Int) throws {
        let scene = try BridgeScene("topic # both 1", workers: workers)
        let connection = try scene.open(requests: 1)
        let client = try scene.client()
        try client.subscribe("in", 1)
        let payload = String(repeating: "x", count: 1 << 20)
        try client.publish1("out", payload)
        let taken = try connection.takePublish()
        #expect(taken.payload == payload)
        connection.send(Wire.publish(.v4, "in", payload, qos: 1, id: 3))
        try connection.expect(Wire.puback(3))
        try client.expectPublish("in", payload, qos: 1, id: 1)
    }

    @Test("Very many messages keep their order, either way", arguments: reactors)
    func order(workers: Int) throws {
        let scene = try BridgeScene(
            "topic # both 1",
            head: "max_queued_messages 0\n",
            workers: workers
        )
        let connection = try scene.open(requests: 1)
        let client = try scene.client()
        try client.subscribe("in", 1)
        let count = 2000
        var sent: Bytes = []
        for index in 1...count { sent += Wire.publish(.v4, "out", "\(index)", qos: 1, id: index) }
        client.send(sent)
        for index in 1...count {
            let taken = try connection.takePublish()
            guard taken.payload == "\(index)" else { throw Mismatch("\(taken) for \(index)") }
            connection.send(Wire.puback(taken.id))
        }
        for index in 1...count { try client.expect(Wire.puback(index)) }
        for index in 1...count {
            connection.send(Wire.publish(.v4, "in", "\(index)", qos: 1, id: index))
        }
        for index in 1...count {
            let taken = try client.takePublish()
            guard taken.payload == "\(index)" else { throw Mismatch("\(taken) for \(index)") }
            client.send(Wire.puback(taken.id))
        }
    }
}
