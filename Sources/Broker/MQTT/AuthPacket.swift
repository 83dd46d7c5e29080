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
