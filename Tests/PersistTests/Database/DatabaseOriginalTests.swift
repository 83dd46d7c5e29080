// SPDX-License-Identifier: Apache-2.0
// Both ways with the original broker: its files are read here, ours are served there.

import Foundation
import Glibc
import Inflight
import MQTT
import Persist
import TestSupport
import Testing

/// What a file holds, by name instead of number.
private struct Contents {
    var messages: [MessageNumber: (DatabaseMessage, topic: String, Bytes, payload: String)] = [:]
    var clients: [String: DatabaseClient] = [:]
    var images: [String: SessionImage] = [:]
    var retained: [String] = []
    var configuration: DatabaseConfiguration?

    init(_ records: [DatabaseRecord]) throws {
        for record in records {
            switch record {
            case .configuration(let found): configuration = found
            case .message(let message, let topic, let properties, let payload):
                let text = String(decoding: topic, as: UTF8.self)
                let content = String(decoding: payload, as: UTF8.self)
                messages[message.number] = (message, text, properties, content)
            case .client(let client):
                clients[client.clientIdentifier] = client
                images[client.clientIdentifier] = SessionImage(client)
            case .delivery(let delivery):
                let isKnown = images[delivery.clientIdentifier]?.add(delivery)
                guard isKnown == true else { throw Mismatch("\(delivery)") }
            case .subscription(let subscription):
                let isKnown = images[subscription.clientIdentifier]?.add(subscription)
                guard isKnown == true else { throw Mismatch("\(subscription)") }
            case .retained(let number): retained.append(messages[number]?.topic ?? "none")
            case .notice(let notice): throw Mismatch(notice.logLine)
            }
        }
        for name in Array(images.keys) {
            let dropped = images[name]?.arrangeDeliveries()
            guard dropped == 0 else { throw Mismatch("\(name) has deliveries that cannot be") }
        }
    }

    /// The messages to a client: topic, QoS, how far.
    func outgoing(_ client: String) -> [String] {
        images[client]?.outgoing.map {
            "\(messages[$0.message]?.topic ?? "none") \($0.qos) \($0.progress)"
        } ?? []
    }
}

@Suite(
    .serialized,
    .enabled(if: DatabaseOriginal.isAvailable, "needs the original broker, version 2.0")
)
struct DatabaseOriginalTests {
    /// Has the broker keep sessions with queues and messages under way, and stops it.
    private func fill(_ folder: DatabaseFolder) throws -> Int {
        let broker = try DatabaseOriginal(in: folder)
        let durable = try broker.connect("durable", userName: "user")
        try durable.subscribe("q/#", 2)
        try durable.disconnect()
        let modern = try broker.connect("modern", .v5, properties: Property.sessionExpiry(1000))
        try modern.subscribe("q/2", 0x2D, properties: Property.subscriptionIdentifier(300))
        try modern.disconnect()
        let busy = try broker.connect("busy")
        try busy.subscribe("b/#", 2)
        let giver = try broker.connect("giver")
        let publisher = try broker.connect("pub", .v5, clean: true, userName: "pu")
        func publish(
            _ topic: String,
            _ payload: String,
            qos: UInt8,
            id: Int,
            _ list: Bytes = []
        ) throws {
            let packet = Wire.publish(
                .v5,
                topic,
                payload,
                qos: qos,
                id: id,
                retain: topic.hasPrefix("r"),
                properties: list
            )
            publisher.send(packet)
            if qos == 0 { return }
            #expect(try publisher.readPacket().first == (qos == 1 ? 0x40 : 0x50))
            guard qos == 2 else { return }
            publisher.send(Wire.pubrel(id))
            try publisher.expect(Wire.pubcomp(id))
        }
        try publish("q/1", "one", qos: 1, id: 1)
        let list = Property.contentType("text") + Property.user("a", "b")
        try publish("q/2", "two", qos: 2, id: 2, Property.messageExpiry(5000) + list)
        try publish("q/0", "zero", qos: 0, id: 0)
        try publish("r/1", "kept", qos: 1, id: 3, Property.responseTopic("back"))
        try publish("r/2", String(repeating: "x", count: 300_000), qos: 1, id: 4)
        for (number, qos) in [(1, 1), (2, 2), (3, 2)] as [(Int, UInt8)] {
            try publish("b/\(number)", "", qos: qos, id: 10 + number)
            try busy.expectPublish("b/\(number)", qos: qos, id: number)
        }
        busy.send(Wire.pubrec(3))
        try busy.expect(Wire.pubrel(3))
        giver.send(Wire.publish(.v4, "g/1", "given", qos: 2, id: 9, retain: true))
        try giver.expect(Wire.pubrec(9))
        try broker.stop()
        return broker.port
    }

    @Test("What the original keeps is read")
    func reads() throws {
        let folder = try DatabaseFolder()
        let before = Int64(time(nil))
        let port = try fill(folder)
        let reading = try DatabaseReading(path: folder.file)
        #expect(reading.error == nil && reading.collected.version == 6)
        let contents = try Contents(reading.records)
        #expect(contents.configuration?.isCleanShutdown == true)
        let last = contents.messages.keys.max() ?? .max
        #expect(contents.configuration.map { $0.lastNumber >= last } == true)

        #expect(contents.images.keys.sorted() == ["busy", "durable", "giver", "modern"])
        #expect(contents.outgoing("durable") == ["q/1 1 queued", "q/2 2 queued", "q/0 0 queued"])
        #expect(contents.outgoing("modern") == ["q/2 1 queued"])
        #expect(
            contents.outgoing("busy") == [
                "b/1 1 published(identifier: 1)", "b/2 2 published(identifier: 2)",
                "b/3 2 released(identifier: 3)",
            ]
        )
        let given = try #require(contents.images["giver"]?.incoming.first)
        #expect(given.identifier == 9 && contents.messages[given.message]?.payload == "given")
        #expect(contents.messages[given.message]?.0.isRetained == true)
        #expect(contents.retained.sorted() == ["r/1", "r/2"])

        let durable = try #require(contents.clients["durable"])
        #expect(durable.userName == "user" && durable.listenerPort == UInt16(port))
        #expect(durable.expiryInterval == .max && durable.lastIdentifier == 2)
        let modern = try #require(contents.clients["modern"])
        #expect(modern.expiryInterval == 1000)
        // The original may have given it the name of a session before it in the file.
        #expect(modern.userName == nil || modern.userName == "user")
        #expect((before + 1000...before + 1060).contains(modern.expiryTime))
        #expect(contents.images["modern"]?.outgoing.first?.subscriptionIdentifier == 300)
        // The original forgets Retain Handling, which has done its work.
        let subscription = SubscriptionImage(
            filter: utf8("q/2"),
            shareName: nil,
            options: 0x0D,
            identifier: 300
        )
        #expect(contents.images["modern"]?.subscriptions == [subscription])
        try checkMessages(contents, port, before)
    }

    private func checkMessages(_ contents: Contents, _ port: Int, _ before: Int64) throws {
        let two = try #require(contents.messages.values.first { $0.topic == "q/2" })
        #expect(two.payload == "two" && two.0.qos == 2 && two.0.sourceIdentifier == "pub")
        #expect(two.0.sourceUserName == "pu" && two.0.sourcePort == UInt16(port))
        #expect((before + 5000...before + 5060).contains(two.0.expiryTime))
        #expect(two.2 == Property.contentType("text") + Property.user("a", "b"))
        let kept = try #require(contents.messages.values.first { $0.topic == "r/1" })
        #expect(kept.0.isRetained && kept.0.expiryTime == 0 && kept.payload == "kept")
        let large = try #require(contents.messages.values.first { $0.topic == "r/2" })
        #expect(large.payload.utf8.count == 300_000)
    }

    @Test("What the original keeps is served there again after it was read and written here")
    func rewrites() throws {
        let folder = try DatabaseFolder()
        _ = try fill(folder)
        let records = try DatabaseReading(path: folder.file).records
        try folder.write(records)
        #expect(try DatabaseReading(path: folder.file).records == records)
        let broker = try DatabaseOriginal(in: folder)
        let busy = try broker.connect("busy", sessionPresent: true)
        try busy.expect(
            inAnyOrder: [
                Wire.publish(.v4, "b/1", qos: 1, id: 1, dup: true),
                Wire.publish(.v4, "b/2", qos: 2, id: 2, dup: true), Wire.pubrel(3),
            ]
        )
        try broker.stop()
    }

    /// Writes sessions, their messages and a retained one.
    private func write(_ images: [SessionImage], to folder: DatabaseFolder) throws {
        var writer = try DatabaseWriter(path: folder.file)
        try writer.write(DatabaseConfiguration(lastNumber: 100, isCleanShutdown: true))
        for number in 1...9 {
            let message = DatabaseMessage(
                number: MessageNumber(number),
                expiryTime: number == 2 ? Int64(time(nil)) + 5000 : 0,
                sourceIdentifier: "pub",
                qos: 2,
                isRetained: number >= 8
            )
            let properties = number == 9 ? Property.contentType("text") : []
            try writer.write(
                message,
                topic: utf8("t/\(number)").rawBytes,
                properties: properties.rawBytes,
                payload: utf8("m\(number)").rawBytes
            )
        }
        for image in images {
            try writer.write(image, expiryTime: 0, listenerPort: 0) { $0 >= 8 }
        }
        try writer.write(retained: 9)
        try writer.finish()
    }

    private func message(
        _ number: MessageNumber,
        _ qos: UInt8,
        _ progress: OutgoingImage.Progress = .queued
    ) -> OutgoingImage {
        OutgoingImage(
            message: number,
            qos: qos,
            isRetained: false,
            subscriptionIdentifier: number == 6 ? 77 : 0,
            progress: progress
        )
    }

    @Test("Messages under way and queues written here are served by the original")
    func serves() throws {
        var image = SessionImage(clientIdentifier: "durable", expiryInterval: .max)
        image.lastIdentifier = 30
        image.outgoing = [
            message(1, 1, .published(identifier: 10)), message(2, 2, .published(identifier: 11)),
            message(3, 2, .released(identifier: 12)), message(4, 1), message(5, 2), message(6, 1),
            message(7, 0),
        ]
        let folder = try DatabaseFolder()
        try write([image], to: folder)
        let broker = try DatabaseOriginal(in: folder)
        let client = try broker.connect("durable", .v5, sessionPresent: true)
        var packets = try (0..<7).map { _ in try client.readPacket() }
        // The message that expires carries what is left of its life, a little less than 5,000 s.
        let expiring = packets.remove(at: 1)
        #expect(expiring.starts(with: hex("3C 0F 0003 742f32 000B 05 02 0000 13")))
        #expect(
            packets == [
                Wire.publish(.v5, "t/1", "m1", qos: 1, id: 10, dup: true), Wire.pubrel(12),
                Wire.publish(.v5, "t/4", "m4", qos: 1, id: 28),
                Wire.publish(.v5, "t/5", "m5", qos: 2, id: 29),
                Wire.publish(
                    .v5,
                    "t/6",
                    "m6",
                    qos: 1,
                    id: 30,
                    properties: Property.subscriptionIdentifier(77)
                ), Wire.publish(.v5, "t/7", "m7"),
            ]
        )
        try broker.stop()
    }

    @Test("Subscriptions, shared ones too, written here work in the original")
    func subscriptions() throws {
        var image = SessionImage(clientIdentifier: "durable", userName: "u", expiryInterval: .max)
        image.subscriptions = [
            SubscriptionImage(filter: utf8("s/+"), shareName: nil, options: 1, identifier: 5),
            SubscriptionImage(filter: utf8("w/#"), shareName: utf8("g"), options: 2, identifier: 0),
        ]
        let folder = try DatabaseFolder()
        try write([image], to: folder)
        let broker = try DatabaseOriginal(in: folder)
        let client = try broker.connect("durable", .v5, sessionPresent: true)
        let publisher = try broker.connect("pub", clean: true)
        publisher.send(Wire.publish(.v4, "s/1", "x", qos: 1, id: 1))
        try client.expect(
            Wire.publish(
                .v5,
                "s/1",
                "x",
                qos: 1,
                id: 1,
                properties: Property.subscriptionIdentifier(5)
            )
        )
        publisher.send(Wire.publish(.v4, "w/1", "y", qos: 1, id: 2))
        try client.expect(Wire.publish(.v5, "w/1", "y", qos: 1, id: 2))
        try broker.stop()
    }

    @Test("A message that waits for its release, and a retained one, go on in the original")
    func incomingAndRetained() throws {
        var image = SessionImage(clientIdentifier: "giver", expiryInterval: .max)
        image.incoming = [IncomingImage(identifier: 9, message: 8)]
        let folder = try DatabaseFolder()
        try write([image], to: folder)
        let broker = try DatabaseOriginal(in: folder)
        let watcher = try broker.connect("watcher", .v5, clean: true)
        try watcher.subscribe("t/#")
        try watcher.expect(
            Wire.publish(.v5, "t/9", "m9", retain: true, properties: Property.contentType("text"))
        )
        let giver = try broker.connect("giver", sessionPresent: true)
        giver.send(Wire.pubrel(9))
        try giver.expect(Wire.pubcomp(9))
        try watcher.expect(Wire.publish(.v5, "t/8", "m8"))
        let late = try broker.connect("late", clean: true)
        try late.subscribe("t/8")
        try late.expect(Wire.publish(.v4, "t/8", "m8", retain: true))
        try broker.stop()
    }

    @Test("Sessions by chance come back from the original as they were", arguments: 1...4)
    func throughTheOriginal(_ round: Int) throws {
        let seed = DatabaseRandom.seed
        var random = DatabaseRandom(seed: seed)
        var images = (0..<20).map { number in
            var image = random.session(messages: (1...9).map { MessageNumber($0) })
            image.clientIdentifier += "\(number)"
            // A name each: see `DatabaseTextCache`. Never ending, or the original ends them.
            image.userName = "name\(number)"
            image.expiryInterval = .max
            for place in image.subscriptions.indices { image.subscriptions[place].shareName = nil }
            return image
        }
        let folder = try DatabaseFolder()
        try write(images, to: folder)
        // What waits has got its identifiers in the file.
        let written = try Contents(DatabaseReading(path: folder.file).records)
        for place in images.indices {
            let name = images[place].clientIdentifier
            images[place].lastIdentifier = try #require(written.images[name]).lastIdentifier
        }
        try DatabaseOriginal(in: folder).stop()
        let contents = try Contents(DatabaseReading(path: folder.file).records)
        #expect(contents.images.count == images.count, "seed \(seed)")
        for image in images {
            var restored = try #require(contents.images[image.clientIdentifier])
            restored.subscriptions.sort { $0.filter.lexicographicallyPrecedes($1.filter) }
            #expect(restored == image, "seed \(seed)")
        }
    }

    @Test("The files of each version by hand are ones to the original", arguments: 2...5)
    func examples(_ version: UInt32) throws {
        let example = try #require(DatabaseExample.all.first { $0.version == version })
        let folder = try DatabaseFolder()
        try Data(example.bytes).write(to: URL(fileURLWithPath: folder.file))
        let broker = try DatabaseOriginal(in: folder)
        let watcher = try broker.connect("watcher", clean: true)
        try watcher.subscribe("t/9")
        try watcher.subscribe("a/b", id: 2)
        // An empty message retains nothing.
        if version < 5 {
            try watcher.expect(Wire.publish(.v4, "a/b", "hello", retain: true))
        } else {
            let client = try broker.connect("dur", .v5, sessionPresent: true)
            try client.expect(Wire.publish(.v5, "a/b", qos: 1, id: 9, retain: true, dup: true))
        }
        #expect(!broker.log.contains("Error"))
        try broker.stop()
    }

    @Test("What the original refuses is refused here in its words")
    func refusals() throws {
        let errno = "Error: Unexpected end of file."
        for refusal in DatabaseReaderTests.Refusal.all where refusal.line != errno {
            let folder = try DatabaseFolder()
            try Data(refusal.bytes).write(to: URL(fileURLWithPath: folder.file))
            let (status, lines) = try DatabaseOriginal.refusal(in: folder)
            // The original prints the number as one with a sign.
            let line = refusal.line.replacing("4294967295", with: "-1")
            #expect(status == 1 && lines.contains(line), "\(lines)")
            #expect(lines.last == "Error: Couldn't open database.")
        }
    }
}
