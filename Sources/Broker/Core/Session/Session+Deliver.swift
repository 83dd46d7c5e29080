// SPDX-License-Identifier: Apache-2.0
// A run of publications meets a session.

import Config
import Log
import MQTT
import Net
import Topics

extension Session {
    /// From this size on, packets go straight to the socket instead of through the output queue.
    private static let writeThroughMin = 16 << 10

    /// Takes publications for delivery: sends, queues or drops each (spec: protocol-choices.md
    /// section 12).
    func deliver(_ run: UnsafePublishRun, entries: Range<Int>, _ destination: Destination) {
        let granted = destination.options.qualityOfService
        let qos = worker.limits.upgradesOutgoingQoS ? granted : min(run.qos, granted)
        if worker.hasHooks {
            let events = worker.events(on: listenerIndex)
            if !events.isDisjoint(with: [.access, .messageOut]) {
                guard isReadable(run, entries, destination, qos, events) else { return }
            }
        }
        if let outlet = plainOutlet, destination.subscriptionIdentifier == 0, !run.isRetained,
            entries.count == run.count, !worker.isTracing
        {
            let variant = run.variant(isV5: isPlainV5, qos: qos, now: worker.now)
            if variant.packetSizeMax <= packetSizeMax {
                let isDone =
                    qos == 0
                    ? sendPlain(variant, run, to: outlet)
                    : sendInFlight(variant, run, qos: qos, to: outlet)
                if isDone { return }
            }
        }
        let isRetained = run.isRetained && destination.options.isRetainAsPublished
        if client == nil, qos > 0 {
            return queue(run, entries, qos, isRetained, destination.subscriptionIdentifier)
        }
        for index in entries {
            deliver(
                run.publication(index),
                qos: qos,
                isRetained: isRetained,
                subscriptionIdentifier: destination.subscriptionIdentifier
            ) { run.message(index) }
        }
    }

    /// QoS 0: the whole run in one piece.
    ///
    /// Returns false when a limit calls for a closer look.
    private func sendPlain(
        _ variant: PacketVariant,
        _ run: UnsafePublishRun,
        to connection: Connection
    ) -> Bool {
        let limit = worker.limits.queuedMessagesMax
        if connection.queuedPacketCount + run.count > limit {
            connection.flush()
            guard connection.queuedPacketCount + run.count <= limit else { return false }
        }
        if variant.bytes.count >= Self.writeThroughMin {
            connection.writeThrough(variant.bytes, packets: run.count) { variant.shared() }
        } else {
            connection.write(variant.bytes, packets: run.count)
        }
        countSent(packets: run.count, bytes: variant.bytes.count, payload: run.payloadByteCount)
        return true
    }

    /// QoS 1 and 2 within the send window: one copy, then each packet gets its identifier.
    private func sendInFlight(
        _ variant: PacketVariant,
        _ run: UnsafePublishRun,
        qos: UInt8,
        to connection: Connection
    ) -> Bool {
        guard sentCount == deliveries.count, resumeIndex == sentCount,
            inFlight + run.count <= inFlightMax, deliveries.count + run.count < 0xFFFF
        else { return false }
        if client?.references(payloadCount: variant.packetSizeMax) == true { return false }
        let limit = worker.limits.queuedMessagesMax
        if connection.queuedPacketCount + run.count > limit {
            connection.flush()
            guard connection.queuedPacketCount + run.count <= limit else { return false }
        }
        guard let source = variant.bytes.baseAddress else { return false }
        let size = variant.bytes.count
        let place = connection.reserveOutput(size)
        place.copyMemory(from: source, byteCount: size)
        let state: Delivery.State = qos == 1 ? .awaitingPuback : .awaitingPubrec
        var identifier = lastPacketIdentifier
        variant.identifierOffsets.withUnsafeBufferPointer { offsets in
            deliveries.reserve(run.count)
            for index in 0..<run.count {
                identifier = identifier == .max ? 1 : identifier + 1
                (place + Int(offsets[index]))
                    .storeBytes(of: identifier.bigEndian, as: UInt16.self)
                deliveries.append(
                    Delivery(
                        run.message(index),
                        packetIdentifier: identifier,
                        state: state,
                        qos: qos,
                        isRetained: false
                    )
                )
            }
        }
        lastPacketIdentifier = identifier
        connection.commitOutput(size, packets: run.count)
        sentCount += run.count
        resumeIndex = sentCount
        inFlight += run.count
        inFlightBytes += run.payloadByteCount
        countSent(packets: run.count, bytes: size, payload: run.payloadByteCount)
        return true
    }

    /// Queues publications for an absent client; the newest are dropped when the queue is full.
    private func queue(
        _ run: UnsafePublishRun,
        _ entries: Range<Int>,
        _ qos: UInt8,
        _ isRetained: Bool,
        _ subscriptionIdentifier: UInt32
    ) {
        let limits = worker.limits
        var identifier = lastPacketIdentifier
        for index in entries {
            guard queuedCount < limits.queuedMessagesMax, queuedBytes < limits.queuedBytesMax else {
                drop()
                continue
            }
            identifier = identifier == .max ? 1 : identifier + 1
            deliveries.append(
                Delivery(
                    run.message(index),
                    packetIdentifier: identifier,
                    state: .queued,
                    qos: qos,
                    isRetained: isRetained,
                    subscriptionIdentifier: subscriptionIdentifier
                )
            )
            queuedCount += 1
            queuedBytes += run[index].payloadCount
        }
        lastPacketIdentifier = identifier
    }

    func countSent(packets: Int, bytes: Int, payload: Int) {
        counters.sent.publish.add(packets)
        counters.bytesSent.add(bytes)
        counters.publishBytesSent.add(payload)
    }

    // MARK: One at a time

    /// Takes one publication for delivery.
    func deliver(
        _ publication: UnsafePublication,
        qos: UInt8,
        isRetained: Bool,
        subscriptionIdentifier: UInt32,
        message: () -> Message
    ) {
        if qos == 0 {
            deliverAtMostOnce(
                publication,
                isRetained: isRetained,
                subscriptionIdentifier: subscriptionIdentifier,
                message: message
            )
            return
        }
        guard mayQueue(publication.payload.count) else { return drop() }
        deliveries.append(
            Delivery(
                message(),
                packetIdentifier: nextPacketIdentifier(),
                state: .queued,
                qos: qos,
                isRetained: isRetained,
                subscriptionIdentifier: subscriptionIdentifier
            )
        )
        queuedCount += 1
        queuedBytes += publication.payload.count
        if client != nil { pump() }
    }

    private func deliverAtMostOnce(
        _ publication: UnsafePublication,
        isRetained: Bool,
        subscriptionIdentifier: UInt32,
        message: () -> Message
    ) {
        guard let client else {
            guard worker.limits.queuesQoS0, isPersistent else { return }
            guard mayQueue(publication.payload.count),
                deliveries.count < worker.limits.queuedMessagesMax
            else {
                return drop()
            }
            deliveries.append(
                Delivery(
                    message(),
                    packetIdentifier: 0,
                    state: .queued,
                    qos: 0,
                    isRetained: isRetained,
                    subscriptionIdentifier: subscriptionIdentifier
                )
            )
            return
        }
        guard client.mayWritePacket() else { return drop() }
        guard client.references(payloadCount: publication.payload.count) else {
            write(publication, of: nil)
            return
        }
        let message = message()
        message.withPublication { write($0, of: message) }

        func write(_ publication: UnsafePublication, of message: Message?) {
            client.writePublish(
                publication,
                of: message,
                qos: 0,
                packetIdentifier: 0,
                isDuplicate: false,
                isRetained: isRetained,
                subscriptionIdentifier: subscriptionIdentifier
            )
        }
    }

    /// Whether the limits leave room for one more queued message.
    private func mayQueue(_ payloadCount: Int) -> Bool {
        let limits = worker.limits
        guard let client else {
            return queuedCount < limits.queuedMessagesMax && queuedBytes < limits.queuedBytesMax
        }
        if canSendNow(client) { return true }
        let window = client.hasUnlimitedWindow ? 0 : client.inFlightMax
        return queuedCount - window < limits.queuedMessagesMax
            && queuedBytes - limits.inFlightBytesAllowance < limits.queuedBytesMax
    }

    /// Whether the next message could go out at once.
    private func canSendNow(_ client: Client) -> Bool {
        sentCount == deliveries.count && resumeIndex == sentCount
            && inFlight < client.inFlightMax && hasBytesWindow
    }

    /// `max_inflight_bytes`: a message may start while the sum is below the cap.
    var hasBytesWindow: Bool {
        inFlightBytes < worker.limits.inFlightBytesMax
    }

    func drop() {
        counters.dropped.add(1)
        guard !hasLoggedDrop else { return }
        hasLoggedDrop = true
        worker.log.notice(
            "Outgoing messages are being dropped for client \(identity.clientIdentifier)."
        )
    }
}
