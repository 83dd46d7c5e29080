// SPDX-License-Identifier: Apache-2.0
// The steps of decoding a CONNECT, and what each refuses.

/// The steps of decoding a CONNECT, in order.
struct ConnectDecoder: ~Escapable {
    let body: RawSpan
    let limits: ConnectLimits
    var reader: PacketReader
    var connectFlags: UInt8 = 0

    @_lifetime(copy body)
    init(_ body: RawSpan, _ limits: ConnectLimits) {
        self.body = body
        self.limits = limits
        reader = PacketReader(body)
    }

    var hasWill: Bool { connectFlags & 0x04 != 0 }
    var willQoS: UInt8 { connectFlags >> 3 & 3 }
    var isWillRetained: Bool { connectFlags & 0x20 != 0 }
    var hasPassword: Bool { connectFlags & 0x40 != 0 }
    var hasUserName: Bool { connectFlags & 0x80 != 0 }

    @_lifetime(self: copy self)
    mutating func decode(headerFlags: UInt8) throws(ConnectError) -> ConnectPacket {
        var packet = try readProtocol()
        let version = packet.version
        // [MQTT-3.1.4-1] [MQTT311-3.1.4-1]
        guard headerFlags == 0 || version == .v31 else { throw close("reserved flags set") }
        guard let flags = reader.readByte() else { throw close("CONNECT truncated") }
        connectFlags = flags
        packet.isCleanStart = flags & 0x02 != 0
        // [MQTT-3.1.2-3]
        // [MQTT311-3.1.2-3]
        guard flags & 1 == 0 || version == .v31 else { throw close("reserved connect flag set") }
        guard let keepAlive = reader.readTwoByteInteger() else { throw close("CONNECT truncated") }
        packet.keepAlive = keepAlive
        if version == .v5 { try readProperties(&packet) }
        try checkWillFlags(version)
        if packet.authenticationData != nil && packet.authenticationMethod == nil {
            throw refuse(.v5, v5: .protocolError, "authentication data without method")
        }
        // [MQTT-3.1.3-1] [MQTT-3.1.3-3] [MQTT311-3.1.3-1] [MQTT311-3.1.3-3]
        try readClientIdentifier(&packet)
        if hasWill {
            try readWill(&packet)
        } else if version != .v31 && flags & 0x38 != 0 {
            // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
            // [MQTT311-3.1.2-11] [MQTT311-3.1.2-13] [MQTT311-3.1.2-15]
            throw close("will QoS or will retain without will")
        }
        try readCredentials(&packet)
        // [MQTT-3.1.2-16] [MQTT-3.1.2-18] [MQTT311-3.1.2-18] [MQTT311-3.1.2-20]
        guard reader.remaining == 0 else {
            throw refuse(version, v5: .malformedPacket, "bytes after the payload")
        }
        return packet
    }

    // MARK: Variable header

    /// Reads name and version; the version decides before the name does.
    @_lifetime(self: copy self)
    private mutating func readProtocol() throws(ConnectError) -> ConnectPacket {
        guard let name = reader.readBinary(), name.count == 4 || name.count == 6 else {
            throw close("protocol name")
        }
        guard let byte = reader.readByte() else { throw close("CONNECT truncated") }
        let unsupported = ConnectError(
            answer: .connackV5(.unsupportedProtocolVersion),
            detail: "unsupported protocol version"
        )
        // [MQTT-3.1.2-2]
        guard let version = ProtocolVersion(rawValue: byte & 0x7F), byte != 0x85 else {
            throw unsupported
        }
        guard limits.acceptedVersions.contains(ProtocolVersionSet(version)) else {
            // [MQTT311-3.1.2-2]
            if byte > 4 { throw unsupported }
            throw ConnectError(
                answer: .connackV3(.unacceptableProtocolVersion),
                detail: "protocol version not accepted"
            )
        }
        // [MQTT-3.1.2-1] [MQTT311-3.1.2-1]
        let isOldName = isText(name, "MQIsdp")
        guard isOldName || isText(name, "MQTT") else { throw close("protocol name") }
        guard isOldName == (version == .v31) else {
            throw ConnectError(
                answer: .connackV3(.unacceptableProtocolVersion),
                detail: "protocol name and version differ"
            )
        }
        var packet = ConnectPacket(version: version, clientIdentifier: "")
        packet.isBridge = byte & 0x80 != 0
        return packet
    }

    private func isText(_ range: Range<Int>, _ text: StaticString) -> Bool {
        UnsafeLoad.string(body, range) == "\(text)"
    }

    @_lifetime(self: copy self)
    private mutating func readProperties(_ packet: inout ConnectPacket) throws(ConnectError) {
        guard var block = PropertyBlock(reading: &reader, scope: .connect) else {
            throw refuse(.v5, v5: .malformedPacket, "property length")
        }
        packet.properties = UnsafeLoad.array(body, block.range)
        while let property = block.next() {
            switch (property.identifier, property.value) {
            case (.sessionExpiryInterval, .fourByteInteger(let value)):
                packet.sessionExpiryInterval = value
            case (.maximumPacketSize, .fourByteInteger(let value)):
                packet.maximumPacketSize = value
            case (.receiveMaximum, .twoByteInteger(let value)): packet.receiveMaximum = value
            case (.topicAliasMaximum, .twoByteInteger(let value)):
                packet.topicAliasMaximum = value
            case (.requestResponseInformation, .byte(let value)):
                packet.requestResponseInformation = value == 1
            case (.requestProblemInformation, .byte(let value)):
                packet.requestProblemInformation = value == 1
            case (.authenticationMethod, .string(let range)):
                packet.authenticationMethod = UnsafeLoad.string(body, range)
            case (.authenticationData, .binary(let range)):
                packet.authenticationData = UnsafeLoad.array(body, range)
            default: UnsafeLoad.append(body, property.encoded, to: &packet.userProperties)
            }
        }
        try check(block.failure)
    }

    private func check(_ failure: PropertyFailure?) throws(ConnectError) {
        switch failure {
        case nil: return
        case .malformed(let detail): throw refuse(.v5, v5: .malformedPacket, detail)
        case .notAllowed(let detail), .duplicate(let detail):
            throw refuse(.v5, v5: .protocolError, detail)
        }
    }

    private func checkWillFlags(_ version: ProtocolVersion) throws(ConnectError) {
        // [MQTT-3.1.2-12]
        // [MQTT311-3.1.2-14]
        guard willQoS < 3 else { throw close("will QoS 3") }
        guard hasWill else { return }
        // [MQTT-3.2.2-13]
        if isWillRetained && !limits.isRetainAvailable {
            throw refuse(version, v5: .retainNotSupported, "retained will not available")
        }
        // [MQTT-3.2.2-12]
        if willQoS > limits.maximumQoS {
            throw refuse(version, v5: .qosNotSupported, "will QoS not supported")
        }
    }

    // MARK: Payload

    @_lifetime(self: copy self)
    private mutating func readClientIdentifier(
        _ packet: inout ConnectPacket
    ) throws(ConnectError) {
        // [MQTT-3.1.3-4]
        // [MQTT-3.1.3-5] [MQTT-3.1.3-8] [MQTT311-3.1.3-4] [MQTT311-3.1.3-5]
        guard let range = reader.readString() else {
            throw refuse(packet.version, v5: .clientIdentifierNotValid, "invalid client identifier")
        }
        packet.clientIdentifier = UnsafeLoad.string(body, range)
        guard range.isEmpty else { return }
        let allowed = limits.allowsZeroLengthClientIdentifier
        if packet.version == .v5 {
            if !allowed { throw refuse(.v5, v5: .unspecifiedError, "empty client identifier") }
        } else if packet.version == .v31 || !packet.isCleanStart || !allowed {
            // [MQTT311-3.1.3-8]
            throw ConnectError(
                answer: .connackV3(.identifierRejected),
                detail: "empty client identifier"
            )
        }
    }

    @_lifetime(self: copy self)
    private mutating func readWill(_ packet: inout ConnectPacket) throws(ConnectError) {
        let version = packet.version
        // [MQTT-3.1.2-9] [MQTT-3.1.3-11] [MQTT311-3.1.2-9] [MQTT311-3.1.3-10]
        var will = Will(topic: [], qos: willQoS, isRetained: isWillRetained)
        if version == .v5 { packet.willProperties = try readWillProperties(&will) }
        guard let topic = reader.readBinary() else {
            throw refuse(version, v5: .malformedPacket, "will truncated")
        }
        guard validateUTF8(body, topic) else { throw close("invalid will topic") }
        guard !topic.isEmpty else { throw refuse(version, v5: .protocolError, "empty will topic") }
        will.topic = UnsafeLoad.array(body, topic)
        try checkWillTopic(will.topic)
        guard let count = reader.readTwoByteInteger() else {
            throw refuse(version, v5: .malformedPacket, "will truncated")
        }
        if limits.messageSizeLimit > 0 && Int(count) > limits.messageSizeLimit {
            let answer: ConnectError.Answer =
                version == .v5 ? .connackV5(.packetTooLarge) : .connackV3(.notAuthorized)
            throw ConnectError(answer: answer, detail: "will payload too large")
        }
        guard let payload = reader.readBytes(Int(count)) else {
            throw refuse(version, v5: .malformedPacket, "will truncated")
        }
        will.payload = UnsafeLoad.array(body, payload)
        packet.will = will
    }

    @_lifetime(self: copy self)
    private mutating func readWillProperties(_ will: inout Will) throws(ConnectError) -> [UInt8] {
        guard var block = PropertyBlock(reading: &reader, scope: .will) else {
            throw refuse(.v5, v5: .malformedPacket, "will property length")
        }
        while let property = block.next() {
            switch (property.identifier, property.value) {
            case (.willDelayInterval, .fourByteInteger(let value)): will.delayInterval = value
            case (.messageExpiryInterval, .fourByteInteger(let value)):
                will.messageExpiryInterval = value
            default: UnsafeLoad.append(body, property.encoded, to: &will.forwardedProperties)
            }
        }
        try check(block.failure)
        return UnsafeLoad.array(body, block.range)
    }

    /// Checks the topic as it will be published, with the mount point.
    private func checkWillTopic(_ topic: [UInt8]) throws(ConnectError) {
        let full = limits.mountPoint + topic
        guard isValidTopicName(full) else { throw close("invalid will topic") }
        if full.starts(with: "$CONTROL/".utf8) { throw close("will topic in $CONTROL") }
    }

    @_lifetime(self: copy self)
    private mutating func readCredentials(_ packet: inout ConnectPacket) throws(ConnectError) {
        let version = packet.version
        if hasUserName {
            // [MQTT-3.1.2-17] [MQTT-3.1.3-12] [MQTT311-3.1.2-19] [MQTT311-3.1.3-11]
            if let range = reader.readString() {
                packet.userName = UnsafeLoad.string(body, range)
            } else if version != .v31 {
                throw close("user name missing or invalid")
            }
        } else if hasPassword && version != .v5 {
            // [MQTT311-3.1.2-22]
            throw close("password without user name")
        }
        guard hasPassword else { return }
        // [MQTT-3.1.2-19] [MQTT311-3.1.2-21]
        if let range = reader.readBinary() {
            packet.password = UnsafeLoad.array(body, range)
        } else if version != .v31 {
            throw close("password missing")
        }
    }

    // MARK: Refusals

    private func close(_ detail: StaticString) -> ConnectError {
        ConnectError(answer: .close, detail: detail)
    }

    /// A CONNACK for 5.0, a silent close for the others.
    private func refuse(
        _ version: ProtocolVersion,
        v5 code: ReasonCode,
        _ detail: StaticString
    ) -> ConnectError {
        ConnectError(answer: version == .v5 ? .connackV5(code) : .close, detail: detail)
    }
}
