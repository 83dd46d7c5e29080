// SPDX-License-Identifier: Apache-2.0
// A whole batch goes out to one client in one piece.

import Inflight
import MQTT
import Net

extension Outlet {
    /// From this size on, packets go straight to the socket instead of through the output queue.
    private static let writeThroughMin = 16 << 10

    /// So many messages at once, with no longer topic, go out as they are rather than one by one with
    /// their alias: the bytes cost less than a look at each.
    private static let unaliasedMin = 4
    private static let unaliasedTopicMax = 64

    /// Sends a batch as it is for all such clients, if nothing is in its way.
    ///
    /// Returns false, and has sent nothing, when each message needs a closer look.
    func send(_ batch: PublishBatch, qos: UInt8, of session: Session) -> Bool {
        if hasAliases, batch.count < Self.unaliasedMin || batch.topicCount > Self.unaliasedTopicMax
        {
            return false
        }
        var mapped: PacketVariant?
        if let remote {
            // What has to wait is not put together in vain.
            guard !remote.isMarking, qos <= remote.maximumQoS,
                qos == 0 || !session.outgoing.window.hasWaiting
            else {
                return false
            }
            mapped = remote.variant(of: batch, isV5: isV5, qos: qos, now: worker.now)
            // Nothing is left of the topic.
            if mapped == nil, remote.isMapping { return false }
        }
        let variant = mapped ?? batch.variant(isV5: isV5, qos: qos, now: worker.now)
        guard variant.packetSizeMax <= packetSizeMax else { return false }
        return qos == 0
            ? sendAtMostOnce(variant, batch) : sendInFlight(variant, batch, qos: qos, of: session)
    }

    /// QoS 0: the packets as they are.
    private func sendAtMostOnce(_ variant: PacketVariant, _ batch: PublishBatch) -> Bool {
        guard hasRoom(for: batch.count) else { return false }
        if variant.bytes.count >= Self.writeThroughMin {
            connection.writeThrough(
                variant.bytes,
                packets: batch.count,
                isDeferred: batch.isForMany
            ) { variant.shared() }
        } else {
            connection.write(variant.bytes, packets: batch.count)
        }
        count(batch, qos: 0, bytes: variant.bytes.count)
        return true
    }

    /// QoS 1 and 2 within the send window: one copy, then each packet gets its identifier.
    private func sendInFlight(
        _ variant: PacketVariant,
        _ batch: PublishBatch,
        qos: UInt8,
        of session: Session
    ) -> Bool {
        if references(payloadCount: variant.packetSizeMax) { return false }
        // QoS 2 to a session that is recorded may have to wait.
        if qos == 2, session.isPersistent, worker.answerHolder != nil { return false }
        guard hasRoom(for: batch.count), !connection.isClosed,
            session.outgoing.window.mayStartStretch(
                of: batch.count,
                byteCount: batch.payloadByteCount,
                limits
            ), let source = variant.bytes.baseAddress
        else { return false }
        let size = variant.bytes.count
        let output = connection.reserveOutput(size)
        output.copyMemory(from: source, byteCount: size)
        session.start(batch, variant, qos: qos, in: output)
        connection.commitOutput(size, packets: batch.count)
        count(batch, qos: qos, bytes: size)
        return true
    }

    private func hasRoom(for count: Int) -> Bool {
        let limit = peer.outputPacketsMax
        if connection.queuedPacketCount + count <= limit { return true }
        connection.flush()
        return connection.queuedPacketCount + count <= limit
    }

    @inline(__always)
    private func count(_ batch: PublishBatch, qos: UInt8, bytes: Int) {
        let counters = peer.counters
        counters.sent.addPublishes(qos: qos, batch.count)
        counters.bytesSent.add(bytes)
        counters.publishBytesSent.add(batch.payloadByteCount)
        remote?.noteSent(batch.count)
    }
}

extension Session {
    /// The messages of a batch are under way: writes their identifiers into the packets, which lie
    /// at `output`.
    ///
    /// The window has been asked before.
    fileprivate func start(
        _ batch: PublishBatch,
        _ variant: PacketVariant,
        qos: UInt8,
        in output: UnsafeMutableRawPointer
    ) {
        let count = batch.count
        let first = outgoing.beginStretch(count)
        let firstIdentifier = PacketIdentifiers.next(outgoing.window.lastIdentifier)
        var place = first
        variant.identifierOffsets.withUnsafeBufferPointer { offsets in
            precondition(offsets.count == count, "each packet has an identifier")
            for index in 0..<count {
                let identifier = outgoing.window.start(
                    byteCount: batch[index].payloadCount,
                    qos: qos
                )
                (output + Int(offsets[index]))
                    .storeBytes(of: identifier.bigEndian, as: UInt16.self)
                outgoing.setStarted(place, batch.message(index))
                place += 1
            }
        }
        outgoing.window.endStretch(of: count, byteCount: batch.payloadByteCount)
        worker.sessionListener?
            .session(
                self,
                started: batch,
                qos: qos,
                place: first,
                identifier: firstIdentifier
            )
    }
}
