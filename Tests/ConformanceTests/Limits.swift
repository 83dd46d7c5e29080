// SPDX-License-Identifier: Apache-2.0
// Queues and windows: how much is kept for a client, and what is dropped when it is too much.

import TestSupport
import Testing

@Suite("Limits")
struct Limits {
    static func durable(
        _ broker: Broker,
        _ id: String,
        present: Bool = false,
        _ extra: Bytes = []
    ) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            id,
            .v5,
            clean: false,
            properties: Property.sessionExpiry(1000) + extra,
            sessionPresent: present
        )
    }

    /// Takes QoS 1 messages until nothing more comes, and returns their payloads.
    static func drain(_ client: RawClient, _ topic: String) throws -> [String] {
        var payloads: [String] = []
        client.send(Wire.pingreq)
        var quiet = false
        while true {
            let packet = try client.readPacket()
            if packet == Wire.pingresp {
                if quiet { return payloads }
                quiet = true
                client.send(Wire.pingreq)
                continue
            }
            quiet = false
            let start = 2 + 2 + topic.utf8.count
            client.send([0x40, 2, packet[start], packet[start + 1]])
            payloads.append(String(decoding: packet[(start + 3)...], as: UTF8.self))
        }
    }

    @Test(
        "max_queued_messages bounds the queue of an absent client; the newest are dropped",
        arguments: reactors
    )
    func offline(workers: Int) throws {
        let broker = try Broker.shared("max_queued_messages 5\n" + Broker.plain, workers: workers)
        let (id, topic) = (unique("c"), unique("t"))
        let first = try Self.durable(broker, id)
        try first.subscribe(topic, 1)
        try first.disconnect()
        let publisher = try RawClient.connected(to: broker)
        for number in 1...8 { try publisher.publish1(topic, "\(number)", id: number) }
        try broker.waitForLog(exactly: "Outgoing messages are being dropped for client \(id).")
        let notices = broker.process.errors.lines.filter {
            $0.hasSuffix("Outgoing messages are being dropped for client \(id).")
        }
        #expect(notices.count == 1)
        let client = try Self.durable(broker, id, present: true)
        #expect(try Self.drain(client, topic) == ["1", "2", "3", "4", "5"])
    }

    @Test("A connected client has its window, the window again and the queue", arguments: reactors)
    func online(workers: Int) throws {
        let broker = try Broker.shared("max_queued_messages 5\n" + Broker.plain, workers: workers)
        let topic = unique("t")
        let client = try Self.durable(broker, unique("c"), Property.receiveMaximum(3))
        try client.subscribe(topic, 1)
        let publisher = try RawClient.connected(to: broker)
        for number in 1...20 { try publisher.publish1(topic, "\(number)", id: number) }
        let payloads = try Self.drain(client, topic)
        #expect(payloads == (1...11).map { "\($0)" })
    }

    @Test("max_queued_bytes stops queueing once the sum is reached", arguments: reactors)
    func queuedBytes(workers: Int) throws {
        let broker = try Broker.shared("max_queued_bytes 25\n" + Broker.plain, workers: workers)
        let (id, topic) = (unique("c"), unique("t"))
        let first = try Self.durable(broker, id)
        try first.subscribe(topic, 1)
        try first.disconnect()
        let publisher = try RawClient.connected(to: broker)
        for number in 1...6 { try publisher.publish1(topic, "payload \(number)-", id: number) }
        let client = try Self.durable(broker, id, present: true)
        #expect(try Self.drain(client, topic) == ["payload 1-", "payload 2-", "payload 3-"])
        // QoS 0 to a connected client is not hindered.
        publisher.publish(topic, "direct")
        try client.expectPublish(topic, "direct")
    }

    @Test("All of max_queued_messages are kept in order", arguments: reactors)
    func hundred(workers: Int) throws {
        let broker = try Broker.shared("max_queued_messages 100\n" + Broker.plain, workers: workers)
        let (id, topic) = (unique("c"), unique("t"))
        let first = try Self.durable(broker, id)
        try first.subscribe(topic, 1)
        try first.disconnect()
        let publisher = try RawClient.connected(to: broker)
        for number in 1...100 { try publisher.publish1(topic, "\(number)", id: number) }
        let client = try Self.durable(broker, id, present: true)
        #expect(try Self.drain(client, topic) == (1...100).map { "\($0)" })
    }

    @Test("queue_qos0_messages keeps QoS 0 for absent clients", arguments: [true, false], reactors)
    func qos0(isOn: Bool, workers: Int) throws {
        let broker = try Broker.shared(
            "queue_qos0_messages \(isOn)\n" + Broker.plain,
            workers: workers
        )
        let (id, topic) = (unique("c"), unique("t"))
        let first = try Self.durable(broker, id)
        try first.subscribe(topic, 0)
        try first.disconnect()
        let publisher = try RawClient.connected(to: broker)
        publisher.publish(topic, "1")
        publisher.publish(topic, "2")
        try publisher.expectSilence()
        let client = try Self.durable(broker, id, present: true)
        if isOn {
            try client.expectPublish(topic, "1")
            try client.expectPublish(topic, "2")
        }
        try client.expectNothing(from: publisher)
    }

    @Test(
        "max_inflight_bytes lets messages go while the sum is below",
        arguments: [UInt8(1), 2],
        reactors
    )
    func inflightBytes(qos: UInt8, workers: Int) throws {
        let broker = try Broker.shared("max_inflight_bytes 16\n" + Broker.plain, workers: workers)
        let topic = unique("t")
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        try client.subscribe(topic, qos)
        let publisher = try RawClient.connected(to: broker)
        for number in 1...6 { try publisher.publish2(topic, "8 bytes\(number)", id: number) }
        for number in 1...6 {
            // With one of them acknowledged, one more may go.
            if number == 1 { try client.expectPublish(topic, "8 bytes1", qos: qos, id: 1) }
            if number < 6 {
                try client.expectPublish(topic, "8 bytes\(number + 1)", qos: qos, id: number + 1)
            }
            try client.expectSilence()
            if qos == 2 {
                client.send(Wire.pubrec(number))
                try client.expect(Wire.pubrel(number))
                try client.expectSilence()
                client.send(Wire.pubcomp(number))
            } else {
                client.send(Wire.puback(number))
            }
        }
        try client.expectSilence()
    }

    @Test("max_inflight_messages 1 delivers one at a time", arguments: [Version.v4, .v5], reactors)
    func oneAtATime(version: Version, workers: Int) throws {
        let broker = try Broker.shared("max_inflight_messages 1\n" + Broker.plain, workers: workers)
        let client = try RawClient(broker)
        client.send(Wire.connect(unique("c"), version))
        _ = try client.readPacket()
        client.speak(version)
        let topic = unique("t")
        try client.subscribe(topic, 1)
        let publisher = try RawClient.connected(to: broker)
        for number in 1...10 { try publisher.publish1(topic, "\(number)", id: number) }
        for number in 1...10 {
            try client.expectPublish(topic, "\(number)", qos: 1, id: number)
            try client.expectSilence()
            client.send(Wire.puback(number))
        }
        try client.expectSilence()
    }

    @Test("max_inflight_messages 0 sets no window", arguments: reactors)
    func unlimited(workers: Int) throws {
        let broker = try Broker.shared("max_inflight_messages 0\n" + Broker.plain, workers: workers)
        let client = try RawClient.connected(to: broker)
        let topic = unique("t")
        try client.subscribe(topic, 1)
        let publisher = try RawClient.connected(to: broker)
        for number in 1...200 { try publisher.publish1(topic, "\(number)", id: number) }
        for number in 1...200 { try client.expectPublish(topic, "\(number)", qos: 1, id: number) }
    }

    @Test("Without a receive maximum the window is 20", arguments: Version.allCases, reactors)
    func defaultWindow(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let client = try RawClient.connected(to: broker, unique("c"), version)
        let topic = unique("t")
        try client.subscribe(topic, 1)
        let publisher = try RawClient.connected(to: broker)
        for number in 1...30 { try publisher.publish1(topic, "\(number)", id: number) }
        for number in 1...20 { try client.expectPublish(topic, "\(number)", qos: 1, id: number) }
        try client.expectSilence()
        // An acknowledgement nobody asked for gives no place.
        client.send(Wire.puback(21))
        try client.expectSilence()
        client.send(Wire.puback(3))
        try client.expectPublish(topic, "21", qos: 1, id: 21)
        try client.expectSilence()
    }

    @Test(
        "[MQTT-4.3.3-8] QoS 2 publications beyond the receive maximum are kept like the others",
        arguments: [Version.v4, .v5],
        reactors
    )
    func incoming(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let id = unique("c")
        let client = try RawClient.connected(to: broker, id, version)
        let topic = unique("t")
        for number in 1...60 {
            client.send(Wire.publish(version, topic, "\(number)", qos: 2, id: number))
            try client.expect(Wire.pubrec(number))
        }
        // 3.x knows no such maximum.
        let line =
            "Client \(id) has exceeded its receive-maximum quota. This behaviour must be fixed on the client."
        if version == .v5 { try broker.waitForLog(exactly: line) }
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        for number in 1...60 {
            client.send(Wire.pubrel(number))
            try client.expect(Wire.pubcomp(number))
            try watcher.expectPublish(topic, "\(number)")
        }
        client.send(Wire.publish(version, topic, "again", qos: 2, id: 21))
        try client.expect(Wire.pubrec(21))
        client.send(Wire.pubrel(21))
        try client.expect(Wire.pubcomp(21))
        try watcher.expectPublish(topic, "again")
    }

    static let refusals: [(String, Bytes)] = [
        ("denied", Wire.publish(.v5, "$SYS", qos: 1, id: 1)),
        ("too large", Wire.publish(.v5, "a", "12345", qos: 2, id: 1)),
    ]

    @Test(
        "Who publishes what is refused and does not read why is closed, and fills no log",
        arguments: 0..<refusals.count,
        reactors
    )
    func unread(index: Int, workers: Int) throws {
        let broker = try Broker(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous true
            max_queued_messages 10
            message_size_limit 4

            """,
            workers: workers
        )
        let client = try RawClient(port: broker.port, receiveBuffer: 2304)
        client.send(Wire.connect("flood", .v5))
        try client.expect(Wire.connack(.v5))
        let port = client.localPort
        let block = Bytes(repeatElement(Self.refusals[index].1, count: 5000).joined())
        let end = "Client flood [127.0.0.1:\(port)] disconnected: quota exceeded."
        for _ in 0..<1000 {
            if broker.process.errors.text.contains(end) { break }
            client.send(block)
        }
        try broker.waitForLog(exactly: end)
        #expect(broker.process.errors.text.utf8.count < 100_000)
        try RawClient.connected(to: broker, "other").expectSilence()
        try broker.stop()
    }

    @Test("Of many denials in a second the first ones are logged", arguments: reactors)
    func denials(workers: Int) throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: workers
        )
        let client = try RawClient.connected(to: broker, "c", username: "u")
        for _ in 0..<1000 { client.publish("$SYS/x") }
        try client.expectSilence()
        let address = "127.0.0.1:\(client.localPort)"
        try broker.waitForLog(
            exactly: "Further denials of c [\(address)], u'u' are not logged this second."
        )
        try broker.stop()
        let denied = "Denied PUBLISH from c [\(address)], u'u' to '$SYS/x'."
        let count = broker.process.errors.lines.filter { $0.contains(denied) }.count
        // The thousand may take a few seconds on a busy machine.
        #expect(count >= 10 && count < 100)
    }
}
