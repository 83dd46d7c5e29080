// SPDX-License-Identifier: Apache-2.0
// AUTH: bytes to struct and back.

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
    /// Another reason code than 0x18 and 0x19 from a client is 0x82, and so are the lack of a method
    /// and properties that are known but not here or twice; what cannot be parsed is 0x81.
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
            throw .protocolError(.v5, "AUTH without method")
        }
    }

    private mutating func readProperties(
        _ reader: inout PacketReader,
        _ body: RawSpan
    ) throws(PacketError) {
        guard var block = PropertyBlock(reading: &reader, scope: .auth) else {
            throw .malformed(.v5, "property length")
        }
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
        if let failure = block.failure { throw failure.error }
        guard reader.remaining == 0 else { throw .malformed(.v5, "bytes after the properties") }
    }
}
