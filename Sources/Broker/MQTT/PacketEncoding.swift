// SPDX-License-Identifier: Apache-2.0
// The packets a broker writes, in the forms the original uses. For rare packets: they allocate.

extension [UInt8] {
    /// Appends a packet: first byte, remaining length, body.
    package mutating func appendPacket(_ type: PacketType, flags: UInt8 = 0, body: [UInt8]) {
        append(type.rawValue << 4 | flags)
        appendVariableByteInteger(body.count)
        append(contentsOf: body)
    }

    /// Appends properties with their length in front.
    /// [MQTT-2.2.2-1]
    package mutating func appendProperties(_ properties: [UInt8]) {
        appendVariableByteInteger(properties.count)
        append(contentsOf: properties)
    }

    /// Appends CONNACK, with the properties in the original's order.
    ///
    /// Session Present is never set for 3.1, which lacks it, nor with an error [MQTT-3.2.2-6].
    /// [MQTT-3.2.2-1] [MQTT311-3.2.2-4]
    package mutating func appendConnack(_ packet: ConnackPacket, version: ProtocolVersion) {
        let isSuccess = packet.reasonCode == .success
        let isPresent = packet.isSessionPresent && version != .v31 && isSuccess
        var body: [UInt8] = [isPresent ? 1 : 0, packet.reasonCode.rawValue]
        if version == .v5 { body.appendProperties(packet.encodedProperties) }
        appendPacket(.connack, body: body)
    }

    /// Appends the CONNACK with which a client of 3.1 or 3.1.1 is refused.
    /// [MQTT311-3.2.2-4]
    package mutating func appendConnack(_ refusal: ConnectReturnCode) {
        assert(refusal != .accepted, "whether a session is present would have to be said")
        appendPacket(.connack, body: [0, refusal.rawValue])
    }

    /// Appends PUBACK, PUBREC, PUBREL or PUBCOMP in the shortest form.
    package mutating func appendAck(
        _ type: PacketType,
        packetIdentifier: UInt16,
        reasonCode: ReasonCode = .success,
        properties: [UInt8] = [],
        version: ProtocolVersion
    ) {
        let flags: UInt8 = type == .pubrel ? 2 : 0
        guard version == .v5 && (reasonCode != .success || !properties.isEmpty) else {
            append(type.rawValue << 4 | flags)
            append(2)
            return appendTwoByteInteger(packetIdentifier)
        }
        var body: [UInt8] = []
        body.appendTwoByteInteger(packetIdentifier)
        body.append(reasonCode.rawValue)
        if !properties.isEmpty { body.appendProperties(properties) }
        appendPacket(type, flags: flags, body: body)
    }

    /// Appends SUBACK with one code per filter.
    /// [MQTT-2.2.1-6] [MQTT-3.8.4-2] [MQTT311-2.3.1-7] [MQTT311-3.8.4-2]
    package mutating func appendSuback(
        packetIdentifier: UInt16,
        reasonCodes: [ReasonCode],
        properties: [UInt8] = [],
        version: ProtocolVersion
    ) {
        var body: [UInt8] = []
        body.appendTwoByteInteger(packetIdentifier)
        if version == .v5 { body.appendProperties(properties) }
        for code in reasonCodes { body.append(code.rawValue) }
        appendPacket(.suback, body: body)
    }

    /// Appends UNSUBACK; before 5.0 it has no codes.
    /// [MQTT-2.2.1-6] [MQTT-3.10.4-5] [MQTT311-2.3.1-7] [MQTT311-3.10.4-4]
    package mutating func appendUnsuback(
        packetIdentifier: UInt16,
        reasonCodes: [ReasonCode],
        properties: [UInt8] = [],
        version: ProtocolVersion
    ) {
        var body: [UInt8] = []
        body.appendTwoByteInteger(packetIdentifier)
        if version == .v5 {
            body.appendProperties(properties)
            for code in reasonCodes { body.append(code.rawValue) }
        }
        appendPacket(.unsuback, body: body)
    }

    /// Appends DISCONNECT: empty for a normal disconnection, else the code, and properties if any.
    package mutating func appendDisconnect(
        _ reasonCode: ReasonCode = .normalDisconnection,
        properties: [UInt8] = [],
        version: ProtocolVersion
    ) {
        var body: [UInt8] = []
        if version == .v5 && (reasonCode != .normalDisconnection || !properties.isEmpty) {
            body.append(reasonCode.rawValue)
            if !properties.isEmpty { body.appendProperties(properties) }
        }
        appendPacket(.disconnect, body: body)
    }

    /// Appends AUTH with method and data in front of other properties.
    package mutating func appendAuth(
        _ reasonCode: ReasonCode,
        method: String,
        data: [UInt8]? = nil,
        properties: [UInt8] = []
    ) {
        var writer = PropertyWriter()
        writer.append(.authenticationMethod, string: method)
        if let data { writer.append(.authenticationData, binary: data) }
        writer.append(encoded: properties)
        var body: [UInt8] = [reasonCode.rawValue]
        body.appendProperties(writer.bytes)
        appendPacket(.auth, body: body)
    }

    /// Appends PUBLISH; the packet identifier counts with QoS 1 and 2 only.
    package mutating func appendPublish(
        topic: [UInt8],
        payload: [UInt8],
        qos: UInt8 = 0,
        isRetained: Bool = false,
        isDuplicate: Bool = false,
        packetIdentifier: UInt16 = 0,
        properties: [UInt8] = [],
        version: ProtocolVersion
    ) {
        let flags = (isDuplicate ? 8 : 0) | (qos & 3) << 1 | (isRetained ? 1 : 0)
        let propertyCount =
            version == .v5 ? VariableByteInteger.length(properties.count) + properties.count : 0
        append(PacketType.publish.rawValue << 4 | flags)
        appendVariableByteInteger(
            2 + Swift.min(topic.count, stringLengthMax) + (qos > 0 ? 2 : 0) + propertyCount
                + payload.count
        )
        appendBinary(topic)
        if qos > 0 { appendTwoByteInteger(packetIdentifier) }
        if version == .v5 { appendProperties(properties) }
        UnsafeLoad.append(payload.rawBytes, 0..<payload.count, to: &self)
    }
}

extension ConnackPacket {
    /// The properties in the order in which the original writes them, without length; the session
    /// expiry, which it never sends, comes first.
    package var encodedProperties: [UInt8] {
        var writer = PropertyWriter()
        if let sessionExpiryInterval {
            writer.append(.sessionExpiryInterval, fourByteInteger: sessionExpiryInterval)
        }
        if let serverKeepAlive { writer.append(.serverKeepAlive, twoByteInteger: serverKeepAlive) }
        if topicAliasMaximum > 0 {
            writer.append(.topicAliasMaximum, twoByteInteger: topicAliasMaximum)
        }
        if let assignedClientIdentifier {
            writer.append(.assignedClientIdentifier, string: assignedClientIdentifier)
        }
        if let authenticationMethod {
            writer.append(.authenticationMethod, string: authenticationMethod)
        }
        if let authenticationData { writer.append(.authenticationData, binary: authenticationData) }
        if !isRetainAvailable { writer.append(.retainAvailable, byte: 0) }
        if let maximumPacketSize {
            writer.append(.maximumPacketSize, fourByteInteger: maximumPacketSize)
        }
        if let receiveMaximum { writer.append(.receiveMaximum, twoByteInteger: receiveMaximum) }
        if maximumQoS < 2 { writer.append(.maximumQoS, byte: maximumQoS) }
        writer.append(encoded: otherProperties)
        return writer.bytes
    }
}
