// SPDX-License-Identifier: Apache-2.0
// Publications of a peer are acknowledged.

import Config
import Inflight
import Log
import MQTT
import Net

extension SessionPeer {
    /// Acknowledges the publications of a batch that has been delivered.
    /// [MQTT-3.3.4-1] [MQTT-4.3.2-4] [MQTT311-3.3.4-1] [MQTT311-4.3.2-2]
    func acknowledge(_ batch: PublishBatch, _ hasSubscribers: Bool) {
        guard stage == .connected else { return }
        if batch.purpose == .release { return acknowledge(batch, .pubcomp, .success) }
        if let session, session.incoming != nil {
            for identifier in session.forgetReused(batch) { warnOfReuse(of: identifier) }
        }
        let isPlain = hasSubscribers || !isV5
        acknowledge(batch, .puback, isPlain ? .success : .noMatchingSubscribers)
    }

    /// Acknowledges every publication of a batch, or holds that back as a whole.
    func acknowledge(_ batch: PublishBatch, _ type: PacketType, _ reason: ReasonCode) {
        var stretch = IdentifierStretch(first: batch[0].packetIdentifier)
        if let ticket = ticket(for: .acknowledgements(type, stretch, reason)) {
            for index in 1..<batch.count {
                let identifier = batch[index].packetIdentifier
                if identifier == stretch.next {
                    stretch.count += 1
                } else {
                    hold(.acknowledgements(type, stretch, reason), until: ticket)
                    stretch = IdentifierStretch(first: identifier)
                }
            }
            return hold(.acknowledgements(type, stretch, reason), until: ticket)
        }
        sendAcks(type, reason, count: batch.count) { batch[$0].packetIdentifier }
    }

    /// Acknowledges so many publications in one stretch of packets.
    @inline(__always)
    func sendAcks(
        _ type: PacketType,
        _ reason: ReasonCode,
        count: Int,
        _ identifier: (Int) -> UInt16
    ) {
        // Before 5.0 there are no reasons.
        let reason = isV5 ? reason : .success
        let size = ShortAck.byteCount(reason)
        guard !worker.isTracing, let connection else {
            for index in 0..<count { sendAck(type, identifier(index), reason) }
            return
        }
        var place = connection.reserveOutput(size * count)
        let firstByte = ShortAck.firstByte(type)
        for index in 0..<count {
            ShortAck.write(firstByte, identifier(index), reason, to: place)
            place += size
        }
        connection.commitOutput(size * count, packets: count)
        counters.sent.add(type, count)
        counters.bytesSent.add(size * count)
    }

    func noteExcess(_ session: Session) {
        guard isV5, session.incomingCount > worker.limits.receivedMax, !hasLoggedExcess else {
            return
        }
        hasLoggedExcess = true
        log.warning(
            "Client \(logName) has exceeded its receive-maximum quota. This behaviour must be fixed on the client."
        )
    }

    /// A client that uses an identifier twice at a time is broken, which its owner should know.
    func warnOfReuse(of identifier: UInt16) {
        guard admitsLine(about: "warnings") else { return }
        log.warning(
            "Reused message ID \(identifier) from \(logName) detected. Clearing from storage."
        )
    }
}
