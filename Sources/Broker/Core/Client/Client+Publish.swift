// SPDX-License-Identifier: Apache-2.0
// PUBLISH from a client (5.0 section 3.3).

import Config
import Log
import MQTT
import Net
import Topics

extension Client {
    /// Decodes, checks and accepts a PUBLISH.
    ///
    /// QoS 0 and 1 join the worker's run; QoS 2 waits for its release; retained messages go out at
    /// once.
    func handlePublish(
        _ header: FixedHeader,
        _ packet: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer
    ) throws(PacketError) {
        guard let session else { return }
        if worker.isOutOfMemory { throw .outOfMemory(version) }
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

    private func resolve(
        _ alias: UInt16,
        _ topic: UnsafeRawBufferPointer
    ) throws(PacketError) -> [UInt8] {
        guard Int(alias) <= listener.configuration.maxTopicAlias else {
            throw PacketError(reason: .topicAliasInvalid, detail: "topic alias above the maximum")
        }
        if !topic.isEmpty {
            let bytes = Array(topic)
            incomingAliases[alias] = bytes
            return bytes
        }
        guard let known = incomingAliases[alias] else {
            throw .protocolError(.v5, "topic alias was never set")
        }
        return known
    }

    private func accept(
        _ publish: PublishPacket,
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        _ packet: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer,
        of session: Session
    ) throws(PacketError) {
        if run.isCollecting(from: self), run.isOpen, publish.qos == run.qos,
            !publish.isRetained, !run.isRetained, !run.isReleased, listener.isUnmounted,
            run.count < UnsafePublishRun.entriesMax, run.hasTopic(topic),
            !isOversize(payload)
        {
            return append(publish, payload: payload, packet, body)
        }
        worker.flushRun()
        if isOversize(payload) {
            return refuse(publish, .packetTooLarge)
        }
        if !listener.isUnmounted, !fitsBelowMountPoint(topic.count) {
            logOverlong(topic)
            return refuse(publish, .topicNameInvalid)
        }
        guard isPublishingAllowed(topic) else {
            logDenied(publish, topic, payload)
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
        run.begin(
            topic: topic,
            mountPoint: listener.isUnmounted ? [] : listener.mountPoint,
            publisher: session.handle,
            origin: identity,
            qos: publish.qos,
            isRetained: publish.isRetained,
            sender: self
        )
        let isCheckedByTopic = !events.contains(.access) || events.contains(.accessIsByTopic)
        run.isOpen = isCheckedByTopic && worker.limits.memoryMax == .max
        run.isStored = publish.qos == 2
        append(publish, payload: payload, packet, body)
        if publish.isRetained { worker.flushRun() }
    }

    /// Adds a publication to the run that was begun for it.
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
        run.append(
            payload: payload,
            properties: properties,
            expiresAt: expiry(publish),
            packetIdentifier: publish.packetIdentifier,
            packet: isUnchanged ? packet : nil,
            isV5: isV5
        )
    }

    /// Second of the reactor clock at which the message becomes void; 0 for never.
    private func expiry(_ publish: PublishPacket) -> Int64 {
        guard let interval = publish.messageExpiryInterval, interval != 0, interval != .max else {
            return 0
        }
        return worker.now + Int64(interval)
    }

    /// The properties that subscribers get, in one piece.
    private func forwardedProperties(
        _ publish: PublishPacket,
        _ body: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let count = publish.forwardedPropertiesByteCount
        if count == publish.properties.count {
            return UnsafeRawBufferPointer(rebasing: body[publish.properties])
        }
        var room = run.reserveArena(count)
        if room == nil {
            room = worker.continueRun(room: count)
        }
        guard let room else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        var parts = publish.forwardedRuns(in: RawSpan(_unsafeBytes: body))
        var offset = 0
        while let part = parts.next() {
            let source = UnsafeRawBufferPointer(rebasing: body[part])
            UnsafeMutableRawBufferPointer(rebasing: room[offset...]).copyMemory(from: source)
            offset += part.count
        }
        return UnsafeRawBufferPointer(room)
    }

    private func isOversize(_ payload: UnsafeRawBufferPointer) -> Bool {
        payload.count > worker.limits.payloadMax
    }

    /// Acknowledges without doing anything: 5.0 clients are told why.
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
        _ payload: UnsafeRawBufferPointer
    ) {
        logDenied(topic: topic)
        logPublish(
            "Denied PUBLISH from",
            topic: topic,
            flags: publish.isRetained ? UnsafePublishEncoder.retain : 0,
            qos: publish.qos,
            packetIdentifier: publish.packetIdentifier,
            payloadCount: payload.count
        )
    }

    /// One line with who, from where, and what.
    func logDenied(topic: UnsafeRawBufferPointer) {
        guard log.isEnabled(.notice), admitsDenialLine(), let identity else { return }
        let name = String(decoding: topic, as: UTF8.self)
        log.notice("Denied PUBLISH from \(identity.logNameAndUser) to '\(name)'.")
    }

    // MARK: QoS 2

    /// The stored form of a PUBLISH; no run may be under way.
    private func makeMessage(
        _ publish: PublishPacket,
        _ topic: UnsafeRawBufferPointer,
        _ payload: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer
    ) -> Message {
        let message = withMounted(topic) { topic in
            Message.make(
                UnsafePublication(
                    topic: topic,
                    properties: forwardedProperties(publish, body),
                    payload: payload,
                    qos: publish.qos,
                    isRetained: publish.isRetained,
                    expiresAt: expiry(publish),
                    origin: identity
                )
            )
        }
        run.reset()
        return message
    }

    /// Keeps a QoS 2 message until PUBREL (spec: protocol-choices.md section 13).
    func store(_ message: Message, _ receipt: PublishReceipt) throws(PacketError) {
        guard let session else { return }
        let identifier = receipt.packetIdentifier
        if let index = session.incoming.firstIndex(of: identifier, within: session.incoming.count) {
            if session.incoming[index].message.isSame(as: message) {
                guard !session.incoming[index].wasRepeated else {
                    throw .protocolError(version, "QoS 2 message sent a third time")
                }
                session.incoming[index].wasRepeated = true
            } else {
                session.warnOfReuse(identifier)
                session.incoming[index].message = message
            }
            return writeAck(.pubrec, identifier)
        }
        guard session.mayReceive else {
            log.warning(
                "Client \(logName) has exceeded its receive-maximum quota. This behaviour must be fixed on the client."
            )
            counters.dropped.add(1)
            return refuse(receipt, .quotaExceeded)
        }
        session.incoming.append(
            Delivery(
                message,
                packetIdentifier: identifier,
                state: .awaitingPubrel,
                qos: 2,
                isRetained: message.isRetained
            )
        )
        writeAck(.pubrec, identifier)
    }

    /// Keeps the QoS 2 publications of a run and acknowledges them with PUBREC.
    func store(_ run: UnsafePublishRun) {
        guard let session else { return }
        if session.storeNew(run) { return acknowledge(run, .pubrec, .success) }
        for index in 0..<run.count {
            let receipt = PublishReceipt(qos: 2, packetIdentifier: run[index].packetIdentifier)
            do throws(PacketError) {
                try store(run.message(index), receipt)
            } catch {
                run.reset()
                return fail(error)
            }
        }
    }

    /// Acknowledges every publication of a run in one stretch of packets.
    func acknowledge(_ run: UnsafePublishRun, _ type: PacketType, _ reason: ReasonCode) {
        let isShort = !isV5 || reason == .success
        let size = isShort ? 4 : 5
        guard !worker.isTracing, let connection,
            connection.queuedPacketCount + run.count <= outputPacketsMax
        else {
            for index in 0..<run.count { writeAck(type, run[index].packetIdentifier, reason) }
            return
        }
        var place = connection.reserveOutput(size * run.count)
        for index in 0..<run.count {
            let identifier = run[index].packetIdentifier.bigEndian
            place.storeBytes(of: type.rawValue << 4, as: UInt8.self)
            place.storeBytes(of: UInt8(size - 2), toByteOffset: 1, as: UInt8.self)
            place.storeBytes(of: identifier, toByteOffset: 2, as: UInt16.self)
            if !isShort { place.storeBytes(of: reason.rawValue, toByteOffset: 4, as: UInt8.self) }
            place += size
        }
        connection.commitOutput(size * run.count, packets: run.count)
        counters.sent.add(type, run.count)
        counters.bytesSent.add(size * run.count)
    }
}
