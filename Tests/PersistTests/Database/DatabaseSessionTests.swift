// SPDX-License-Identifier: Apache-2.0
// Sessions to a file and back.

import Inflight
import Persist
import TestSupport
import Testing

@Suite("Sessions in mosquitto.db")
struct DatabaseSessionTests {
    /// Puts the sessions of a file together.
    private func sessions(_ records: [DatabaseRecord]) -> [SessionImage] {
        var images: [SessionImage] = []
        for record in records {
            switch record {
            case .client(let client): images.append(SessionImage(client))
            case .delivery(let delivery):
                let isKnown = images[images.count - 1].add(delivery)
                #expect(isKnown)
            case .subscription(let subscription):
                let isWhole = images[images.count - 1].add(subscription)
                #expect(isWhole)
            default: break
            }
        }
        for place in images.indices {
            let dropped = images[place].arrangeDeliveries()
            #expect(dropped == 0)
        }
        return images
    }

    @Test("A session comes back as it was", arguments: 1...20)
    func roundTrip(_ round: Int) throws {
        let seed = DatabaseRandom.seed
        var random = DatabaseRandom(seed: seed)
        let numbers = (0..<10).map { _ in random.next() }
        var images = (0..<5).map { _ in random.session(messages: numbers) }
        let folder = try DatabaseFolder()
        var writer = try DatabaseWriter(path: folder.file)
        for image in images {
            try writer.write(image, expiryTime: 0, listenerPort: 1883) { $0 & 1 == 1 }
        }
        try writer.finish()
        let reading = try DatabaseReading(path: folder.file)
        #expect(reading.error == nil)
        checkIdentifiers(reading.records, seed)
        var restored = sessions(reading.records)
        // What waits may have identifiers other than the session had in mind.
        for place in images.indices where images[place].outgoing.contains(where: { $0.qos > 0 }) {
            images[place].lastIdentifier = 0
            restored[place].lastIdentifier = 0
        }
        #expect(restored == images, "seed \(seed)")
    }

    /// No message that is to be sent has an identifier that another has, nor none.
    private func checkIdentifiers(_ records: [DatabaseRecord], _ seed: UInt64) {
        var seen: Set<UInt16> = []
        for record in records {
            if case .client = record { seen = [] }
            guard case .delivery(let delivery) = record, delivery.direction == .outgoing else {
                continue
            }
            let isNumbered = delivery.identifier != 0
            #expect(isNumbered == (delivery.qos > 0), "seed \(seed)")
            let isNew = seen.insert(delivery.identifier).inserted
            #expect(isNew || !isNumbered, "seed \(seed)")
        }
    }

    /// The identifiers that messages get which wait.
    private func identifiers(
        _ outgoing: [OutgoingImage],
        last: UInt16
    ) throws -> (client: UInt16, deliveries: [UInt16]) {
        var image = SessionImage(clientIdentifier: "c", expiryInterval: 1)
        image.outgoing = outgoing
        image.lastIdentifier = last
        let folder = try DatabaseFolder()
        var writer = try DatabaseWriter(path: folder.file)
        try writer.write(image, expiryTime: 9, listenerPort: 0) { _ in false }
        try writer.finish()
        let records = try DatabaseReading(path: folder.file).records
        guard case .client(let client) = records.first else { throw Mismatch("no client") }
        #expect(client.expiryTime == 9)
        return (
            client.lastIdentifier,
            records.compactMap { record in
                guard case .delivery(let delivery) = record else { return nil }
                return delivery.identifier
            }
        )
    }

    private func message(
        _ qos: UInt8,
        _ progress: OutgoingImage.Progress = .queued
    ) -> OutgoingImage {
        OutgoingImage(
            message: 1,
            qos: qos,
            isRetained: false,
            subscriptionIdentifier: 0,
            progress: progress
        )
    }

    @Test("The last message that waits has the session's last identifier")
    func lastIdentifier() throws {
        let queue = [message(1), message(0), message(2), message(1)]
        #expect(try identifiers(queue, last: 10) == (10, [8, 0, 9, 10]))
        #expect(try identifiers(queue, last: 2) == (2, [0xFFFF, 0, 1, 2]))
        #expect(try identifiers(queue, last: 0) == (3, [1, 0, 2, 3]))
        let sent = [message(1, .published(identifier: 9)), message(1), message(1)]
        #expect(try identifiers(sent, last: 10) == (11, [9, 10, 11]))
        #expect(try identifiers([], last: 77) == (77, []))
    }

    @Test("States of the original and what they mean here")
    func states() {
        func delivery(
            _ state: DatabaseDelivery.State,
            qos: UInt8,
            identifier: UInt16 = 5,
            _ direction: DatabaseDelivery.Direction = .outgoing
        ) -> DatabaseDelivery {
            DatabaseDelivery(
                clientIdentifier: "c",
                message: 1,
                identifier: identifier,
                qos: qos,
                isRetained: false,
                isDuplicate: false,
                direction: direction,
                state: state,
                subscriptionIdentifier: 0
            )
        }
        let published = OutgoingImage.Progress.published(identifier: 5)
        let released = OutgoingImage.Progress.released(identifier: 5)
        #expect(delivery(.publishQoS0, qos: 0, identifier: 0).outgoing?.progress == .queued)
        #expect(delivery(.queued, qos: 2).outgoing?.progress == .queued)
        #expect(delivery(.publishQoS1, qos: 1).outgoing?.progress == published)
        #expect(delivery(.awaitingPuback, qos: 1).outgoing?.progress == published)
        #expect(delivery(.publishQoS2, qos: 2).outgoing?.progress == published)
        #expect(delivery(.awaitingPubrec, qos: 2).outgoing?.progress == published)
        #expect(delivery(.resendPubrel, qos: 2).outgoing?.progress == released)
        #expect(delivery(.awaitingPubcomp, qos: 2).outgoing?.progress == released)
        #expect(delivery(.awaitingPuback, qos: 1, identifier: 0).outgoing?.progress == .queued)
        #expect(delivery(.awaitingPubcomp, qos: 2, identifier: 0).outgoing == nil)
        #expect(delivery(.awaitingPubrel, qos: 2).outgoing == nil)
        #expect(delivery(.awaitingPubrel, qos: 2).incoming == nil)
        for state in [DatabaseDelivery.State.awaitingPubrel, .queued, .sendPubrec] {
            let image = delivery(state, qos: 2, .incoming).incoming
            #expect(image == IncomingImage(identifier: 5, message: 1))
        }
        #expect(delivery(.resendPubcomp, qos: 2, .incoming).incoming == nil)
        #expect(delivery(.awaitingPubrel, qos: 1, .incoming).incoming == nil)
        #expect(delivery(.awaitingPubrel, qos: 2, identifier: 0, .incoming).incoming == nil)
        #expect(delivery(.queued, qos: 2, .incoming).outgoing == nil)
    }

    @Test("Deliveries that no broker writes are put in order")
    func arranged() {
        var image = SessionImage(clientIdentifier: "c", expiryInterval: 1)
        image.outgoing = [
            message(1), message(2, .published(identifier: 1)), message(2, .released(identifier: 1)),
            message(0), message(2, .released(identifier: 1)), message(1, .published(identifier: 2)),
        ]
        image.incoming = [
            IncomingImage(identifier: 1, message: 1), IncomingImage(identifier: 1, message: 2),
        ]
        let dropped = image.arrangeDeliveries()
        #expect(dropped == 2)
        #expect(
            image.outgoing == [
                message(2, .released(identifier: 1)), message(1, .published(identifier: 2)),
                message(1), message(2), message(0),
            ]
        )
        #expect(image.incoming == [IncomingImage(identifier: 1, message: 1)])
    }
}
