// SPDX-License-Identifier: Apache-2.0
// The life of a batch of publications: begun, collected, delivered, ended.

import Config
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

    /// Stores what has been collected if it is retained, delivers it to whoever is subscribed, then
    /// acknowledges it.
    ///
    /// QoS 2 publications are kept instead, until their release.
    ///
    /// Nothing in here publishes, so the batch cannot change under its own feet. Returns whether any
    /// subscription matched.
    @discardableResult
    func deliverCollected() -> Bool {
        guard !batch.isEmpty else { return false }
        assert(!isDelivering, "nothing publishes while a batch is being delivered")
        let keeper = lentKeeper
        if keeper?._withUnsafeGuaranteedRef({ $0.mayDeliver(batch) }) == false {
            refuseCollected()
            return false
        }
        if batch.purpose == .receive { return keepCollected() }
        isDelivering = true
        defer { isDelivering = false }
        // Stored before the route is looked up: a subscription made meanwhile on another reactor that is
        // not in the route finds the retained message.
        if batch.isRetained {
            keeper?._withUnsafeGuaranteedRef { $0.willRetain(batch) }
            retain(batch)
        }
        let route = routes.route(batch.topic)
        let hasSubscribers = !route.isEmpty
        keeper?._withUnsafeGuaranteedRef { $0.willDeliver(batch, route) }
        fanOut(batch, route)
        keeper?._withUnsafeGuaranteedRef { $0.didDeliver(batch) }
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
            batch.decidedPeer?.acknowledge(batch, hasSubscribers)
        }
    }

    /// Keeps the QoS 2 publications until they are released.
    private func keepCollected() -> Bool {
        keeper?.willKeep(batch)
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

    /// Ends a batch that has been delivered.
    @inline(__always)
    func finish(_ batch: PublishBatch) {
        if batch.isLarge { trimScratchLater() }
        batch.reset()
    }
}
