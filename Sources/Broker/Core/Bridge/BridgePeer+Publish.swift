// SPDX-License-Identifier: Apache-2.0
// Messages of the remote, which come in under the names they have here.

import ClientMachine
import Inflight
import MQTT
import Net
import Results
import TopicRules
import Topics

extension BridgePeer {
    /// Takes one message.
    func accept(_ received: UnsafeReceivedPublish) {
        guard let session else { return }
        counters.received.addPublishes(qos: received.publish.qos)
        counters.publishBytesReceived.add(received.payload.count)
        receivedCount &+= 1
        if endsForLackOfMemory() {
            // It was not received.
            if received.publish.qos == 2 { session.giveBack(received.publish.packetIdentifier) }
            return
        }
        received.withTopic { topic in
            guard let (name, isMapped) = localName(of: topic) else {
                return refuse(received, .topicNameInvalid)
            }
            accept(received, name, isMapped: isMapped)
        }
    }

    /// Ends the connection where there is no memory for what has come.
    @discardableResult
    private func endsForLackOfMemory() -> Bool {
        guard worker.isOutOfMemory else { return false }
        counters.drop(.memoryLimit)
        leave(.lost("out of memory"))
        return true
    }

    /// What a topic is called here, lent until the next call; nil when nothing is left of it.
    private func localName(
        of topic: UnsafeRawBufferPointer
    ) -> (name: UnsafeRawBufferPointer, isMapped: Bool)? {
        guard plan.topics.mapsIncoming else { return (topic, false) }
        switch plan.topics.localName(of: topic) {
        case .same: return (topic, false)
        case .none: return nil
        case .changed(let prefix, let rest): return (BytesJoin.join(prefix, rest, in: &name), true)
        }
    }

    private func accept(
        _ received: UnsafeReceivedPublish,
        _ topic: UnsafeRawBufferPointer,
        isMapped: Bool
    ) {
        guard let session else { return }
        let publish = received.publish
        let isRetained = publish.isRetained && worker.limits.retainAvailable
        if isOversize(received.payload) {
            counters.drop(.tooLarge)
            // What came before is answered before [MQTT-4.6.0-2].
            worker.deliverCollected()
            return refuse(received, .packetTooLarge)
        }
        if hasComeRound(received) { return }
        let mark = loopMark?.entryProperty ?? []
        if publish.qos < 2, isOrdinary(topic) {
            let isContinued =
                batch.isCollecting(from: self)
                && batch.accepts(
                    .publish,
                    topic: topic,
                    publisher: session.handle,
                    qos: publish.qos,
                    isRetained: isRetained
                )
            if !isContinued { begin(topic, qos: publish.qos, isRetained: isRetained, session) }
            let isUnchanged =
                !isMapped && mark.isEmpty && !publish.isDuplicate && publish.topicAlias == nil
                && publish.messageExpiryInterval == nil
                && publish.forwardedPropertiesByteCount == publish.properties.count
            batch.append(
                payload: received.payload,
                properties: forwardedProperties(publish, received.body, and: mark),
                expiresAt: Expiry.second(after: publish.messageExpiryInterval, from: worker.now),
                packetIdentifier: publish.packetIdentifier,
                packet: isUnchanged ? received.packet : nil,
                isV5: isV5
            )
            // [MQTT-3.3.1-8]
            if isRetained { worker.deliverCollected() }
            return
        }
        worker.deliverCollected()
        let message = Message.make(
            UnsafePublication(
                topic: topic,
                properties: forwardedProperties(publish, received.body, and: mark),
                payload: received.payload,
                qos: publish.qos,
                isRetained: isRetained,
                expiresAt: Expiry.second(after: publish.messageExpiryInterval, from: worker.now),
                origin: identity
            )
        )
        batch.reset()
        accept(
            message,
            PublishReceipt(qos: publish.qos, packetIdentifier: publish.packetIdentifier),
            at: received.place
        )
    }

    /// Acknowledges a message that has been here before, and takes it no further.
    private func hasComeRound(_ received: UnsafeReceivedPublish) -> Bool {
        let publish = received.publish
        guard let loopMark, !publish.properties.isEmpty else { return false }
        let properties = UnsafeRawBufferPointer(rebasing: received.body[publish.properties])
        guard loopMark.hasBeenHere(properties) else { return false }
        worker.deliverCollected()
        // After PUBREC with an error nothing is left to be done [MQTT-4.3.3-4].
        refuse(received, publish.qos == 2 ? .implementationSpecificError : .noMatchingSubscribers)
        return true
    }

    /// Takes messages that differ in payload and packet identifier alone: their topic is looked at once.
    func accept(_ stretch: UnsafePublishStretch) {
        guard let session else { return }
        counters.received.addPublishes(qos: stretch.qos, stretch.count)
        receivedCount &+= stretch.count
        // Then nothing of it is received, see below.
        endsForLackOfMemory()
        guard let (topic, isMapped) = localName(of: stretch.topic) else {
            return stretch.walk { _, identifier, _, _ in
                if stretch.qos == 2 { session.giveBack(identifier) }
                refuse(
                    PublishReceipt(qos: stretch.qos, packetIdentifier: identifier),
                    .topicNameInvalid
                )
            }
        }
        let isOrdinary = stretch.qos < 2 && isOrdinary(topic)
        let isUnchanged = !isMapped && loopMark == nil
        let expiresAt = Expiry.second(after: nil, from: worker.now)
        var byteCount = 0
        stretch.walk { index, identifier, payload, packet in
            byteCount += payload.count
            // What is left of a stretch when the connection ends was not received.
            guard stage == .connected else {
                if stretch.qos == 2 { session.giveBack(identifier) }
                return
            }
            let receipt = PublishReceipt(qos: stretch.qos, packetIdentifier: identifier)
            if isOversize(payload) {
                counters.drop(.tooLarge)
                worker.deliverCollected()
                if stretch.qos == 2 { session.giveBack(identifier) }
                return refuse(receipt, .packetTooLarge)
            }
            guard isOrdinary else {
                let message = message(topic, payload, qos: stretch.qos)
                worker.deliverCollected()
                return accept(message, receipt, at: stretch.firstPlace.map { $0 + index })
            }
            let isContinued =
                batch.isCollecting(from: self)
                && (index > 0 && !batch.isFull && batch.isOpen
                    || batch.accepts(
                        .publish,
                        topic: topic,
                        publisher: session.handle,
                        qos: stretch.qos,
                        isRetained: false
                    ))
            if !isContinued { begin(topic, qos: stretch.qos, isRetained: false, session) }
            batch.append(
                payload: payload,
                properties: entryProperties(),
                expiresAt: expiresAt,
                packetIdentifier: identifier,
                packet: isUnchanged ? packet : nil,
                isV5: isV5
            )
        }
        counters.publishBytesReceived.add(byteCount)
    }

    /// What a message has among its properties that came without any, in the memory of the batch.
    @inline(__always)
    private func entryProperties() -> UnsafeRawBufferPointer {
        guard let loopMark else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return inBatch(loopMark.entryProperty)
    }

    /// A message that came without properties.
    private func message(
        _ topic: UnsafeRawBufferPointer,
        _ payload: UnsafeRawBufferPointer,
        qos: UInt8
    ) -> Message {
        (loopMark?.entryProperty ?? []).withUnsafeBytes { properties in
            Message.make(
                UnsafePublication(
                    topic: topic,
                    properties: properties,
                    payload: payload,
                    qos: qos,
                    isRetained: false,
                    expiresAt: Expiry.second(after: nil, from: worker.now),
                    origin: identity
                )
            )
        }
    }

    private func begin(
        _ topic: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        _ session: Session
    ) {
        worker.deliverCollected()
        batch.begin(
            .publish,
            topic: topic,
            publisher: session.handle,
            origin: identity,
            qos: qos,
            isRetained: isRetained,
            isOpen: worker.limits.memoryMax == .max,
            sender: self
        )
    }

    /// Whether messages to a topic are routed, and no plugin wants to see them first.
    private func isOrdinary(_ topic: UnsafeRawBufferPointer) -> Bool {
        if BuiltInRules.isControl(topic) { return false }
        return !isAskedAbout
    }

    /// Whether a plugin wants to see what comes from the remote.
    private var isAskedAbout: Bool {
        worker.hasHooks && worker.events(on: nil as Int?).contains(.messageIn)
    }

    /// Takes a message that has to be kept, or asked about.
    private func accept(_ message: Message, _ receipt: PublishReceipt, at place: Int?) {
        guard let identity, let session else { return }
        let isControl = message.withPublication { BuiltInRules.isControl($0.topic) }
        guard isControl || isAskedAbout else { return conclude(message, receipt, at: place) }
        // While it is decided about, nothing is kept.
        if receipt.qos == 2 { session.giveBack(receipt.packetIdentifier) }
        if isControl { return handleControl(message, receipt) }
        let handle = session.handle
        undecidedCount += 1
        let question = HookQuestion.publish(
            identity,
            message,
            checksAccess: false,
            isFiltered: true
        )
        _ = worker.ask(question) { [self] answer in
            undecidedCount -= 1
            if case .publish(let decision, _) = answer {
                conclude(decision, message, receipt, publisher: handle)
            }
            goOnAfterDecision()
        }
    }

    private func conclude(
        _ decision: PublishDecision,
        _ message: Message,
        _ receipt: PublishReceipt,
        publisher: SessionHandle
    ) {
        switch decision {
        case .refused(let reason):
            counters.drop(.plugin)
            worker.deliverCollected()
            refuse(receipt, reason)
        case .disconnect(let code):
            counters.drop(.plugin)
            finish(.plugin(code, worker.hooks))
        case .accepted(let replacement):
            let accepted = replacement ?? message
            guard receipt.qos == 2 else { return publish(accepted, receipt, publisher) }
            guard let session, stage == .connected else { return }
            _ = session.accept(accepted, receipt.packetIdentifier)
            writeAck(.pubrec, receipt.packetIdentifier)
        }
    }

    /// Keeps a QoS 2 message until its release, publishes others.
    private func conclude(_ message: Message, _ receipt: PublishReceipt, at place: Int?) {
        guard let session, stage == .connected else { return }
        guard let place else { return publish(message, receipt, session.handle) }
        if isV5, worker.recorder?.refuses(session) == true {
            counters.drop(.diskFull)
            session.giveBack(receipt.packetIdentifier)
            return refuse(receipt, .quotaExceeded)
        }
        session.keep(message, at: place, receipt.packetIdentifier)
        writeAck(.pubrec, receipt.packetIdentifier)
    }

    /// QoS 2 messages are released: they are published now, then PUBCOMP answers.
    func release(_ stretch: AnswerStretch) {
        guard let session else { return }
        for place in stretch.places {
            let identifier = stretch.identifier(at: place)
            guard let message = session.takeReleased(at: place) else {
                worker.deliverCollected()
                writeAck(.pubcomp, identifier)
                continue
            }
            if message.isExpired(at: worker.now) {
                worker.deliverCollected()
                session.noteForgotten(message, identifier)
                writeAck(.pubcomp, identifier)
                continue
            }
            collect(released: message, identifier, session)
        }
        session.incoming?.tidy()
    }

    private func refuse(_ received: UnsafeReceivedPublish, _ reason: ReasonCode) {
        let publish = received.publish
        if publish.qos == 2 { session?.giveBack(publish.packetIdentifier) }
        refuse(
            PublishReceipt(qos: publish.qos, packetIdentifier: publish.packetIdentifier),
            reason
        )
    }
}
