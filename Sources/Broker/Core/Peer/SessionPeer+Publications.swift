// SPDX-License-Identifier: Apache-2.0
// Publications of a peer on their way in.

import Config
import Inflight
import Log
import MQTT
import Net
import Topics

extension SessionPeer {
    /// The properties that subscribers get, in one piece, with more of them behind.
    func forwardedProperties(
        _ publish: PublishPacket,
        _ body: UnsafeRawBufferPointer,
        and more: [UInt8] = []
    ) -> UnsafeRawBufferPointer {
        let count = publish.forwardedPropertiesByteCount
        if more.isEmpty, count == publish.properties.count {
            return UnsafeRawBufferPointer(rebasing: body[publish.properties])
        }
        guard let room = roomInBatch(count + more.count) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        var parts = publish.forwardedRuns(in: RawSpan(_unsafeBytes: body))
        var offset = 0
        while let part = parts.next() {
            let source = UnsafeRawBufferPointer(rebasing: body[part])
            UnsafeMutableRawBufferPointer(rebasing: room[offset...]).copyMemory(from: source)
            offset += part.count
        }
        UnsafeMutableRawBufferPointer(rebasing: room[offset...]).copyBytes(from: more)
        return UnsafeRawBufferPointer(room)
    }

    /// A copy of bytes that lives as long as the batch.
    func inBatch(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        guard let room = roomInBatch(bytes.count) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        room.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(room)
    }

    /// Memory that lives as long as the batch, which is another one if this has no more.
    private func roomInBatch(_ count: Int) -> UnsafeMutableRawBufferPointer? {
        batch.reserveArena(count) ?? worker.continueBatch(room: count)
    }

    /// Acknowledges without doing anything: 5.0 clients are told why.
    func refuse(_ receipt: PublishReceipt, _ reason: ReasonCode) {
        switch receipt.qos {
        case 1: writeAck(.puback, receipt.packetIdentifier, isV5 ? reason : .success)
        case 2: writeAck(.pubrec, receipt.packetIdentifier, isV5 ? reason : .success)
        default: break
        }
    }

    /// One line with who, from where, what and why.
    func logDenied(topic: UnsafeRawBufferPointer, _ denial: Denial?) {
        guard log.isEnabled(.notice), admitsDenialLine(), let identity else { return }
        let name = String(decoding: topic, as: UTF8.self)
        logDenied("PUBLISH", of: identity, to: name, denial)
    }

    /// Releases a QoS 2 message, which is published as part of a batch: that is answered with PUBCOMP.
    func collect(released message: Message, _ identifier: UInt16, _ session: Session) {
        message.withPublication { publication in
            let continues = batch.accepts(
                .release,
                topic: publication.topic,
                publisher: session.handle,
                qos: 2,
                isRetained: publication.isRetained
            )
            if !continues {
                worker.deliverCollected()
                batch.begin(
                    .release,
                    topic: publication.topic,
                    publisher: session.handle,
                    origin: publication.origin,
                    qos: 2,
                    isRetained: publication.isRetained,
                    sender: self
                )
            }
            batch.append(
                payload: publication.payload,
                properties: publication.properties,
                expiresAt: publication.expiresAt,
                packetIdentifier: identifier,
                message: message
            )
        }
    }

    /// Publishes a message that plugins have accepted as part of a batch: answers come in batches, and
    /// what they release is delivered together.
    ///
    /// The batch is acknowledged when it is delivered.
    func publish(_ message: Message, _ receipt: PublishReceipt, _ publisher: SessionHandle) {
        message.withPublication { publication in
            let continues =
                batch.decidedPeer === self
                && batch.accepts(
                    .publish,
                    topic: publication.topic,
                    publisher: publisher,
                    qos: receipt.qos,
                    isRetained: publication.isRetained
                )
            if !continues {
                worker.deliverCollected()
                batch.begin(
                    .publish,
                    topic: publication.topic,
                    publisher: publisher,
                    origin: publication.origin,
                    qos: receipt.qos,
                    isRetained: publication.isRetained,
                    decidedPeer: self
                )
            }
            batch.append(
                payload: publication.payload,
                properties: publication.properties,
                expiresAt: publication.expiresAt,
                packetIdentifier: receipt.packetIdentifier,
                message: message
            )
        }
    }

    /// Whether a payload is larger than `message_size_limit` allows.
    func isOversize(_ payload: UnsafeRawBufferPointer) -> Bool {
        payload.count > worker.limits.payloadMax
    }
}
