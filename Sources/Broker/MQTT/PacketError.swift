// SPDX-License-Identifier: Apache-2.0
// Why a packet was refused, and what the peer is told.

/// A packet that must not be processed; the connection it came on ends.
@usableFromInline
package struct PacketError: Error, Sendable {
    /// The code for DISCONNECT; nil closes the connection without any packet.
    @usableFromInline package let reason: ReasonCode?
    /// What is wrong, for the log.
    @usableFromInline package let detail: StaticString

    /// Makes an error.
    @usableFromInline package init(reason: ReasonCode?, detail: StaticString) {
        self.reason = reason
        self.detail = detail
    }

    /// Closes the connection without a packet, whatever the version.
    @usableFromInline package static func close(_ detail: StaticString) -> PacketError {
        PacketError(reason: nil, detail: detail)
    }

    /// 0x81 for a 5.0 peer, a silent close for the others [MQTT-4.13.1-1].
    /// [MQTT311-4.8.0-1]
    @usableFromInline package static func malformed(
        _ version: ProtocolVersion,
        _ detail: StaticString
    ) -> PacketError {
        PacketError(reason: version == .v5 ? .malformedPacket : nil, detail: detail)
    }

    /// 0x82 for a 5.0 peer, a silent close for the others [MQTT-4.13.1-1].
    @usableFromInline package static func protocolError(
        _ version: ProtocolVersion,
        _ detail: StaticString
    ) -> PacketError {
        PacketError(reason: version == .v5 ? .protocolError : nil, detail: detail)
    }
}
