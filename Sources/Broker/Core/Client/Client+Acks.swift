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
        if !session.isAwaiting(ack.packetIdentifier) {
            log.warning(
                "Warning: Received PUBREC from \(logName) for an unknown packet identifier \(ack.packetIdentifier)."
            )
        }
        if try session.handlePubrec(ack) { writeAck(.pubrel, ack.packetIdentifier) }
    }

    /// Releases a QoS 2 message: it is published now, then PUBCOMP answers
    /// (spec: protocol-choices.md section 13).
    func handlePubrel(_ body: RawSpan) throws(PacketError) {
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
        guard released.isFromEarlierConnection, let identity else {
            message.withPublication { _ = worker.publish($0, from: publisher, message: message) }
            return writeAck(.pubcomp, identifier)
        }
        // What the client may publish can have changed since the message arrived.
        worker.checkWrite(identity, message) { [self] isAllowed in
            if isAllowed {
                message.withPublication { _ = worker.publish($0, from: publisher, message: message) }
            }
            writeAck(.pubcomp, identifier)
        }
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
