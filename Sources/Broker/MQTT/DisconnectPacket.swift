// SPDX-License-Identifier: Apache-2.0
// DISCONNECT: bytes to struct and back.

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
        guard version == .v5 else { throw .close("DISCONNECT with a body", .malformed) }
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
