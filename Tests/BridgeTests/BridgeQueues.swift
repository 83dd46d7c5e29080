// SPDX-License-Identifier: Apache-2.0
// What is kept for the remote while a bridge is not connected.

import Glibc
import TestSupport
import Testing

@Suite("Queues of bridges")
struct BridgeQueues {
    /// Publishes at each QoS while nobody is connected.
    private func publishAll(_ scene: BridgeScene) throws {
        let client = try scene.client()
        client.publish("a", "0")
        try client.publish1("a", "1")
        try client.publish2("a", "2")
    }

    /// What comes next, as payloads, with everything acknowledged.
    private func payloads(_ connection: RawClient) throws -> [String] {
        var payloads: [String] = []
        while let packet = connection.nextPacket(seconds: 0.5) {
            guard packet[0] & 0xF0 == 0x30 else { continue }
            let publish = try TakenPublish(packet, connection.version)
            payloads.append(publish.payload)
            switch publish.qos {
            case 0: break
            case 1: connection.send(Wire.puback(publish.id))
            default:
                connection.send(Wire.pubrec(publish.id))
                try connection.expect(Wire.pubrel(publish.id))
                connection.send(Wire.pubcomp(publish.id))
            }
        }
        return payloads
    }

    @Test(
        "QoS 1 and 2 wait for the remote unless the local session is clean",
        arguments: [
            ("", "", ["1", "2"]), ("", "queue_qos0_messages true", ["0", "1", "2"]),
            ("cleansession true", "", []),
            ("cleansession true\nlocal_cleansession false", "", ["1", "2"]),
            ("local_cleansession true", "", []),
            ("start_type lazy\nthreshold 2", "queue_qos0_messages true", ["0", "1", "2"]),
        ],
        reactors
    )
    func kept(row: (lines: String, head: String, payloads: [String]), workers: Int) throws {
        let scene = try BridgeScene("topic # out 2\n\(row.lines)", head: row.head, workers: workers)
        let connection = try scene.open(requests: 1)
        let mark = scene.broker.logMark
        connection.abort()
        try scene.broker.waitForLog(containing: "Client local.r", from: mark)
        try publishAll(scene)
        let next = try scene.open(requests: 1)
        #expect(try payloads(next) == row.payloads)
    }

    @Test("What is published before the first connection waits as well", arguments: reactors)
    func beforeFirst(workers: Int) throws {
        let scene = try BridgeScene("topic # out 2", workers: workers)
        let connection = try scene.remote.accept()
        _ = try connection.readPacket()
        try publishAll(scene)
        connection.send(BridgeScene.connack(.v4))
        _ = try connection.grant(1)
        #expect(try payloads(connection) == ["1", "2"])
    }

    @Test(
        "What was under way comes again, marked, as long as the remote's session is kept",
        arguments: reactors
    )
    func resent(workers: Int) throws {
        let scene = try BridgeScene("topic # out 2", workers: workers)
        let connection = try scene.open(requests: 1)
        let client = try scene.client()
        try client.publish1("a", "1")
        try client.publish2("a", "2", id: 2)
        try client.publish2("a", "3", id: 3)
        let taken = try [1, 2, 3].map { _ in try connection.takePublish() }
        connection.send(Wire.pubrec(taken[2].id))
        try connection.expect(Wire.pubrel(taken[2].id))
        connection.abort()
        let next = try scene.open(requests: 1, isPresent: true)
        let again = try (0..<2).map { _ in try next.takePublish() }
        #expect(again.map(\.id) == taken.prefix(2).map(\.id))
        #expect(again.map(\.payload) == ["1", "2"])
        #expect(again.map(\.isDuplicate) == [true, true])
        try next.expect(Wire.pubrel(taken[2].id))
        next.send(Wire.pubcomp(taken[2].id))
        next.send(Wire.puback(again[0].id))
        next.send(Wire.pubrec(again[1].id))
        try next.expect(Wire.pubrel(again[1].id))
        next.send(Wire.pubcomp(again[1].id))
        // Nothing is left.
        client.publish("a", "end")
        #expect(try next.takePublish().payload == "end")
    }

    @Test(
        "A QoS 2 message of the remote is published once, whenever the connection breaks",
        arguments: reactors
    )
    func incomingOnce(workers: Int) throws {
        let scene = try BridgeScene("topic # in 2", workers: workers)
        let client = try scene.client()
        try client.subscribe("#", 2)
        let packet = Wire.publish(.v4, "a", "m", qos: 2, id: 5)
        let connection = try scene.open(requests: 1)
        connection.send(packet)
        try connection.expect(Wire.pubrec(5))
        connection.abort()
        let next = try scene.open(requests: 1, isPresent: true)
        next.send(Wire.publish(.v4, "a", "m", qos: 2, id: 5, dup: true))
        try next.expect(Wire.pubrec(5))
        next.send(Wire.pubrel(5))
        try next.expect(Wire.pubcomp(5))
        try client.take2("a", "m", id: 1)
        next.abort()
        let last = try scene.open(requests: 1, isPresent: true)
        last.send(Wire.pubrel(5))
        try last.expect(Wire.pubcomp(5))
        try client.expectSilence()
    }

    @Test(
        "A clean session with the remote forgets what was under way, and no more",
        arguments: reactors
    )
    func clean(workers: Int) throws {
        let scene = try BridgeScene(
            "topic # out 1\ncleansession true\nlocal_cleansession false",
            head: "max_inflight_messages 1\n",
            workers: workers
        )
        let connection = try scene.open(requests: 1)
        let client = try scene.client()
        try client.publish1("a", "1", id: 1)
        try client.publish1("a", "2", id: 2)
        #expect(try connection.takePublish().payload == "1")
        connection.abort()
        let next = try scene.open(requests: 1)
        let payloads = try payloads(next)
        #expect(payloads == ["2"] || payloads == ["1", "2"])
    }

    @Test("No more waits than may", arguments: reactors)
    func limit(workers: Int) throws {
        let scene = try BridgeScene(
            "topic # out 1",
            head: "max_queued_messages 3\nmax_inflight_messages 2\n",
            workers: workers
        )
        let connection = try scene.open(requests: 1)
        let mark = scene.broker.logMark
        connection.abort()
        try scene.broker.waitForLog(containing: "Client local.r", from: mark)
        let client = try scene.client()
        for index in 1...9 { try client.publish1("a", "\(index)", id: index) }
        try scene.broker.waitForLog(
            containing: "Outgoing messages are being dropped for client local.r."
        )
        let next = try scene.open(requests: 1)
        let taken = try payloads(next)
        #expect(taken.count < 9 && taken == (1...9).map { "\($0)" }.filter { taken.contains($0) })
    }

    @Test("The queue outlives the broker", arguments: reactors, [false, true])
    func persistence(workers: Int, isKilled: Bool) throws {
        // The original keeps nothing when it is killed.
        if isKilled, !isOwn { return }
        let remote = try ScriptedRemote()
        let directory = try Broker.makeDirectory()
        let text = BridgeScene.configuration(
            "topic # both 2",
            head: "persistence true\npersistence_location %DIR%/\n"
                + (isKilled ? "persistence_fsync always\n" : ""),
            port: remote.port
        )
        var broker = try Broker(text, workers: workers, in: directory)
        let connection = try remote.accept()
        _ = try connection.readPacket()
        connection.send(BridgeScene.connack(.v4))
        _ = try connection.grant(1)
        let client = try RawClient.connected(to: broker)
        try client.publish2("a", "sent", id: 1)
        let sent = try connection.takePublish()
        connection.abort()
        try client.publish2("a", "queued", id: 2)
        if isKilled {
            broker.process.signal(SIGKILL)
            _ = broker.process.wait()
        } else {
            try broker.stop()
        }
        broker = try Broker(text, workers: workers, in: directory)
        let next = try remote.accept()
        _ = try next.readPacket()
        next.send(BridgeScene.connack(.v4, isPresent: true))
        _ = try next.grant(1)
        let again = try next.takePublish()
        #expect(again.payload == "sent" && again.isDuplicate && again.id == sent.id)
        #expect(try next.takePublish().payload == "queued")
        withExtendedLifetime(broker) {}
    }
}
