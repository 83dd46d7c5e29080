// SPDX-License-Identifier: Apache-2.0
// From a batch of publications to the sessions that get it.

import Config
import MQTT
import Persist
import Topics

extension Worker {
    /// Collects publications while `body` runs, and delivers what is left then.
    ///
    /// The scope of a batch: it is delivered before anything that must come after it, and never
    /// outlives the bytes it was made of. A scope inside another one begins by delivering what the
    /// outer one has collected.
    @inline(__always)
    func collect<Result>(_ body: (PublishBatch) -> Result) -> Result {
        deliverCollected()
        let result = body(batch)
        deliverCollected()
        return result
    }

    /// Delivers what has been collected to whoever is subscribed, stores it if it is retained, then
    /// acknowledges it.
    ///
    /// Nothing in here publishes, so the batch cannot change under its own feet. Returns whether any
    /// subscription matched.
    @discardableResult
    func deliverCollected() -> Bool {
        guard !batch.isEmpty else { return false }
        assert(!isDelivering, "nothing publishes while a batch is being delivered")
        if let recorder, recorder.refuses(batch) {
            refuseCollected()
            return false
        }
        if batch.purpose == .receive { return keepCollected() }
        isDelivering = true
        defer { isDelivering = false }
        // Stored before the route is looked up: a subscription made meanwhile on another reactor that is
        // not in the route finds the retained message.
        if batch.isRetained {
            recorder?.prepareRetained(batch)
            retain(batch)
        }
        let route = routes.route(batch.topic)
        let hasSubscribers = !route.isEmpty
        if let recorder { recorder.accept(batch, route) }
        fanOut(batch, route)
        if batch.purpose == .release || batch.purpose == .publish && batch.qos == 1 {
            answerCollected(hasSubscribers)
        }
        finish(batch)
        return hasSubscribers
    }

    private func answerCollected(_ hasSubscribers: Bool) {
        if let sender = batch.sender {
            sender._withUnsafeGuaranteedRef { $0.acknowledge(batch, hasSubscribers) }
        } else {
            batch.decidedClient?.acknowledge(batch, hasSubscribers)
        }
    }

    /// Keeps the QoS 2 publications until they are released.
    private func keepCollected() -> Bool {
        recorder?.prepareReceived(batch)
        batch.sender?._withUnsafeGuaranteedRef { $0.keep(batch) }
        batch.reset()
        return false
    }

    /// Delivers what has been collected and goes on with the same topic and publisher, with `room`
    /// bytes of arena.
    func continueBatch(room: Int) -> UnsafeMutableRawBufferPointer? {
        let origin = batch.origin
        let sender = batch.sender
        deliverCollected()
        batch.resume(origin: origin, sender: sender)
        return batch.reserveArena(room)
    }

    /// Publishes one borrowed message, after what has been collected.
    ///
    /// Returns whether any subscription matched.
    @discardableResult
    func publish(
        _ publication: UnsafePublication,
        from publisher: SessionHandle = SessionHandle(rawValue: .max),
        message: Message? = nil
    ) -> Bool {
        deliverCollected()
        batch.begin(
            .forward,
            topic: publication.topic,
            publisher: publisher,
            origin: publication.origin,
            qos: publication.qos,
            isRetained: publication.isRetained
        )
        batch.append(
            payload: publication.payload,
            properties: publication.properties,
            expiresAt: publication.expiresAt,
            packetIdentifier: 0,
            message: message
        )
        return deliverCollected()
    }

    /// Publishes a stored message.
    ///
    /// Returns whether any subscription matched.
    @discardableResult
    func publish(_ message: Message, from publisher: SessionHandle) -> Bool {
        message.withPublication { publish($0, from: publisher, message: message) }
    }

    /// Publishes on behalf of the broker: `$SYS`, log lines, plugins.
    func publishInternally(
        topic: [UInt8],
        payload: [UInt8],
        qos: UInt8,
        isRetained: Bool,
        expiryInterval: UInt32?
    ) {
        UnsafePublication.with(
            topic: topic,
            payload: payload,
            qos: qos,
            isRetained: isRetained && settings.configuration.retainAvailable,
            expiresAt: Expiry.second(after: expiryInterval, from: now)
        ) { publication in
            _ = publish(publication)
        }
    }

    /// Sends a batch to every destination of a route: normal subscriptions, then shared ones.
    private func fanOut(_ batch: PublishBatch, _ route: UnsafeRoute) {
        let all = 0..<batch.count
        batch.isForOne = route.isSole
        if batch.isForOne, fanOuts.isEmpty, !route.local.isEmpty {
            work &+= 1
            fanOutSerial &+= 1
            return deliver(batch, entries: all, to: route.local[0])
        }
        let work = batch.work(on: route)
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
    private func deal(_ batch: PublishBatch, to groups: [SharedGroup]) {
        let serial = fanOutSerial
        for index in 0..<batch.count {
            fanOutSerial &+= 1
            for group in groups {
                guard let destination = group.next() else { continue }
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

    /// Ends a batch that has been delivered.
    @inline(__always)
    func finish(_ batch: PublishBatch) {
        if batch.isLarge { trimScratchLater() }
        batch.reset()
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
