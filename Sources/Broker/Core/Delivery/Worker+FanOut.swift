// SPDX-License-Identifier: Apache-2.0
// From a run of publications to the sessions that get it.

import Config
import MQTT
import Topics

extension Worker {
    /// Delivers the collected run to whoever is subscribed, stores it if it is retained, then
    /// acknowledges it.
    ///
    /// Nothing in here publishes, so the run cannot change under its own feet. Returns whether any
    /// subscription matched.
    @discardableResult
    func flushRun() -> Bool {
        guard run.count > 0 else { return false }
        if run.isStored { return storeRun() }
        // Stored before the route is looked up: a subscription that comes too late for the one finds
        // the other.
        if run.isRetained { retain(run) }
        let route = routes.route(run.topic)
        let hasSubscribers = !route.isEmpty
        fanOut(run, route)
        if run[0].packetIdentifier != 0, run.qos == 1 || run.isReleased {
            if let sender = run.sender {
                sender._withUnsafeGuaranteedRef { acknowledgeRun(to: $0, hasSubscribers) }
            } else if let client = sessions[run.publisher]?.client {
                acknowledgeRun(to: client, hasSubscribers)
            }
        }
        run.reset()
        return hasSubscribers
    }

    @inline(__always)
    private func acknowledgeRun(to client: Client, _ hasSubscribers: Bool) {
        guard client.stage == .connected else { return }
        if !run.isReleased { client.session?.forgetReused(run) }
        let isPlain = hasSubscribers || run.isReleased || !client.isV5
        client.acknowledge(
            run,
            run.isReleased ? .pubcomp : .puback,
            isPlain ? .success : .noMatchingSubscribers
        )
    }

    /// Keeps the QoS 2 publications of the run until they are released.
    private func storeRun() -> Bool {
        if let client = sessions[run.publisher]?.client { client.store(run) }
        run.reset()
        return false
    }

    /// Delivers the run and begins it anew, with `room` bytes of arena.
    func continueRun(room: Int) -> UnsafeMutableRawBufferPointer? {
        let origin = run.origin
        let sender = run.sender
        flushRun()
        run.resume(origin: origin, sender: sender)
        return run.reserveArena(room)
    }

    /// Publishes one borrowed message; no run may be under way.
    ///
    /// Returns whether any subscription matched.
    @discardableResult
    func publish(
        _ publication: UnsafePublication,
        from publisher: SessionHandle = SessionHandle(rawValue: .max),
        message: Message? = nil
    ) -> Bool {
        flushRun()
        run.begin(
            topic: publication.topic,
            mountPoint: [],
            publisher: publisher,
            origin: publication.origin,
            qos: publication.qos,
            isRetained: publication.isRetained
        )
        run.append(
            payload: publication.payload,
            properties: publication.properties,
            expiresAt: publication.expiresAt,
            packetIdentifier: 0,
            message: message
        )
        return flushRun()
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
        expiresInSeconds: Int64
    ) {
        topic.withUnsafeBytes { topic in
            payload.withUnsafeBytes { payload in
                let publication = UnsafePublication(
                    topic: topic,
                    properties: UnsafeRawBufferPointer(start: nil, count: 0),
                    payload: payload,
                    qos: qos,
                    isRetained: isRetained && settings.configuration.retainAvailable,
                    expiresAt: expiresInSeconds > 0 ? now + expiresInSeconds : 0,
                    origin: nil
                )
                publish(publication)
            }
        }
    }

    /// Sends a run to every destination of a route: normal subscriptions, then shared ones.
    private func fanOut(_ run: UnsafePublishRun, _ route: UnsafeRoute) {
        let all = 0..<run.count
        fanOutSerial &+= 1
        run.isForOne = route.isSole
        for destination in route.local { deliver(run, entries: all, to: destination) }
        if !route.remote.isEmpty { mail(run, entries: all, to: route.remote) }
        if route.hasGroups { deal(run, to: route.groups) }
    }

    /// Puts a run into the outbox of each other worker it is for.
    private func mail(
        _ run: UnsafePublishRun,
        entries: Range<Int>,
        to destinations: UnsafeBufferPointer<Destination>
    ) {
        var rest = destinations[...]
        while let first = rest.first {
            let home = first.session.reactor
            let end = rest.firstIndex { $0.session.reactor != home } ?? rest.endIndex
            mail(run, entries: entries, to: rest[..<end], on: Int(home))
            rest = rest[end...]
        }
    }

    private func mail(
        _ run: UnsafePublishRun,
        entries: Range<Int>,
        to destinations: some Collection<Destination>,
        on home: Int
    ) {
        if deliverBeside(run, entries: entries, to: destinations, on: home) { return }
        outbox(for: home).append(run, entries: entries, to: destinations)
        if broker.workers[home].backlog.isHigh { park(run, behind: home) }
    }

    /// Shared subscriptions: each message to the next session of each group.
    private func deal(_ run: UnsafePublishRun, to groups: [SharedGroup]) {
        for index in 0..<run.count {
            for group in groups {
                guard let destination = group.next() else { continue }
                let home = Int(destination.session.reactor)
                let entries = index..<(index + 1)
                if home == self.index {
                    deliver(run, entries: entries, to: destination)
                } else {
                    mail(run, entries: entries, to: CollectionOfOne(destination), on: home)
                }
            }
        }
    }

    /// Delivers what another worker has sent.
    func deliver(_ batch: DeliveryBatch) {
        batch.withBytes { bytes in
            for run in batch.runs { deliver(run, of: batch, bytes) }
        }
    }

    private func deliver(
        _ source: DeliveryBatch.Run,
        of batch: DeliveryBatch,
        _ bytes: UnsafeRawBufferPointer
    ) {
        foreignRun.begin(
            topic: UnsafeRawBufferPointer(rebasing: bytes[source.topic]),
            mountPoint: [],
            publisher: source.publisher,
            origin: source.origin,
            qos: source.qos,
            isRetained: source.isRetained
        )
        if !source.wire.isEmpty {
            let wire = UnsafeRawBufferPointer(rebasing: bytes[source.wire])
            foreignRun.absorbAll(wire, isV5: source.isWireV5)
        }
        for index in source.entries {
            let entry = batch.entries[index]
            if let message = entry.message {
                appendShared(message, expiresAt: entry.expiresAt)
            } else {
                foreignRun.append(
                    payload: UnsafeRawBufferPointer(rebasing: bytes[entry.payload]),
                    properties: UnsafeRawBufferPointer(rebasing: bytes[entry.properties]),
                    expiresAt: entry.expiresAt,
                    packetIdentifier: 0
                )
            }
        }
        deliver(
            foreignRun,
            entries: 0..<foreignRun.count,
            to: batch.destinations[source.destinations]
        )
        foreignRun.reset()
    }

    /// Delivers what comes from another worker to sessions of this one.
    func deliver(
        _ run: UnsafePublishRun,
        entries: Range<Int>,
        to destinations: some Collection<Destination>
    ) {
        fanOutSerial &+= 1
        for destination in destinations { deliver(run, entries: entries, to: destination) }
    }

    /// The run holds the message, which holds the bytes.
    private func appendShared(_ message: Message, expiresAt: Int64) {
        message.withPublication { publication in
            foreignRun.append(
                payload: publication.payload,
                properties: publication.properties,
                expiresAt: expiresAt,
                packetIdentifier: 0,
                message: message
            )
        }
    }

    @inline(__always)
    private func deliver(
        _ run: UnsafePublishRun,
        entries: Range<Int>,
        to destination: Destination
    ) {
        guard let session = sessions[destination.session] else { return }
        if destination.options.isNoLocal, destination.session == run.publisher { return }
        if !limits.allowsDuplicates, !session.isFirstDelivery(of: fanOutSerial) { return }
        session.deliver(run, entries: entries, destination)
    }
}
