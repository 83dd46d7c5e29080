// SPDX-License-Identifier: Apache-2.0
// The packets only a client writes: for bridges, tools and tests.

extension [UInt8] {
    /// Appends CONNECT.
    package mutating func appendConnect(_ packet: ConnectPacket) {
        let isV5 = packet.version == .v5
        var body: [UInt8] = []
        body.appendString(packet.version == .v31 ? "MQIsdp" : "MQTT")
        body.append(packet.version.rawValue | (packet.isBridge && !isV5 ? 0x80 : 0))
        body.append(packet.connectFlags)
        body.appendTwoByteInteger(packet.keepAlive)
        if isV5 { body.appendProperties(packet.encodedProperties) }
        body.appendString(packet.clientIdentifier)
        if let will = packet.will {
            if isV5 { body.appendProperties(will.encodedProperties) }
            body.appendBinary(will.topic)
            body.appendBinary(will.payload)
        }
        if let userName = packet.userName { body.appendString(userName) }
        if let password = packet.password { body.appendBinary(password) }
        appendPacket(.connect, body: body)
    }

    /// Appends SUBSCRIBE; before 5.0 only the QoS of the options is written.
    package mutating func appendSubscribe(
        packetIdentifier: UInt16,
        filters: [(filter: [UInt8], options: SubscriptionOptions)],
        properties: [UInt8] = [],
        version: ProtocolVersion
    ) {
        var body: [UInt8] = []
        body.appendTwoByteInteger(packetIdentifier)
        if version == .v5 { body.appendProperties(properties) }
        for (filter, options) in filters {
            body.appendBinary(filter)
            body.append(version == .v5 ? options.rawValue : options.qos)
        }
        appendPacket(.subscribe, flags: 2, body: body)
    }

    /// Appends UNSUBSCRIBE.
    package mutating func appendUnsubscribe(
        packetIdentifier: UInt16,
        filters: [[UInt8]],
        properties: [UInt8] = [],
        version: ProtocolVersion
    ) {
        var body: [UInt8] = []
        body.appendTwoByteInteger(packetIdentifier)
        if version == .v5 { body.appendProperties(properties) }
        for filter in filters { body.appendBinary(filter) }
        appendPacket(.unsubscribe, flags: 2, body: body)
    }

    /// Appends PINGREQ.
    package mutating func appendPingreq() { appendPacket(.pingreq, body: []) }
}

extension ConnectPacket {
    /// The connect flags byte (5.0 section 3.1.2.3).
    package var connectFlags: UInt8 {
        var flags: UInt8 = isCleanStart ? 0x02 : 0
        if let will { flags |= 0x04 | (will.qos & 3) << 3 | (will.isRetained ? 0x20 : 0) }
        if password != nil { flags |= 0x40 }
        if userName != nil { flags |= 0x80 }
        return flags
    }

    /// The properties, without length: the leading ones, then others in the order in which the original's bridges
    /// write them.
    package var encodedProperties: [UInt8] {
        var writer = PropertyWriter(leadingProperties)
        let given = leadingIdentifiers
        if topicAliasMaximum > 0, !given.contains(.topicAliasMaximum) {
            writer.append(.topicAliasMaximum, twoByteInteger: topicAliasMaximum)
        }
        if sessionExpiryInterval > 0, !given.contains(.sessionExpiryInterval) {
            writer.append(.sessionExpiryInterval, fourByteInteger: sessionExpiryInterval)
        }
        if let receiveMaximum, !given.contains(.receiveMaximum) {
            writer.append(.receiveMaximum, twoByteInteger: receiveMaximum)
        }
        if let maximumPacketSize, !given.contains(.maximumPacketSize) {
            writer.append(.maximumPacketSize, fourByteInteger: maximumPacketSize)
        }
        if requestResponseInformation, !given.contains(.requestResponseInformation) {
            writer.append(.requestResponseInformation, byte: 1)
        }
        if !requestProblemInformation, !given.contains(.requestProblemInformation) {
            writer.append(.requestProblemInformation, byte: 0)
        }
        if let authenticationMethod, !given.contains(.authenticationMethod) {
            writer.append(.authenticationMethod, string: authenticationMethod)
        }
        if let authenticationData, !given.contains(.authenticationData) {
            writer.append(.authenticationData, binary: authenticationData)
        }
        writer.append(encoded: userProperties)
        return writer.bytes
    }

    private var leadingIdentifiers: [PropertyIdentifier] {
        var identifiers: [PropertyIdentifier] = []
        var walk = PropertyIterator(leadingProperties.rawBytes)
        while let property = walk.next() { identifiers.append(property.identifier) }
        return identifiers
    }
}

extension Will {
    /// The will properties, without length: delay, expiry, then those of the message.
    package var encodedProperties: [UInt8] {
        var writer = PropertyWriter()
        if delayInterval > 0 { writer.append(.willDelayInterval, fourByteInteger: delayInterval) }
        if let messageExpiryInterval {
            writer.append(.messageExpiryInterval, fourByteInteger: messageExpiryInterval)
        }
        writer.append(encoded: forwardedProperties)
        return writer.bytes
    }
}
