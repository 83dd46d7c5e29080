// SPDX-License-Identifier: Apache-2.0
// DISCONNECT and AUTH: bytes to structs.

/// DISCONNECT (5.0 section 3.14).
package struct DisconnectPacket: Sendable, Equatable {
    /// The reason, any byte; normal disconnection when left out and before 5.0.
    package let reasonCode: ReasonCode
    /// The new session expiry interval in seconds.
    package private(set) var sessionExpiryInterval: UInt32?
    /// Where the reason string is in the body.
    package private(set) var reasonString: Range<Int>?
    /// Where the server reference is in the body.
    package private(set) var serverReference: Range<Int>?
    /// The encoded properties without their length.
    package private(set) var properties: Range<Int>

    /// Decodes a body.
    package init(decoding body: RawSpan, version: ProtocolVersion) throws(PacketError) {
        var reader = PacketReader(body)
        properties = reader.end..<reader.end
        guard let code = reader.readByte() else {
            reasonCode = .normalDisconnection
            return
        }
        guard version == .v5 else { throw .close("DISCONNECT with a body") }
        reasonCode = ReasonCode(rawValue: code)
        guard reader.remaining > 0 else { return }
        guard var block = PropertyBlock(reading: &reader, scope: .disconnect) else {
            throw .malformed(.v5, "property length")
        }
        properties = block.range
        while let property = block.next() {
            switch (property.identifier, property.value) {
            case (.sessionExpiryInterval, .fourByteInteger(let value)):
                sessionExpiryInterval = value
            case (.reasonString, .string(let range)): reasonString = range
            case (.serverReference, .string(let range)): serverReference = range
            default: break
            }
        }
        if let failure = block.failure { throw failure.error }
        guard reader.remaining == 0 else {
            throw .protocolError(.v5, "bytes after the properties")
        }
    }
}

/// AUTH (5.0 section 3.15), in 5.0 only.
package struct AuthPacket: Sendable, Equatable {
    /// 0x18 or 0x19; a broker also sends 0x00.
    package let reasonCode: ReasonCode
    /// The authentication method; a client must not leave it out.
    package private(set) var authenticationMethod: String?
    /// The authentication data.
    package private(set) var authenticationData: [UInt8]?
    /// Where the encoded properties are in the body, without their length.
    package private(set) var properties: Range<Int>

    /// Decodes a body.
    ///
    /// Another reason code than 0x18 and 0x19 from a client is 0x82; properties that are bad in any
    /// way are 0x80, and so is the lack of a method.
    package init(
        decoding body: RawSpan,
        receiver: PacketReceiver = .broker
    ) throws(PacketError) {
        var reader = PacketReader(body)
        properties = reader.end..<reader.end
        reasonCode = ReasonCode(rawValue: reader.readByte() ?? 0)
        let isFromServer = receiver == .client
        guard
            reasonCode == .continueAuthentication || reasonCode == .reauthenticate
                || (isFromServer && reasonCode == .success)
        else { throw .protocolError(.v5, "AUTH reason code not permitted") }
        if reader.remaining > 0 { try readProperties(&reader, body) }
        guard authenticationMethod != nil || isFromServer else {
            throw PacketError(reason: .unspecifiedError, detail: "AUTH without method")
        }
    }

    private mutating func readProperties(
        _ reader: inout PacketReader,
        _ body: RawSpan
    ) throws(PacketError) {
        let refusal = PacketError(reason: .unspecifiedError, detail: "AUTH properties invalid")
        guard var block = PropertyBlock(reading: &reader, scope: .auth) else { throw refusal }
        properties = block.range
        while let property = block.next() {
            switch (property.identifier, property.value) {
            case (.authenticationMethod, .string(let range)):
                authenticationMethod = UnsafeLoad.string(body, range)
            case (.authenticationData, .binary(let range)):
                authenticationData = UnsafeLoad.array(body, range)
            default: break
            }
        }
        guard block.failure == nil, reader.remaining == 0 else { throw refusal }
    }
}
