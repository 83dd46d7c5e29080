// SPDX-License-Identifier: Apache-2.0
// The send window: what goes out, what comes back.

import MQTT
import Net

extension Session {
    /// Above this many waiting bytes the queue is left alone until the socket has taken some.
    private static let outputBytesMax = 256 << 10

    /// Sends what the window, the socket and the output limit allow: first what an earlier
    /// connection left unfinished, then the queue, in order.
    func pump() {
        // Flushing can call back: the loop under way goes on by itself.
        guard !isPumping, let client, let connection = client.connection else { return }
        isPumping = true
        defer { isPumping = false }
        while !isFilterPending, resumeIndex < deliveries.count {
            if deliveries[resumeIndex].state == .done {
                skip()
                continue
            }
            let isCounted = deliveries[resumeIndex].qos > 0
            if isCounted, inFlight >= client.inFlightMax || !hasBytesWindow { break }
            if connection.queuedByteCount > Self.outputBytesMax {
                connection.flush()
                if connection.queuedByteCount > Self.outputBytesMax { break }
            }
            guard client.mayWritePacket() else { break }
            sendNext(client)
        }
        trim()
    }

    private func skip() {
        if resumeIndex == sentCount { sentCount += 1 }
        resumeIndex += 1
    }

    /// Sends the entry at `resumeIndex`.
    private func sendNext(_ client: Client) {
        let index = resumeIndex
        let wasSent = index < sentCount
        let message = deliveries[index].message
        let qos = deliveries[index].qos
        skip()
        if !wasSent, qos > 0 {
            queuedCount -= 1
            queuedBytes -= message.payloadCount
        }
        if deliveries[index].state == .awaitingPubcomp {
            inFlight += 1
            inFlightBytes += message.payloadCount
            client.writeAck(.pubrel, deliveries[index].packetIdentifier)
            return
        }
        if message.isExpired(at: worker.now) {
            deliveries[index].state = .done
            return
        }
        if worker.hasHooks, worker.events(on: listenerIndex).contains(.messageOut) {
            return filter(index, wasSent: wasSent, client)
        }
        write(message, qos, deliveries[index].isRetained, at: index, wasSent: wasSent, client)
    }

    /// Raises MESSAGE_OUT for an entry that is about to go out; nothing else goes out before the
    /// answer.
    private func filter(_ index: Int, wasSent: Bool, _ client: Client) {
        let question = DeliveryQuestion(
            message: deliveries[index].message,
            qos: deliveries[index].qos,
            isRetained: deliveries[index].isRetained,
            checksAccess: false,
            isFiltered: true
        )
        isFilterPending = true
        let asker = worker.ask(.deliver(identity, [question])) { [self] answer in
            guard self.client === client, isFilterPending else { return }
            isFilterPending = false
            guard case .deliver(let verdicts) = answer, let verdict = verdicts.first else { return }
            // Entries before this one can have ended meanwhile; it is still the last one sent.
            let place = resumeIndex - 1
            switch verdict {
            case .denied: deliveries[place].state = .done
            case .allowed:
                write(
                    question.message,
                    question.qos,
                    question.isRetained,
                    at: place,
                    wasSent: wasSent,
                    client
                )
            case .replaced(let message, let qos, let isRetained):
                write(message, qos, isRetained, at: place, wasSent: wasSent, client)
            }
            pump()
        }
        if asker == nil { isFilterPending = false }
    }

    /// Writes the entry at a place, or what a plugin has put in its stead, and counts it.
    private func write(
        _ message: Message,
        _ qos: UInt8,
        _ isRetained: Bool,
        at index: Int,
        wasSent: Bool,
        _ client: Client
    ) {
        var identifier = deliveries[index].packetIdentifier
        if qos > 0, !wasSent, isInFlight(identifier, before: index) {
            identifier = freePacketIdentifier(before: index)
            deliveries[index].packetIdentifier = identifier
        }
        let isWritten = message.withPublication { publication in
            client.writePublish(
                publication,
                of: message,
                qos: qos,
                packetIdentifier: qos > 0 ? identifier : 0,
                isDuplicate: wasSent && qos > 0,
                isRetained: isRetained,
                subscriptionIdentifier: deliveries[index].subscriptionIdentifier
            )
        }
        guard isWritten, qos > 0 else {
            deliveries[index].state = .done
            return
        }
        deliveries[index].state = qos == 1 ? .awaitingPuback : .awaitingPubrec
        inFlight += 1
        inFlightBytes += deliveries[index].message.payloadCount
    }

    /// Identifiers come in order, so only one that has gone round can be in use.
    private func isInFlight(_ identifier: UInt16, before index: Int) -> Bool {
        guard index > 0, let first = firstIdentifier else { return false }
        let distance = Int(identifier &- first)
        guard distance < index else { return false }
        return deliveries.firstIndex(of: identifier, within: index) != nil
    }

    private var firstIdentifier: UInt16? {
        deliveries.isEmpty ? nil : deliveries[0].packetIdentifier
    }

    private func freePacketIdentifier(before index: Int) -> UInt16 {
        for _ in 0..<0xFFFF {
            let candidate = nextPacketIdentifier()
            if deliveries.firstIndex(of: candidate, within: index) == nil { return candidate }
        }
        return nextPacketIdentifier()
    }

    /// Drops what is over from the front.
    private func trim() {
        while !deliveries.isEmpty, deliveries[0].state == .done, sentCount > 0 {
            deliveries.removeFirst()
            sentCount -= 1
            resumeIndex -= 1
        }
    }

    /// A new connection begins: everything unanswered is to be sent again.
    func rewind() {
        isFilterPending = false
        resumeIndex = 0
        inFlight = 0
        inFlightBytes = 0
        hasLoggedDrop = false
        for index in 0..<incoming.count {
            incoming[index].wasRepeated = false
            incoming[index].isFromEarlierConnection = true
        }
    }

    // MARK: Answers

    /// The delivery that an acknowledgement means, among those this connection has sent.
    private func index(of identifier: UInt16) -> Int? {
        guard let index = deliveries.firstIndex(of: identifier, within: resumeIndex),
            deliveries[index].state != .done
        else { return nil }
        return index
    }

    private func finish(_ index: Int) {
        inFlightBytes -= deliveries[index].message.payloadCount
        inFlight -= 1
        deliveries[index].state = .done
        trim()
        if resumeIndex < deliveries.count { pump() }
        if !retainedDeliveries.isEmpty { continueRetained() }
    }

    /// Takes PUBACK packets in their short form off the front of `bytes` for as long as each is for
    /// the oldest delivery.
    ///
    /// Returns how many there were.
    func absorbPubacks(_ bytes: UnsafeRawBufferPointer) -> Int {
        absorb(bytes, firstByte: 0x40, state: .awaitingPuback)
    }

    /// The same for PUBCOMP.
    func absorbPubcomps(_ bytes: UnsafeRawBufferPointer) -> Int {
        absorb(bytes, firstByte: 0x70, state: .awaitingPubcomp)
    }

    /// Takes PUBREC packets in their short form off the front of `bytes` and answers each with
    /// PUBREL.
    ///
    /// Returns how many there were.
    func absorbPubrecs(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let connection = client?.connection, resumeIndex > 0 else { return 0 }
        let limit = min(resumeIndex, bytes.count / 4)
        guard connection.queuedPacketCount + limit <= worker.limits.queuedMessagesMax else {
            return 0
        }
        let place = connection.reserveOutput(4 * limit)
        let stretch = UnsafeRawBufferPointer(rebasing: bytes[..<(4 * limit)])
        let count = deliveries.release(by: stretch, limit: resumeIndex, output: place)
        guard count > 0 else { return 0 }
        connection.commitOutput(4 * count, packets: count)
        counters.sent.pubrel.add(count)
        counters.bytesSent.add(4 * count)
        return count
    }

    private func absorb(
        _ bytes: UnsafeRawBufferPointer,
        firstByte: UInt8,
        state: Delivery.State
    ) -> Int {
        let (count, payload) = deliveries.removeAcknowledged(
            by: bytes,
            firstByte: firstByte,
            state: state,
            limit: resumeIndex
        )
        guard count > 0 else { return 0 }
        sentCount -= count
        resumeIndex -= count
        inFlight -= count
        inFlightBytes -= payload
        trim()
        if resumeIndex < deliveries.count { pump() }
        if !retainedDeliveries.isEmpty { continueRetained() }
        return count
    }

    /// PUBACK.
    ///
    /// Unknown identifiers are ignored.
    func handlePuback(_ identifier: UInt16) throws(PacketError) {
        guard let index = index(of: identifier) else { return }
        guard deliveries[index].state == .awaitingPuback else { throw wrongAcknowledgement() }
        finish(index)
    }

    /// PUBREC.
    ///
    /// Returns whether PUBREL is to be sent.
    func handlePubrec(_ packet: AckPacket) throws(PacketError) -> Bool {
        guard let index = index(of: packet.packetIdentifier) else {
            return !packet.reasonCode.isError
        }
        switch deliveries[index].state {
        case .awaitingPubrec, .awaitingPubcomp: break
        default: throw wrongAcknowledgement()
        }
        if packet.reasonCode.isError {
            finish(index)
            return false
        }
        deliveries[index].state = .awaitingPubcomp
        return true
    }

    /// Whether an identifier belongs to a delivery of this connection.
    func isAwaiting(_ identifier: UInt16) -> Bool { index(of: identifier) != nil }

    /// PUBCOMP.
    ///
    /// Unknown identifiers are ignored.
    func handlePubcomp(_ identifier: UInt16) throws(PacketError) {
        guard let index = index(of: identifier) else { return }
        guard deliveries[index].state == .awaitingPubcomp else { throw wrongAcknowledgement() }
        finish(index)
    }

    private func wrongAcknowledgement() -> PacketError {
        .protocolError(identity.version, "acknowledgement does not fit the delivery")
    }
}
