// SPDX-License-Identifier: Apache-2.0
// PUBACK, PUBREC, PUBREL and PUBCOMP from a client (5.0 sections 3.4 to 3.7).

import Config
import Log
import MQTT
import Topics

extension Client {
    func handlePuback(_ body: RawSpan) throws(PacketError) {
        let ack = try AckPacket(decoding: body, type: .puback, version: version)
        if log.isEnabled(.debug) {
            let reason = ack.reasonCode.rawValue
            log.debug(
                "Received PUBACK from \(logName) (Mid: \(ack.packetIdentifier), RC:\(reason))"
            )
        }
        try session?.handlePuback(ack.packetIdentifier)
    }

    func handlePubrec(_ body: RawSpan) throws(PacketError) {
        guard let session else { return }
        let ack = try AckPacket(decoding: body, type: .pubrec, version: version)
        log.debug("Received PUBREC from \(logName) (Mid: \(ack.packetIdentifier))")
        if !session.isAwaiting(ack.packetIdentifier), admitsLine(about: "warnings") {
            log.warning(
                "Warning: Received PUBREC from \(logName) for an unknown packet identifier \(ack.packetIdentifier)."
            )
        }
        if try session.handlePubrec(ack) { writeAck(.pubrel, ack.packetIdentifier) }
    }

    /// Releases a QoS 2 message: it is published now, then PUBCOMP answers
    /// (spec: protocol-choices.md section 13).
    func handlePubrel(_ body: RawSpan) throws(PacketError) {
        // The message may have come in the same read and not be in the store yet.
        worker.flushRun()
        guard let session else { return }
        let ack = try AckPacket(decoding: body, type: .pubrel, version: version)
        log.debug("Received PUBREL from \(logName) (Mid: \(ack.packetIdentifier))")
        guard let released = session.release(ack.packetIdentifier) else {
            return writeAck(.pubcomp, ack.packetIdentifier)
        }
        publish(released, identifier: ack.packetIdentifier, publisher: session.handle)
    }

    private func publish(_ released: Delivery, identifier: UInt16, publisher: SessionHandle) {
        let message = released.message
        if message.isExpired(at: worker.now) { return writeAck(.pubcomp, identifier) }
        guard released.isFromEarlierConnection, let identity else {
            worker.publish(message, from: publisher)
            return writeAck(.pubcomp, identifier)
        }
        // What the client may publish can have changed since the message arrived.
        worker.checkWrite(identity, message) { [self] isAllowed in
            if isAllowed { worker.publish(message, from: publisher) }
            writeAck(.pubcomp, identifier)
        }
    }

    /// Takes PUBREL packets in their short form off the front of `bytes`: each publishes its
    /// message as part of a run, which is answered with PUBCOMP.
    ///
    /// Returns how many there were.
    func absorbPubrels(_ bytes: UnsafeRawBufferPointer, _ session: Session) -> Int {
        if run.isStored {
            worker.flushRun()
            guard stage == .connected else { return 0 }
        }
        var count = 0
        while bytes.count - 4 * count >= 4, bytes[4 * count] == 0x62, bytes[4 * count + 1] == 2 {
            let identifier = UInt16(bytes[4 * count + 2]) << 8 | UInt16(bytes[4 * count + 3])
            guard identifier != 0, !session.incoming.isEmpty,
                session.incoming[0].packetIdentifier == identifier
            else { break }
            let message = session.incoming[0].message
            if message.isExpired(at: worker.now) { break }
            session.incoming.removeFirst()
            message.withPublication { publication in
                let continues =
                    run.count > 0 && run.count < UnsafePublishRun.entriesMax && run.isReleased
                    && !publication.isRetained && !run.isRetained
                    && run.publisher == session.handle && run.hasTopic(publication.topic)
                if !continues {
                    worker.flushRun()
                    run.begin(
                        topic: publication.topic,
                        mountPoint: [],
                        publisher: session.handle,
                        origin: publication.origin,
                        qos: 2,
                        isRetained: publication.isRetained,
                        sender: self
                    )
                    run.isReleased = true
                }
                run.append(
                    payload: publication.payload,
                    properties: publication.properties,
                    expiresAt: publication.expiresAt,
                    packetIdentifier: identifier,
                    message: message
                )
            }
            count += 1
        }
        return count
    }

    func handlePubcomp(_ body: RawSpan) throws(PacketError) {
        let ack = try AckPacket(decoding: body, type: .pubcomp, version: version)
        log.debug("Received PUBCOMP from \(logName) (Mid: \(ack.packetIdentifier))")
        try session?.handlePubcomp(ack.packetIdentifier)
    }
}

extension Session {
    /// Whether one more QoS 2 exchange may begin: `max_inflight_messages`, 0 for no limit.
    var mayReceive: Bool {
        incoming.count < worker.limits.receivedMax
    }

    /// Stores the QoS 2 publications of a run.
    ///
    /// Returns false, and stores nothing, when one of them needs a closer look: its identifier is
    /// in use or the window is full.
    func storeNew(_ run: UnsafePublishRun) -> Bool {
        guard run.count <= worker.limits.receivedMax - incoming.count else { return false }
        var last: UInt16 = 0
        for index in 0..<run.count {
            let identifier = run[index].packetIdentifier
            guard identifier > last,
                incoming.firstIndex(of: identifier, within: incoming.count) == nil
            else { return false }
            last = identifier
        }
        incoming.reserve(run.count)
        for index in 0..<run.count {
            incoming.append(
                Delivery(
                    run.message(index),
                    packetIdentifier: run[index].packetIdentifier,
                    state: .awaitingPubrel,
                    qos: 2,
                    isRetained: run.isRetained
                )
            )
        }
        return true
    }

    /// Forgets stored QoS 2 messages whose identifiers QoS 1 publications have taken.
    func forgetReused(_ run: UnsafePublishRun) {
        guard !incoming.isEmpty else { return }
        for index in 0..<run.count {
            let identifier = run[index].packetIdentifier
            guard release(identifier) != nil else { continue }
            warnOfReuse(identifier)
        }
    }

    /// A client that uses an identifier twice at a time is broken, which its owner should know.
    func warnOfReuse(_ identifier: UInt16) {
        let name = identity.clientIdentifier
        worker.log.warning(
            "Reused message ID \(identifier) from \(name) detected. Clearing from storage."
        )
    }

    /// Takes a received QoS 2 message out of the store.
    func release(_ identifier: UInt16) -> Delivery? {
        guard let index = incoming.firstIndex(of: identifier, within: incoming.count) else {
            return nil
        }
        let delivery = incoming[index]
        incoming.remove(at: index)
        return delivery
    }
}
