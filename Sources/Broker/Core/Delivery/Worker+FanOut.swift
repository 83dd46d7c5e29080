// SPDX-License-Identifier: Apache-2.0
// From a batch and its route to the sessions that get it.

import MQTT
import Persist
import Topics

extension Worker {
    /// Sends a batch to every destination of a route: normal subscriptions, then shared ones.
    /// [MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4] [MQTT-3.3.4-5] [MQTT-4.6.0-5] [MQTT-4.6.0-6]
    /// [MQTT311-3.3.5-1] [MQTT311-4.6.0-5] [MQTT311-4.6.0-6]
    func fanOut(_ batch: PublishBatch, _ route: UnsafeRoute) {
        let all = 0..<batch.count
        batch.isForOne = route.isSole
        if batch.isForOne, fanOuts.isEmpty, !route.local.isEmpty {
            work &+= 1
            fanOutSerial &+= 1
            return deliver(batch, entries: all, to: route.local[0])
        }
        let work = batch.work(on: route)
        if work == 0, route.remote.isEmpty, batch.origin != nil {
            counters.unrouted.add(batch.count)
        }
        self.work &+= work
        if work > fanOuts.atOnceMax || !fanOuts.isEmpty && mustFollow(batch) {
            fanOuts.add(batch, route, on: self)
            if !route.remote.isEmpty { mail(batch, entries: all, to: route.remote) }
            return
        }
        fanOutSerial &+= 1
        batch.isForMany = route.local.count > Self.manyMin
        for destination in route.local { deliver(batch, entries: all, to: destination) }
        if !route.remote.isEmpty { mail(batch, entries: all, to: route.remote) }
        if route.hasGroups { deal(batch, to: route.groups) }
    }

    /// Whether a batch would overtake one of the same publisher that is being delivered.
    ///
    /// A client is not read from while its batch is being delivered, so it has none; publications of
    /// wills, plugins and other workers may.
    private func mustFollow(_ batch: PublishBatch) -> Bool {
        batch.sender?._withUnsafeGuaranteedRef { $0.spreadCount > 0 } ?? true
    }

    /// Puts a batch into the outbox of each other worker it is for.
    private func mail(
        _ batch: PublishBatch,
        entries: Range<Int>,
        to destinations: UnsafeBufferPointer<Destination>
    ) {
        var rest = destinations[...]
        while let first = rest.first {
            let home = first.session.reactor
            let end = rest.firstIndex { $0.session.reactor != home } ?? rest.endIndex
            send(batch, entries: entries, to: rest[..<end], on: Int(home))
            rest = rest[end...]
        }
    }

    /// Puts one message into the outbox of the worker that one destination is on.
    func mail(_ batch: PublishBatch, entries: Range<Int>, to destination: Destination) {
        let home = Int(destination.session.reactor)
        send(batch, entries: entries, to: CollectionOfOne(destination), on: home)
    }

    /// Shared subscriptions: each message to the next session of each group.
    /// [MQTT-4.8.2-3] [MQTT-4.8.2-5] [MQTT-4.8.2-6]
    private func deal(_ batch: PublishBatch, to groups: [SharedGroup]) {
        let serial = fanOutSerial
        for index in 0..<batch.count {
            fanOutSerial &+= 1
            for group in groups {
                guard let destination = group.next() else {
                    recorder?.deal(batch, index, to: nil)
                    continue
                }
                let entries = index..<(index + 1)
                recorder?.deal(batch, index, to: destination)
                if Int(destination.session.reactor) == self.index {
                    deliver(batch, entries: entries, to: destination, unlessServedBy: serial)
                } else {
                    mail(batch, entries: entries, to: destination)
                }
            }
        }
    }

    /// Delivers what another worker has sent, after what waits here for its turn.
    func deliver(_ batch: DeliveryBatch) {
        deliveries.noteMail(readAt: batch.readAt)
        guard fanOuts.isEmpty, batch.work <= fanOuts.atOnceMax else {
            return fanOuts.add(batch, on: self)
        }
        for part in batch.parts {
            load(part, of: batch, into: foreignBatch)
            deliver(
                foreignBatch,
                entries: 0..<foreignBatch.count,
                to: batch.destinations[part.destinations]
            )
            finish(foreignBatch)
        }
        noteDelivered(byteCount: batch.byteCount)
        broker.batches.give(batch)
    }

    /// Fills an empty batch with the publications of a part; they lie in what was sent.
    func load(_ part: DeliveryBatch.Part, of source: DeliveryBatch, into batch: PublishBatch) {
        source.withBytes { bytes in
            batch.begin(
                .forward,
                topic: UnsafeRawBufferPointer(rebasing: bytes[part.topic]),
                publisher: part.publisher,
                origin: part.origin,
                qos: part.qos,
                isRetained: part.isRetained
            )
            batch.firstNumber = part.firstNumber
            if !part.wire.isEmpty {
                let wire = UnsafeRawBufferPointer(rebasing: bytes[part.wire])
                batch.takeAll(wire, isV5: part.isWireV5)
            }
            for index in part.entries {
                let entry = source.entries[index]
                if let message = entry.message {
                    batch.append(message, expiresAt: entry.expiresAt, packetIdentifier: 0)
                } else {
                    batch.append(
                        payload: UnsafeRawBufferPointer(rebasing: bytes[entry.payload]),
                        properties: UnsafeRawBufferPointer(rebasing: bytes[entry.properties]),
                        expiresAt: entry.expiresAt,
                        packetIdentifier: 0
                    )
                }
            }
        }
    }

    /// Delivers what comes from another worker to sessions of this one.
    func deliver(
        _ batch: PublishBatch,
        entries: Range<Int>,
        to destinations: some Collection<Destination>
    ) {
        fanOutSerial &+= 1
        batch.isForMany = destinations.count > Self.manyMin
        for destination in destinations { deliver(batch, entries: entries, to: destination) }
    }

    /// More sessions than this are written to at the end of the turn.
    static let manyMin = 256

    @inline(__always)
    private func deliver(
        _ batch: PublishBatch,
        entries: Range<Int>,
        to destination: Destination
    ) {
        guard let session = sessions[destination.session] else { return }
        if destination.options.isNoLocal, destination.session == batch.publisher { return }
        if !limits.allowsDuplicates, !session.isFirstDelivery(of: fanOutSerial) {
            return decline(batch, entries, destination)
        }
        deliver(batch, entries, to: session, destination)
    }

    /// The same for a message of a batch whose destinations have been served under `serial`.
    private func deliver(
        _ batch: PublishBatch,
        entries: Range<Int>,
        to destination: Destination,
        unlessServedBy serial: UInt64
    ) {
        if !limits.allowsDuplicates, let session = sessions[destination.session],
            session.wasServed(by: serial)
        {
            return decline(batch, entries, destination)
        }
        deliver(batch, entries: entries, to: destination)
    }

    /// A client gets publications but once.
    func decline(_ batch: PublishBatch, _ entries: Range<Int>, _ destination: Destination) {
        guard let recorder, let session = sessions[destination.session] else { return }
        recorder.decline(batch, entries, by: session, .other)
    }

    /// Delivers to a session that may have had the message already.
    func deliver(
        _ batch: PublishBatch,
        entries: Range<Int>,
        repeatedlyTo destination: Destination
    ) {
        guard let session = sessions[destination.session] else { return }
        if destination.options.isNoLocal, destination.session == batch.publisher { return }
        deliver(batch, entries, to: session, destination)
    }
}
