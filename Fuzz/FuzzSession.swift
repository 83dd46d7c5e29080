// SPDX-License-Identifier: Apache-2.0
// A stream of packets, read as one side of a connection would.

import MQTT
import TopicRules

/// Reads a stream of packets as one side of a connection would.
struct FuzzSession {
    let version: ProtocolVersion
    let receiver: PacketReceiver

    func run(_ stream: [UInt8]) {
        var rest = stream[...]
        while !rest.isEmpty {
            let front = [UInt8](rest)
            guard case .header(let header) = parseFixedHeader(front.rawBytes) else { return }
            precondition(header.headerLength <= front.count && header.remainingLength >= 0)
            let end = min(header.packetLength, front.count)
            let body = [UInt8](front[header.headerLength..<end])
            do throws(PacketError) {
                try handle(header, body)
            } catch {
                // Refused, as most inputs must be; go on with the next packet all the same.
                precondition(error.reason == nil || error.reason?.isError == true)
            }
            rest = rest.dropFirst(max(end, 1))
        }
    }

    private func handle(_ header: FixedHeader, _ body: [UInt8]) throws(PacketError) {
        guard let type = header.type else { return }
        if type == .connect { return connect(header, body) }
        try checkFixedHeader(header, version: version, receiver: receiver)
        switch type {
        case .publish: try publish(header, body)
        case .puback, .pubrec, .pubrel, .pubcomp: try ack(type, body)
        case .subscribe: try subscribe(body)
        case .unsubscribe: try unsubscribe(body)
        case .disconnect:
            let packet = try DisconnectPacket(decoding: body.rawBytes, version: version)
            walk(body, packet.properties)
        case .auth:
            let packet = try AuthPacket(decoding: body.rawBytes, receiver: receiver)
            walk(body, packet.properties)
        case .connack:
            let packet = try ConnackPacket(decoding: body.rawBytes, version: version)
            precondition(packet.encodedProperties.count <= body.count + 16)
        case .suback, .unsuback:
            let packet = try SubscriptionAckPacket(
                decoding: body.rawBytes,
                type: type,
                version: version
            )
            walk(body, packet.properties)
        default: break
        }
    }

    /// All of an accepted packet's properties can be walked.
    private func walk(_ body: [UInt8], _ range: Range<Int>) {
        var iterator = PropertyIterator(body.rawBytes, range: range)
        var end = range.lowerBound
        while let property = iterator.next() {
            precondition(property.encoded.lowerBound == end)
            end = property.encoded.upperBound
        }
        precondition(!iterator.isMalformed && end == range.upperBound)
    }

    private func publish(_ header: FixedHeader, _ body: [UInt8]) throws(PacketError) {
        let packet = try PublishPacket(
            decoding: body.rawBytes,
            flags: header.flags,
            version: version,
            receiver: receiver
        )
        walk(body, packet.properties)
        let topic = [UInt8](body[packet.topic])
        precondition(topic.isEmpty || isValidTopicName(topic))
        var forwarded: [UInt8] = []
        packet.appendForwardedProperties(from: body.rawBytes, to: &forwarded)
        precondition(forwarded.count == packet.forwardedPropertiesByteCount)
        var again: [UInt8] = []
        again.appendPublish(
            topic: topic,
            payload: [UInt8](body[packet.payload]),
            qos: packet.qos,
            isRetained: packet.isRetained,
            isDuplicate: packet.isDuplicate,
            packetIdentifier: packet.packetIdentifier,
            properties: [UInt8](body[packet.properties]),
            version: version
        )
        precondition(
            again.first == header.firstByte && again.suffix(body.count).elementsEqual(body)
        )
    }

    private func ack(_ type: PacketType, _ body: [UInt8]) throws(PacketError) {
        let packet = try AckPacket(decoding: body.rawBytes, type: type, version: version)
        precondition(packet.packetIdentifier != 0)
        var again: [UInt8] = []
        again.appendAck(
            type,
            packetIdentifier: packet.packetIdentifier,
            reasonCode: packet.reasonCode,
            version: version
        )
        let decoded = try AckPacket(
            decoding: [UInt8](again[2...]).rawBytes,
            type: type,
            version: version
        )
        precondition(decoded == packet)
    }

    private func subscribe(_ body: [UInt8]) throws(PacketError) {
        let packet = try SubscribePacket(decoding: body.rawBytes, version: version)
        walk(body, packet.properties)
        for (filter, _) in try packet.filters(in: body.rawBytes) { check(filter) }
    }

    private func unsubscribe(_ body: [UInt8]) throws(PacketError) {
        let packet = try UnsubscribePacket(decoding: body.rawBytes, version: version)
        walk(body, packet.properties)
        for filter in try packet.filters(in: body.rawBytes) { check(filter) }
    }

    private func check(_ filter: [UInt8]) {
        precondition(isValidTopicFilter(filter))
        if case .shared(let parts) = SharedFilter.parse(filter) {
            precondition(isValidTopicFilter([UInt8](filter[parts.filter])))
            precondition(isValidTopicName([UInt8](filter[parts.shareName])))
        }
    }

    /// What CONNECT decodes to is what its encoding decodes to.
    private func connect(_ header: FixedHeader, _ body: [UInt8]) {
        guard var first = try? ConnectPacket(decoding: body.rawBytes, flags: header.flags) else {
            return
        }
        walk(first.properties, 0..<first.properties.count)
        walk(first.willProperties, 0..<first.willProperties.count)
        // 3.1 tolerates a password without user name when the field of the latter is missing.
        guard first.password == nil || first.userName != nil || first.version == .v5 else { return }
        var again: [UInt8] = []
        again.appendConnect(first)
        guard case .header(let other) = parseFixedHeader(again.rawBytes) else {
            preconditionFailure("encoded CONNECT has no fixed header")
        }
        let encoded = [UInt8](again[other.headerLength...])
        guard var second = try? ConnectPacket(decoding: encoded.rawBytes) else {
            preconditionFailure("encoded CONNECT is refused")
        }
        (first.properties, first.willProperties) = ([], [])
        (second.properties, second.willProperties) = ([], [])
        precondition(first == second)
    }
}
