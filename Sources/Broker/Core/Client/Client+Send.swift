// SPDX-License-Identifier: Apache-2.0
// PUBLISH towards a client, one at a time.

import Log
import MQTT
import Net

extension Client {
    /// From this many bytes on a payload is referenced instead of copied.
    private static let referencedPayloadMin = 16 << 10

    /// Whether a payload of `count` bytes goes out without being copied.
    func references(payloadCount count: Int) -> Bool {
        count >= Self.referencedPayloadMin && connection?.canReference == true
    }

    /// Encodes a publication into the output; a large payload of `message` is referenced there.
    ///
    /// Returns false when it does not fit the client and was dropped [MQTT-3.1.2-25].
    @discardableResult
    func writePublish(
        _ publication: UnsafePublication,
        of message: Message?,
        qos: UInt8,
        packetIdentifier: UInt16,
        isDuplicate: Bool,
        isRetained: Bool,
        subscriptionIdentifier: UInt32
    ) -> Bool {
        guard let connection, let topic = visibleTopic(publication.topic) else { return false }
        var encoder = UnsafePublishEncoder(
            topic: topic,
            properties: publication.properties,
            payload: publication.payload,
            isV5: isV5,
            qos: qos
        )
        if isDuplicate { encoder.flags |= UnsafePublishEncoder.duplicate }
        if isRetained { encoder.flags |= UnsafePublishEncoder.retain }
        encoder.packetIdentifier = packetIdentifier
        var newAlias = false
        if isV5 {
            encoder.messageExpiryInterval = remainingSeconds(publication.expiresAt, worker.now)
            encoder.subscriptionIdentifier = subscriptionIdentifier
            if outgoingAliases != nil { newAlias = applyAlias(&encoder, topic) }
        }
        let size = encoder.encodedSize
        guard size <= packetSizeMax else {
            logTooLarge(size, topic: publication.topic)
            return false
        }
        let payload = publication.payload
        if let message, references(payloadCount: payload.count) {
            let headSize = size - payload.count
            encoder.writeHead(to: connection.reserveOutput(headSize))
            connection.commitOutput(headSize, followedBy: payload, of: message.storage)
        } else {
            encoder.write(to: connection.reserveOutput(size))
            connection.commitOutput(size)
        }
        if newAlias { outgoingAliases?.establish(topic) }
        let counters = worker.counters
        counters.sent.publish.add(1)
        counters.bytesSent.add(size)
        counters.publishBytesSent.add(payload.count)
        if worker.isTracing { logPublish("Sending PUBLISH to", encoder, topic: topic) }
        return true
    }

    /// Returns whether the packet sets a new alias.
    private func applyAlias(
        _ encoder: inout UnsafePublishEncoder,
        _ topic: UnsafeRawBufferPointer
    ) -> Bool {
        guard let (alias, isKnown) = outgoingAliases?.alias(of: topic) else { return false }
        encoder = UnsafePublishEncoder(
            topic: isKnown ? UnsafeRawBufferPointer(start: nil, count: 0) : topic,
            properties: encoder.properties,
            payload: encoder.payload,
            isV5: true,
            qos: encoder.qos,
            flags: encoder.flags,
            packetIdentifier: encoder.packetIdentifier,
            messageExpiryInterval: encoder.messageExpiryInterval,
            topicAlias: alias,
            subscriptionIdentifier: encoder.subscriptionIdentifier
        )
        return !isKnown
    }

    /// The topic without the mount point; nil when nothing is left of it.
    private func visibleTopic(_ topic: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let hidden = listener.mountPoint.count
        if hidden == 0 { return topic }
        guard topic.count > hidden else { return nil }
        return UnsafeRawBufferPointer(rebasing: topic[hidden...])
    }

    private func logPublish(
        _ verb: String,
        _ packet: UnsafePublishEncoder,
        topic: UnsafeRawBufferPointer
    ) {
        logPublish(
            verb,
            topic: topic,
            flags: packet.flags,
            qos: packet.qos,
            packetIdentifier: packet.packetIdentifier,
            payloadCount: packet.payload.count
        )
    }

    /// `VERB ID (dN, qN, rN, mN, 'TOPIC', ... (LEN bytes))`
    /// .
    func logPublish(
        _ verb: String,
        topic: UnsafeRawBufferPointer,
        flags: UInt8,
        qos: UInt8,
        packetIdentifier: UInt16,
        payloadCount: Int
    ) {
        guard log.isEnabled(.debug) else { return }
        let name = String(decoding: topic, as: UTF8.self)
        let duplicate = flags & UnsafePublishEncoder.duplicate != 0 ? 1 : 0
        let retained = flags & UnsafePublishEncoder.retain != 0 ? 1 : 0
        let shape = "d\(duplicate), q\(qos), r\(retained), m\(packetIdentifier)"
        log.debug("\(verb) \(logName) (\(shape), '\(name)', ... (\(payloadCount) bytes))")
    }
}
