// SPDX-License-Identifier: Apache-2.0
// Messages of a server: PUBLISH and PUBREL (5.0 sections 3.3 and 3.6), and answering them.

package import Inflight
package import MQTT

extension MQTTClientMachine {
    mutating func handlePublish(
        _ header: FixedHeader,
        _ packet: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer,
        _ receive: borrowing ReceiveWindow
    ) throws(PacketError) -> ClientEvent {
        let publish = try PublishPacket(
            decoding: body.bytes,
            // DUP of a message that is sent once means nothing.
            flags: isLenient && header.flags & 6 == 0 ? header.flags & ~8 : header.flags,
            version: version,
            receiver: .client
        )
        let aliased = try resolve(publish, body)
        var place: Int?
        if publish.qos == 2 {
            let known = receive.place(of: publish.packetIdentifier)
            if let known {
                let isFirst =
                    receive.isFromEarlierConnection(known) && !receive.repeated(known)
                if isFirst { countUnacknowledged() }
                return .repeated(place: known, packetIdentifier: publish.packetIdentifier)
            }
            countUnacknowledged()
            place = receive.accept(publish.packetIdentifier, byteCount: publish.payload.count)
        } else if publish.qos == 1 {
            countUnacknowledged()
        }
        noteForm(publish, body)
        return .publish(
            UnsafeReceivedPublish(
                packet: packet,
                headerLength: header.headerLength,
                publish: publish,
                aliased: aliased,
                place: place
            )
        )
    }

    /// The topic an alias stands for, which the packet may set. [MQTT-3.3.2-8] [MQTT-3.3.2-10]
    private mutating func resolve(
        _ publish: PublishPacket,
        _ body: UnsafeRawBufferPointer
    ) throws(PacketError) -> [UInt8]? {
        guard let alias = publish.topicAlias else { return nil }
        guard alias <= topicAliasMaximum else {
            throw PacketError(reason: .topicAliasInvalid, detail: "topic alias above the maximum")
        }
        if publish.topic.isEmpty {
            guard let known = incomingAliases[alias] else {
                throw .protocolError(version, "topic alias was never set")
            }
            return known
        }
        let topic = [UInt8](body[publish.topic])
        incomingAliases[alias] = topic
        return topic
    }

    /// A server that exceeds the Receive Maximum is served all the same: popular ones do so when they
    /// resume a session, and would do it again.
    private mutating func countUnacknowledged(_ count: Int = 1) {
        unacknowledgedCount += count
        if unacknowledgedCount > receiveMaximum { hasExcess = true }
    }

    private mutating func noteForm(_ publish: PublishPacket, _ body: UnsafeRawBufferPointer) {
        let isPlain =
            !publish.isRetained && publish.topicAlias == nil && publish.properties.isEmpty
        guard isPlain, publish.topic.count <= Self.stretchTopicMax else {
            lastQoS = nil
            return
        }
        lastQoS = publish.qos
        lastTopic.removeAll(keepingCapacity: true)
        lastTopic.append(contentsOf: body[publish.topic])
    }

    /// Messages of longer topics are taken one by one, so that little is kept for a connection.
    private static var stretchTopicMax: Int { 256 }

    mutating func handlePubrel(
        _ body: RawSpan,
        _ receive: borrowing ReceiveWindow,
        output: inout [UInt8]
    ) throws(PacketError) -> ClientEvent {
        let ack = try AckPacket(decoding: body, type: .pubrel, version: version)
        guard let place = receive.release(ack.packetIdentifier) else {
            output.appendAck(
                .pubcomp,
                packetIdentifier: ack.packetIdentifier,
                reasonCode: .packetIdentifierNotFound,
                version: version
            )
            return .nothing
        }
        return .released(AnswerStretch(place: place, identifier: ack.packetIdentifier))
    }

    /// Answers a message that has been taken over: PUBACK, PUBREC or PUBCOMP, or says why it was not.
    ///
    /// A QoS 2 message that is refused with PUBREC is over; the machine takes it from the window.
    /// Only what has come over this connection is answered. [MQTT-4.3.2-4] [MQTT-4.3.3-8]
    package mutating func acknowledge(
        _ type: PacketType,
        _ packetIdentifier: UInt16,
        _ reason: ReasonCode = .success,
        _ receive: borrowing ReceiveWindow,
        now: Int64,
        output: inout [UInt8]
    ) {
        assert(type == .puback || type == .pubrec || type == .pubcomp, "a receiver's answer")
        guard stage == .connected else { return }
        // Before 5.0 nothing can be refused.
        let isRefused = reason.isError && version == .v5
        if type == .pubrec, isRefused { _ = receive.release(packetIdentifier) }
        if type != .pubrec || isRefused {
            // One that was released only came over an earlier connection.
            unacknowledgedCount = max(0, unacknowledgedCount - 1)
        }
        output.appendAck(
            type,
            packetIdentifier: packetIdentifier,
            reasonCode: reason,
            version: version
        )
        keepAlive.noteSent(now)
    }

    /// Answers QoS 1 or 2 messages that have been taken over: PUBACK or PUBREC for each.
    package mutating func acknowledge(
        _ stretch: UnsafePublishStretch,
        now: Int64,
        output: inout [UInt8]
    ) {
        guard stage == .connected, stretch.qos > 0 else { return }
        if stretch.qos == 1 { unacknowledgedCount = max(0, unacknowledgedCount - stretch.count) }
        let type: PacketType = stretch.qos == 1 ? .puback : .pubrec
        stretch.walk { _, identifier, _, _ in
            output.appendAck(type, packetIdentifier: identifier, version: version)
        }
        keepAlive.noteSent(now)
    }

    // MARK: Stretches

    /// Takes alike packets in their short form off the front of `bytes`, if there are any.
    mutating func takeStretch(
        _ bytes: UnsafeRawBufferPointer,
        _ send: borrowing SendWindow,
        _ receive: borrowing ReceiveWindow,
        now: Int64,
        output: inout [UInt8]
    ) -> ClientStep? {
        guard bytes.count >= 4 else { return nil }
        switch bytes[0] {
        case 0x30, 0x32, 0x34: return takePublishes(bytes, receive)
        case 0x40: return takeAcks(bytes, send.acknowledgePubacks(bytes))
        case 0x50 where releasesAtOnce:
            return takePubrecs(bytes, send, now: now, output: &output)
        case 0x70: return takeAcks(bytes, send.acknowledgePubcomps(bytes))
        case 0x62:
            let count = receive.countReleases(bytes)
            guard count > 0 else { return nil }
            let first = receive.places.lowerBound
            receive.removeOldest(count)
            let packets = UnsafeRawBufferPointer(rebasing: bytes[..<(4 * count)])
            let places = first..<(first + count)
            return ClientStep(
                byteCount: packets.count,
                event: .released(AnswerStretch(places: places, packets: packets))
            )
        default: return nil
        }
    }

    private func takeAcks(_ bytes: UnsafeRawBufferPointer, _ places: Range<Int>) -> ClientStep? {
        guard !places.isEmpty else { return nil }
        let packets = UnsafeRawBufferPointer(rebasing: bytes[..<(4 * places.count)])
        return ClientStep(
            byteCount: packets.count,
            event: .acknowledged(AnswerStretch(places: places, packets: packets), .success)
        )
    }

    private mutating func takePubrecs(
        _ bytes: UnsafeRawBufferPointer,
        _ send: borrowing SendWindow,
        now: Int64,
        output: inout [UInt8]
    ) -> ClientStep? {
        let limit = min(send.inFlightCount, bytes.count / 4)
        guard limit > 0 else { return nil }
        let stretch = UnsafeRawBufferPointer(rebasing: bytes[..<(4 * limit)])
        let start = output.count
        output.append(contentsOf: repeatElement(0, count: 4 * limit))
        let count = output.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { send.releasePubrecs(stretch, output: $0 + start) } ?? 0
        }
        output.removeLast(4 * (limit - count))
        guard count > 0 else { return nil }
        keepAlive.noteSent(now)
        return ClientStep(byteCount: 4 * count, event: .nothing)
    }

    /// Messages like the last one.
    ///
    /// What does not fit the windows is left to `handlePublish`, one by one.
    private mutating func takePublishes(
        _ bytes: UnsafeRawBufferPointer,
        _ receive: borrowing ReceiveWindow
    ) -> ClientStep? {
        guard let qos = lastQoS, bytes[0] == 0x30 | qos << 1,
            let topic = sameTopic(bytes),
            let form = UnsafePublishForm(topic: topic, qos: qos, isV5: version == .v5)
        else { return nil }
        var count = 0
        var offset = 0
        var first: UInt16 = 0
        var previous: UInt16 = 0
        while let publish = form.read(
            bytes,
            at: offset,
            payloadMax: .max,
            packetMax: maximumPacketSize
        ) {
            let identifier = publish.packetIdentifier
            if count == 0 { first = identifier }
            if qos == 2 {
                guard count == 0 || identifier > previous,
                    receive.mayAcceptStretch(from: first, to: identifier)
                else { break }
                previous = identifier
            }
            count += 1
            offset += publish.byteCount
        }
        guard count > 0 else { return nil }
        if qos > 0 { countUnacknowledged(count) }
        let packets = UnsafeRawBufferPointer(rebasing: bytes[..<offset])
        let stretch = UnsafePublishStretch(
            form,
            packets,
            count: count,
            topic: topic,
            qos: qos,
            firstPlace: qos == 2 ? accept(form, packets, count: count, receive) : nil
        )
        return ClientStep(byteCount: offset, event: .publishes(stretch))
    }

    /// The topic of the packet at the front if it is the last one's.
    private func sameTopic(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let size = VariableByteInteger.decode(bytes.bytes, at: 1).length
        let start = 1 + size + 2
        let count = lastTopic.count
        guard size > 0, bytes.count >= start + count else { return nil }
        let topic = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + count)])
        return lastTopic.withUnsafeBytes { $0.elementsEqual(topic) } ? topic : nil
    }

    /// Takes the messages into the window; returns the first one's place.
    private func accept(
        _ form: UnsafePublishForm,
        _ packets: UnsafeRawBufferPointer,
        count: Int,
        _ receive: borrowing ReceiveWindow
    ) -> Int? {
        receive.reserve(count)
        var first: Int?
        var offset = 0
        while let publish = form.read(packets, at: offset, payloadMax: .max, packetMax: .max) {
            let place = receive.acceptNext(
                publish.packetIdentifier,
                byteCount: publish.payloadCount
            )
            first = first ?? place
            offset += publish.byteCount
        }
        return first
    }
}
