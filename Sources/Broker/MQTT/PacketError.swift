// SPDX-License-Identifier: Apache-2.0
// Why a packet was refused, and what the peer is told.

/// A packet that must not be processed; the connection it came on ends.
@usableFromInline
package struct PacketError: Error, Sendable {
    /// What kind of mistake it is, which the reason does not say before 5.0.
    @usableFromInline
    package enum Fault: Sendable {
        /// It cannot be parsed.
        case malformed
        /// It can, but is forbidden.
        case violation
        /// A text in it is no UTF-8.
        case text
    }

    /// The code for DISCONNECT; nil closes the connection without any packet.
    @usableFromInline package let reason: ReasonCode?
    /// What is wrong, for the log.
    @usableFromInline package let detail: StaticString

    /// What kind of mistake it is.
    @usableFromInline package let fault: Fault

    /// Makes an error.
    @usableFromInline package init(
        reason: ReasonCode?,
        detail: StaticString,
        fault: Fault = .violation
    ) {
        self.reason = reason
        self.detail = detail
        self.fault = fault
    }

    /// Closes the connection without a packet, whatever the version.
    @usableFromInline package static func close(
        _ detail: StaticString,
        _ fault: Fault = .violation
    ) -> PacketError {
        PacketError(reason: nil, detail: detail, fault: fault)
    }

    /// 0x81 for a 5.0 peer, a silent close for the others [MQTT-4.13.1-1].
    /// [MQTT311-4.8.0-1]
    @usableFromInline package static func malformed(
        _ version: ProtocolVersion,
        _ detail: StaticString,
        _ fault: Fault = .malformed
    ) -> PacketError {
        PacketError(reason: version == .v5 ? .malformedPacket : nil, detail: detail, fault: fault)
    }

    /// 0x82 for a 5.0 peer, a silent close for the others [MQTT-4.13.1-1].
    @usableFromInline package static func protocolError(
        _ version: ProtocolVersion,
        _ detail: StaticString
    ) -> PacketError {
        PacketError(reason: version == .v5 ? .protocolError : nil, detail: detail)
    }
}
