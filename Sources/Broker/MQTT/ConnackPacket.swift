// SPDX-License-Identifier: Apache-2.0
// CONNACK: written by the broker, read by bridges and tools.

/// CONNACK (5.0 section 3.2), to be encoded by a broker or decoded by a client.
package struct ConnackPacket: Sendable, Equatable {
    /// Whether the broker resumed a stored session.
    package var isSessionPresent = false
    /// The reason code in 5.0, the return code (0 to 5) before.
    package var reasonCode: ReasonCode
    /// The keep alive to use instead of the one asked for, in seconds.
    package var serverKeepAlive: UInt16?
    /// The highest topic alias the broker takes; absent when 0.
    package var topicAliasMaximum: UInt16 = 0
    /// The client identifier the broker chose.
    package var assignedClientIdentifier: String?
    /// The authentication method.
    package var authenticationMethod: String?
    /// The authentication data.
    package var authenticationData: [UInt8]?
    /// Whether the broker keeps retained messages.
    package var isRetainAvailable = true
    /// The most bytes of a packet the broker takes.
    package var maximumPacketSize: UInt32?
    /// How many QoS 1 and 2 messages the broker takes at once.
    package var receiveMaximum: UInt16?
    /// The highest QoS the broker takes; absent when 2.
    package var maximumQoS: UInt8 = 2
    /// The seconds the session outlives the connection, where that is not what the client asked for.
    package var sessionExpiryInterval: UInt32?
    /// Encoded properties that have no field here; the encoder puts them after its own.
    package var otherProperties: [UInt8] = []

    /// Makes a packet without properties.
    package init(reasonCode: ReasonCode, isSessionPresent: Bool = false) {
        self.reasonCode = reasonCode
        self.isSessionPresent = isSessionPresent
    }

    /// Decodes a body as a client that offered this version.
    ///
    /// A two-byte body from a peer that was offered 5.0 is accepted: a broker that does not know
    /// 5.0 refuses in the form of 3.1.1.
    ///
    /// Bytes behind the properties are an error unless they are ignored.
    package init(
        decoding body: RawSpan,
        version: ProtocolVersion,
        ignoresRest: Bool = false
    ) throws(PacketError) {
        var reader = PacketReader(body)
        guard let flags = reader.readByte(), let code = reader.readByte() else {
            throw .malformed(version, "CONNACK truncated")
        }
        // [MQTT-3.2.2-1]
        guard flags & 0xFE == 0 || version == .v31 else {
            throw .malformed(version, "CONNACK flags", .violation)
        }
        isSessionPresent = flags & 1 != 0
        reasonCode = ReasonCode(rawValue: code)
        if version == .v5 && reader.remaining > 0 {
            try readProperties(&reader, body)
            if ignoresRest { return }
        }
        guard reader.remaining == 0 else { throw .malformed(version, "bytes after CONNACK") }
    }

    private mutating func readProperties(
        _ reader: inout PacketReader,
        _ body: RawSpan
    ) throws(PacketError) {
        guard var block = PropertyBlock(reading: &reader, scope: .connack) else {
            throw .malformed(.v5, "property length")
        }
        while let property = block.next() {
            switch (property.identifier, property.value) {
            case (.serverKeepAlive, .twoByteInteger(let value)): serverKeepAlive = value
            case (.topicAliasMaximum, .twoByteInteger(let value)): topicAliasMaximum = value
            case (.receiveMaximum, .twoByteInteger(let value)): receiveMaximum = value
            case (.maximumPacketSize, .fourByteInteger(let value)): maximumPacketSize = value
            case (.sessionExpiryInterval, .fourByteInteger(let value)):
                sessionExpiryInterval = value
            case (.retainAvailable, .byte(let value)): isRetainAvailable = value == 1
            case (.maximumQoS, .byte(let value)): maximumQoS = value
            case (.assignedClientIdentifier, .string(let range)):
                assignedClientIdentifier = UnsafeLoad.string(body, range)
            case (.authenticationMethod, .string(let range)):
                authenticationMethod = UnsafeLoad.string(body, range)
            case (.authenticationData, .binary(let range)):
                authenticationData = UnsafeLoad.array(body, range)
            default: UnsafeLoad.append(body, property.encoded, to: &otherProperties)
            }
        }
        if let failure = block.failure { throw failure.error }
    }
}
