// SPDX-License-Identifier: Apache-2.0
// PUBACK, PUBREC, PUBREL and PUBCOMP from a client (5.0 sections 3.4 to 3.7).

import Config
import Inflight
import Log
import MQTT
import Net
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
        guard let session else { return }
        try conclude(session.acknowledgePuback(ack.packetIdentifier), ack, session)
    }

    func handlePubrec(_ body: RawSpan) throws(PacketError) {
        guard let session else { return }
        let ack = try AckPacket(decoding: body, type: .pubrec, version: version)
        log.debug("Received PUBREC from \(logName) (Mid: \(ack.packetIdentifier))")
        let isError = ack.reasonCode.isError
        let answer = session.acknowledgePubrec(ack.packetIdentifier, isError: isError)
        if answer == .unknown, !isError { writeAck(.pubrel, ack.packetIdentifier) }
        if answer == .unknown, admitsLine(about: "warnings") {
            log.warning(
                "Warning: Received PUBREC from \(logName) for an unknown packet identifier \(ack.packetIdentifier)."
            )
        }
        try conclude(answer, ack, session)
    }

    /// Goes on after an acknowledgement; unknown identifiers are ignored.
    private func conclude(
        _ answer: Acknowledgement,
        _ ack: AckPacket,
        _ session: Session
    ) throws(PacketError) {
        switch answer {
        case .unknown: break
        case .unexpected:
            throw .protocolError(version, "acknowledgement does not fit the delivery")
        case .released: writeAck(.pubrel, ack.packetIdentifier)
        case .ended: sendMore(session)
        }
    }

    /// Releases a QoS 2 message: it is published now, then PUBCOMP answers.
    ///
    /// An identifier that nothing waits under is answered with PUBCOMP 0x00: the message may have been
    /// refused before it was kept, and the client must be able to go on.
    /// [MQTT-4.3.3-11] [MQTT-4.3.3-13] [MQTT311-4.3.3-2]
    func handlePubrel(_ body: RawSpan) throws(PacketError) {
        // The message may have come in the same read and not be kept yet.
        worker.deliverCollected()
        guard let session else { return }
        let ack = try AckPacket(decoding: body, type: .pubrel, version: version)
        log.debug("Received PUBREL from \(logName) (Mid: \(ack.packetIdentifier))")
        guard let kept = session.received(ack.packetIdentifier) else {
            return writeAck(.pubcomp, ack.packetIdentifier)
        }
        let message = kept.message
        guard kept.isFromEarlierConnection, !message.isExpired(at: worker.now), let identity else {
            return release(message, ack.packetIdentifier, of: session, isWanted: true)
        }
        // What the client may publish can have changed since the message arrived. Until that is
        // decided it is kept, and the client can neither release it again nor leave.
        let handle = session.handle
        undecidedCount += 1
        worker.checkWrite(identity, message) { [self] isAllowed in
            undecidedCount -= 1
            if let session = worker.sessions[handle] {
                release(message, ack.packetIdentifier, of: session, isWanted: isAllowed)
            }
            goOnAfterDecision()
        }
    }

    /// Takes a received message out, publishes it and answers with PUBCOMP.
    ///
    /// Nothing comes between the first two, so that a log has both or neither. One that is not there
    /// any more was released on another connection meanwhile, or forgotten.
    /// [MQTT-4.3.3-12]
    private func release(
        _ message: Message,
        _ identifier: UInt16,
        of session: Session,
        isWanted: Bool
    ) {
        worker.deliverCollected()
        if session.release(identifier, message) {
            if isWanted, !message.isExpired(at: worker.now) {
                worker.publish(message, from: session.handle)
            }
            session.noteCompleted(message, identifier)
        }
        writeAck(.pubcomp, identifier)
    }

    func handlePubcomp(_ body: RawSpan) throws(PacketError) {
        let ack = try AckPacket(decoding: body, type: .pubcomp, version: version)
        log.debug("Received PUBCOMP from \(logName) (Mid: \(ack.packetIdentifier))")
        guard let session else { return }
        try conclude(session.acknowledgePubcomp(ack.packetIdentifier), ack, session)
    }

    // MARK: Stretches

    /// Takes PUBACK packets in their short form off the front of `bytes`; returns how many.
    func coalescePubacks(_ bytes: UnsafeRawBufferPointer, _ session: Session) -> Int {
        let count = session.acknowledgePubacks(bytes)
        if count > 0 { sendMore(session) }
        return count
    }

    /// The same for PUBCOMP.
    func coalescePubcomps(_ bytes: UnsafeRawBufferPointer, _ session: Session) -> Int {
        let count = session.acknowledgePubcomps(bytes)
        if count > 0 { sendMore(session) }
        return count
    }

    /// Takes PUBREC packets in their short form off the front of `bytes` and answers each with
    /// PUBREL; returns how many.
    func coalescePubrecs(_ bytes: UnsafeRawBufferPointer, _ session: Session) -> Int {
        // PUBREL to a session that is recorded may have to wait.
        if worker.answerHolder != nil, session.isPersistent { return 0 }
        let limit = min(session.outgoing.window.inFlightCount, bytes.count / 4)
        guard let connection, limit > 0,
            connection.queuedPacketCount + limit <= outputPacketsMax
        else { return 0 }
        let output = connection.reserveOutput(4 * limit)
        let stretch = UnsafeRawBufferPointer(rebasing: bytes[..<(4 * limit)])
        let count = session.releasePubrecs(stretch, output: output)
        guard count > 0 else { return 0 }
        connection.commitOutput(4 * count, packets: count)
        counters.sent.pubrel.add(count)
        counters.bytesSent.add(4 * count)
        return count
    }

    /// Takes PUBREL packets in their short form off the front of `bytes`: each publishes its
    /// message as part of a batch, which is answered with PUBCOMP; returns how many.
    func coalescePubrels(_ bytes: UnsafeRawBufferPointer, _ session: Session) -> Int {
        if batch.purpose == .receive {
            worker.deliverCollected()
            guard stage == .connected else { return 0 }
        }
        guard let incoming = session.incoming else { return 0 }
        let limit = incoming.countReleases(bytes)
        var count = 0
        while count < limit {
            let message = incoming.oldest(count)
            if message.isExpired(at: worker.now) { break }
            let identifier = ShortAck.identifier(bytes, at: 4 * count)
            collect(released: message, identifier, session)
            count += 1
        }
        if count > 0 { session.releaseOldest(count) }
        return count
    }
}
