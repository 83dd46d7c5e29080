// SPDX-License-Identifier: Apache-2.0
// PUBLISH from a client (5.0 section 3.3).

import Config
import Glibc
import Inflight
import Log
import MQTT
import Net
import Topics

extension Client {
    /// Decodes, checks and accepts a PUBLISH.
    ///
    /// It joins the batch under way, or begins one; retained messages go out at once.
    func handlePublish(
        _ header: FixedHeader,
        _ packet: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer
    ) throws(PacketError) {
        guard let session else { return }
        if worker.isOutOfMemory {
            counters.drop(.memoryLimit)
            throw .outOfMemory(version)
        }
        try checkFlags(header.flags)
        let span = RawSpan(_unsafeBytes: body)
        let publish = try PublishPacket(decoding: span, flags: header.flags, version: version)
        let payload = UnsafeRawBufferPointer(rebasing: body[publish.payload])
        counters.publishBytesReceived.add(payload.count)
        let topic = UnsafeRawBufferPointer(rebasing: body[publish.topic])
        guard let alias = publish.topicAlias else {
            logReceived(publish, header.flags, topic)
            return try accept(publish, topic: topic, payload: payload, packet, body, of: session)
        }
        let aliased = try resolve(alias, topic)
        var failure: PacketError?
        aliased.withUnsafeBytes { topic in
            logReceived(publish, header.flags, topic)
            do throws(PacketError) {
                try accept(publish, topic: topic, payload: payload, packet, body, of: session)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func logReceived(
        _ publish: PublishPacket,
        _ flags: UInt8,
        _ topic: UnsafeRawBufferPointer
    ) {
        guard worker.isTracing else { return }
        logPublish(
            "Received PUBLISH from",
            topic: topic,
            flags: flags,
            qos: publish.qos,
            packetIdentifier: publish.packetIdentifier,
            payloadCount: publish.payload.count
        )
    }

    private func checkFlags(_ flags: UInt8) throws(PacketError) {
        let qos = flags >> 1 & 3
        if qos < 3, Int(qos) > listener.configuration.maxQoS {
            throw PacketError(reason: isV5 ? .qosNotSupported : nil, detail: "QoS too high")
        }
        if flags & 1 != 0, !worker.limits.retainAvailable {
            throw PacketError(
                reason: isV5 ? .retainNotSupported : nil,
                detail: "retain not available"
            )
        }
    }

    /// The topic of a PUBLISH that carries an alias.
    ///
    /// Clients that repeat the topic beside its alias cost nothing more: what is known stays.
    /// [MQTT-3.3.2-7] [MQTT-3.3.2-12]
    private func resolve(
        _ alias: UInt16,
        _ topic: UnsafeRawBufferPointer
    ) throws(PacketError) -> [UInt8] {
        guard Int(alias) <= listener.configuration.maxTopicAlias else {
            throw PacketError(reason: .topicAliasInvalid, detail: "topic alias above the maximum")
        }
        let known = incomingAliases[alias]
        guard let base = topic.baseAddress, !topic.isEmpty else {
            guard let known else { throw .protocolError(.v5, "topic alias was never set") }
            return known
        }
        if let known, known.count == topic.count, memcmp(known, base, known.count) == 0 {
            return known
        }
        let bytes = Array(topic)
        incomingAliases[alias] = bytes
        return bytes
    }

    private func accept(
        _ publish: PublishPacket,
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        _ packet: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer,
        of session: Session
    ) throws(PacketError) {
        // [MQTT-4.3.2-5] [MQTT311-4.3.2-2]
        let purpose: PublishBatch.Purpose = publish.qos == 2 ? .receive : .publish
        if batch.isCollecting(from: self), listener.isUnmounted, !isOversize(payload),
            batch.accepts(
                purpose,
                topic: topic,
                publisher: session.handle,
                qos: publish.qos,
                isRetained: publish.isRetained
            )
        {
            return append(publish, payload: payload, packet, body)
        }
        worker.deliverCollected()
        if isOversize(payload) {
            counters.drop(.tooLarge)
            return refuse(publish, .packetTooLarge)
        }
        if !listener.isUnmounted, !fitsBelowMountPoint(topic.count) {
            logOverlong(topic)
            return refuse(publish, .topicNameInvalid)
        }
        guard isPublishingAllowed(topic) else {
            counters.drop(.accessDenied)
            counters.authorization(.write, isAllowed: false, by: .builtIn)
            logDenied(publish, topic, payload, BuiltInRules.publishingDenial)
            return refuse(publish, .notAuthorized)
        }
        let receipt = PublishReceipt(qos: publish.qos, packetIdentifier: publish.packetIdentifier)
        if isControlTopic(topic) {
            return handleControl(makeMessage(publish, topic, payload, body), receipt)
        }
        let events = worker.hasHooks ? worker.events(on: listener) : []
        if !events.isDisjoint(with: [.access, .messageIn]) {
            if events.contains(.messageIn) || !events.contains(.accessIsDirect) {
                return askAbout(makeMessage(publish, topic, payload, body), receipt, events)
            }
            guard isWriteAllowed(publish, topic: topic, payload: payload, body) else { return }
        }
        let isCheckedByTopic = !events.contains(.access) || events.contains(.accessIsByTopic)
        batch.begin(
            purpose,
            topic: topic,
            mountPoint: listener.isUnmounted ? [] : listener.mountPoint,
            publisher: session.handle,
            origin: identity,
            qos: publish.qos,
            isRetained: publish.isRetained,
            isOpen: isCheckedByTopic && worker.limits.memoryMax == .max,
            sender: self
        )
        append(publish, payload: payload, packet, body)
        // [MQTT-3.3.1-8] [MQTT311-3.3.1-12]
        if publish.isRetained { worker.deliverCollected() }
    }

    /// Adds a publication to the batch that was begun for it.
    private func append(
        _ publish: PublishPacket,
        payload: UnsafeRawBufferPointer,
        _ packet: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer
    ) {
        let isUnchanged =
            !publish.isDuplicate && publish.topicAlias == nil
            && publish.messageExpiryInterval == nil && listener.isUnmounted
            && publish.forwardedPropertiesByteCount == publish.properties.count
        let properties = forwardedProperties(publish, body)
        batch.append(
            payload: payload,
            properties: properties,
            expiresAt: Expiry.second(after: publish.messageExpiryInterval, from: worker.now),
            packetIdentifier: publish.packetIdentifier,
            packet: isUnchanged ? packet : nil,
            isV5: isV5
        )
    }

    /// Acknowledges without doing anything: 5.0 clients are told why.
    /// [MQTT-4.3.3-9] [MQTT311-3.3.5-2]
    func refuse(_ publish: PublishPacket, _ reason: ReasonCode) {
        refuse(
            PublishReceipt(qos: publish.qos, packetIdentifier: publish.packetIdentifier),
            reason
        )
        endIfOutputIsFull()
    }

    /// A refusal is visible at a level one would run in production.
    func logDenied(
        _ publish: PublishPacket,
        _ topic: UnsafeRawBufferPointer,
        _ payload: UnsafeRawBufferPointer,
        _ denial: Denial?
    ) {
        logDenied(topic: topic, denial)
        logPublish(
            "Denied PUBLISH from",
            topic: topic,
            flags: publish.isRetained ? UnsafePublishEncoder.retain : 0,
            qos: publish.qos,
            packetIdentifier: publish.packetIdentifier,
            payloadCount: payload.count
        )
    }

    /// The stored form of a PUBLISH; what was collected has been delivered.
    private func makeMessage(
        _ publish: PublishPacket,
        _ topic: UnsafeRawBufferPointer,
        _ payload: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer
    ) -> Message {
        assert(batch.isEmpty, "the arena is free")
        let message = withMounted(topic) { topic in
            Message.make(
                UnsafePublication(
                    topic: topic,
                    properties: forwardedProperties(publish, body),
                    payload: payload,
                    qos: publish.qos,
                    isRetained: publish.isRetained,
                    expiresAt: Expiry.second(
                        after: publish.messageExpiryInterval,
                        from: worker.now
                    ),
                    origin: identity
                )
            )
        }
        batch.reset()
        return message
    }

    // MARK: QoS 2

    /// Keeps a QoS 2 message until PUBREL, when it is published.
    ///
    /// A client that exceeds the Receive Maximum it was told is served all the same, because popular
    /// clients do so; the log has a line about it. 3.x knows no such maximum.
    /// [MQTT-4.3.3-8] [MQTT-4.3.3-10] [MQTT311-4.3.3-2]
    func keep(_ message: Message, _ receipt: PublishReceipt) throws(PacketError) {
        guard let session else { return }
        let identifier = receipt.packetIdentifier
        switch session.accept(message, identifier) {
        case .accepted: noteExcess(session)
        case .repeated: break
        case .replaced: warnOfReuse(of: identifier)
        case .repeatedTwice: throw .protocolError(version, "QoS 2 message sent a third time")
        }
        writeAck(.pubrec, identifier)
    }

    /// Keeps the QoS 2 publications of a batch and acknowledges them with PUBREC.
    func keepAll(of batch: PublishBatch) {
        guard let session, stage == .connected else { return }
        if session.accept(batch) {
            noteExcess(session)
            return acknowledge(batch, .pubrec, .success)
        }
        for index in 0..<batch.count {
            let receipt = PublishReceipt(qos: 2, packetIdentifier: batch[index].packetIdentifier)
            do throws(PacketError) {
                try keep(batch.message(index), receipt)
            } catch {
                batch.reset()
                return fail(error, in: .publish)
            }
        }
    }
}
