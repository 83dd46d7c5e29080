// SPDX-License-Identifier: Apache-2.0
// Packets for the other end of a connection.

import Inflight
import Log
import MQTT
import Net

extension SessionPeer {
    /// Packets that may wait for the socket before others' messages have to wait, or are dropped.
    var outputPacketsMax: Int {
        worker.limits.queuedMessagesMax
    }

    /// Whether the output has room for one more packet; tries to make some.
    func mayWritePacket() -> Bool {
        guard let connection else { return false }
        let limit = outputPacketsMax
        if connection.queuedPacketCount < limit { return true }
        worker.sendOutboxes()
        connection.flush()
        return connection.queuedPacketCount < limit
    }

    /// Queues a packet; not one that is larger than the client takes.
    func write(_ packet: [UInt8], _ type: PacketType) {
        guard packet.count <= packetSizeMax else { return logTooLarge(packet.count, type) }
        connection?.write(packet)
        counters.sent.add(type)
        counters.bytesSent.add(packet.count)
    }

    /// Acknowledges, now or when that may be.
    func writeAck(_ type: PacketType, _ identifier: UInt16, _ reason: ReasonCode = .success) {
        if worker.answerHolder != nil {
            let answer: HeldAnswer =
                type == .pubrel
                ? .release(identifier: identifier)
                : .acknowledgements(type, IdentifierStretch(first: identifier), reason)
            if hold(answer) { return }
        }
        sendAck(type, identifier, reason)
    }

    /// Acknowledges; in the short form where the reason is success.
    /// [MQTT-2.2.1-5] [MQTT311-2.3.1-6]
    func sendAck(_ type: PacketType, _ identifier: UInt16, _ reason: ReasonCode) {
        logAck(type, identifier, reason)
        guard let connection else { return }
        // Before 5.0 there are no reasons.
        let reason = isV5 ? reason : .success
        let size = ShortAck.byteCount(reason)
        let place = connection.reserveOutput(size)
        ShortAck.write(ShortAck.firstByte(type), identifier, reason, to: place)
        connection.commitOutput(size)
        counters.sent.add(type)
        counters.bytesSent.add(size)
    }

    private func logAck(_ type: PacketType, _ identifier: UInt16, _ reason: ReasonCode) {
        guard log.isEnabled(.debug) else { return }
        switch type {
        case .puback:
            log.debug("Sending PUBACK to \(logName) (m\(identifier), rc\(reason.rawValue))")
        case .pubrec:
            log.debug("Sending PUBREC to \(logName) (m\(identifier), rc\(reason.rawValue))")
        case .pubrel: log.debug("Sending PUBREL to \(logName) (m\(identifier))")
        default: log.debug("Sending PUBCOMP to \(logName) (m\(identifier))")
        }
    }

    /// A message for it is lost.
    func noteDropped(_ reason: DropReason) {
        guard let session else { return counters.drop(reason) }
        session.drop(reason)
    }

    /// A place in the window has become free.
    func sendMore(_ session: Session) {
        if session.outgoing.window.hasWaiting { session.pump() }
        if session.retainedQueue != nil { session.continueRetained() }
    }
}
