// SPDX-License-Identifier: Apache-2.0
// The reason codes of MQTT 5.0.

/// A reason code: the result of an operation in one byte (5.0 section 2.4).
///
/// Values below 0x80 are successes. Any byte can be represented, since plugins may choose their own.
@usableFromInline
package struct ReasonCode: RawRepresentable, Equatable, Hashable, Sendable {
    /// The byte on the wire.
    @usableFromInline package let rawValue: UInt8

    /// Makes a code from the byte on the wire.
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether the code says that the operation failed.
    @inlinable package var isError: Bool { rawValue >= 0x80 }
}

extension ReasonCode {
    /// 0x00 Success.
    @inlinable package static var success: ReasonCode { ReasonCode(rawValue: 0x00) }
    /// 0x00 Normal disconnection, in DISCONNECT.
    @inlinable package static var normalDisconnection: ReasonCode { ReasonCode(rawValue: 0x00) }
    /// 0x00 Granted QoS 0, in SUBACK.
    @inlinable package static var grantedQoS0: ReasonCode { ReasonCode(rawValue: 0x00) }
    /// 0x01 Granted QoS 1, in SUBACK.
    @inlinable package static var grantedQoS1: ReasonCode { ReasonCode(rawValue: 0x01) }
    /// 0x02 Granted QoS 2, in SUBACK.
    @inlinable package static var grantedQoS2: ReasonCode { ReasonCode(rawValue: 0x02) }
    /// 0x04 Disconnect with Will Message.
    @inlinable package static var disconnectWithWillMessage: ReasonCode {
        ReasonCode(rawValue: 0x04)
    }
    /// 0x10 No matching subscribers.
    @inlinable package static var noMatchingSubscribers: ReasonCode { ReasonCode(rawValue: 0x10) }
    /// 0x11 No subscription existed.
    @inlinable package static var noSubscriptionExisted: ReasonCode { ReasonCode(rawValue: 0x11) }
    /// 0x18 Continue authentication.
    @inlinable package static var continueAuthentication: ReasonCode { ReasonCode(rawValue: 0x18) }
    /// 0x19 Re-authenticate.
    @inlinable package static var reauthenticate: ReasonCode { ReasonCode(rawValue: 0x19) }
    /// 0x80 Unspecified error.
    @inlinable package static var unspecifiedError: ReasonCode { ReasonCode(rawValue: 0x80) }
    /// 0x81 Malformed Packet.
    @inlinable package static var malformedPacket: ReasonCode { ReasonCode(rawValue: 0x81) }
    /// 0x82 Protocol Error.
    @inlinable package static var protocolError: ReasonCode { ReasonCode(rawValue: 0x82) }
    /// 0x83 Implementation specific error.
    @inlinable package static var implementationSpecificError: ReasonCode {
        ReasonCode(rawValue: 0x83)
    }
    /// 0x84 Unsupported Protocol Version.
    @inlinable package static var unsupportedProtocolVersion: ReasonCode {
        ReasonCode(rawValue: 0x84)
    }
    /// 0x85 Client Identifier not valid.
    @inlinable package static var clientIdentifierNotValid: ReasonCode {
        ReasonCode(rawValue: 0x85)
    }
    /// 0x86 Bad User Name or Password.
    @inlinable package static var badUserNameOrPassword: ReasonCode { ReasonCode(rawValue: 0x86) }
    /// 0x87 Not authorized.
    @inlinable package static var notAuthorized: ReasonCode { ReasonCode(rawValue: 0x87) }
    /// 0x88 Server unavailable.
    @inlinable package static var serverUnavailable: ReasonCode { ReasonCode(rawValue: 0x88) }
    /// 0x89 Server busy.
    @inlinable package static var serverBusy: ReasonCode { ReasonCode(rawValue: 0x89) }
    /// 0x8A Banned.
    @inlinable package static var banned: ReasonCode { ReasonCode(rawValue: 0x8A) }
    /// 0x8B Server shutting down.
    @inlinable package static var serverShuttingDown: ReasonCode { ReasonCode(rawValue: 0x8B) }
    /// 0x8C Bad authentication method.
    @inlinable package static var badAuthenticationMethod: ReasonCode { ReasonCode(rawValue: 0x8C) }
    /// 0x8D Keep Alive timeout.
    @inlinable package static var keepAliveTimeout: ReasonCode { ReasonCode(rawValue: 0x8D) }
    /// 0x8E Session taken over.
    @inlinable package static var sessionTakenOver: ReasonCode { ReasonCode(rawValue: 0x8E) }
    /// 0x8F Topic Filter invalid.
    @inlinable package static var topicFilterInvalid: ReasonCode { ReasonCode(rawValue: 0x8F) }
    /// 0x90 Topic Name invalid.
    @inlinable package static var topicNameInvalid: ReasonCode { ReasonCode(rawValue: 0x90) }
    /// 0x91 Packet Identifier in use.
    @inlinable package static var packetIdentifierInUse: ReasonCode { ReasonCode(rawValue: 0x91) }
    /// 0x92 Packet Identifier not found.
    @inlinable package static var packetIdentifierNotFound: ReasonCode {
        ReasonCode(rawValue: 0x92)
    }
    /// 0x93 Receive Maximum exceeded.
    @inlinable package static var receiveMaximumExceeded: ReasonCode { ReasonCode(rawValue: 0x93) }
    /// 0x94 Topic Alias invalid.
    @inlinable package static var topicAliasInvalid: ReasonCode { ReasonCode(rawValue: 0x94) }
    /// 0x95 Packet too large.
    @inlinable package static var packetTooLarge: ReasonCode { ReasonCode(rawValue: 0x95) }
    /// 0x96 Message rate too high.
    @inlinable package static var messageRateTooHigh: ReasonCode { ReasonCode(rawValue: 0x96) }
    /// 0x97 Quota exceeded.
    @inlinable package static var quotaExceeded: ReasonCode { ReasonCode(rawValue: 0x97) }
    /// 0x98 Administrative action.
    @inlinable package static var administrativeAction: ReasonCode { ReasonCode(rawValue: 0x98) }
    /// 0x99 Payload format invalid.
    @inlinable package static var payloadFormatInvalid: ReasonCode { ReasonCode(rawValue: 0x99) }
    /// 0x9A Retain not supported.
    @inlinable package static var retainNotSupported: ReasonCode { ReasonCode(rawValue: 0x9A) }
    /// 0x9B QoS not supported.
    @inlinable package static var qosNotSupported: ReasonCode { ReasonCode(rawValue: 0x9B) }
    /// 0x9C Use another server.
    @inlinable package static var useAnotherServer: ReasonCode { ReasonCode(rawValue: 0x9C) }
    /// 0x9D Server moved.
    @inlinable package static var serverMoved: ReasonCode { ReasonCode(rawValue: 0x9D) }
    /// 0x9E Shared Subscriptions not supported.
    @inlinable package static var sharedSubscriptionsNotSupported: ReasonCode {
        ReasonCode(rawValue: 0x9E)
    }
    /// 0x9F Connection rate exceeded.
    @inlinable package static var connectionRateExceeded: ReasonCode { ReasonCode(rawValue: 0x9F) }
    /// 0xA0 Maximum connect time.
    @inlinable package static var maximumConnectTime: ReasonCode { ReasonCode(rawValue: 0xA0) }
    /// 0xA1 Subscription Identifiers not supported.
    @inlinable package static var subscriptionIdentifiersNotSupported: ReasonCode {
        ReasonCode(rawValue: 0xA1)
    }
    /// 0xA2 Wildcard Subscriptions not supported.
    @inlinable package static var wildcardSubscriptionsNotSupported: ReasonCode {
        ReasonCode(rawValue: 0xA2)
    }
}
