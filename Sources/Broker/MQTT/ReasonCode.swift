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
    @usableFromInline package static let success = ReasonCode(rawValue: 0x00)
    /// 0x00 Normal disconnection, in DISCONNECT.
    package static let normalDisconnection = ReasonCode(rawValue: 0x00)
    /// 0x00 Granted QoS 0, in SUBACK.
    package static let grantedQoS0 = ReasonCode(rawValue: 0x00)
    /// 0x01 Granted QoS 1, in SUBACK.
    package static let grantedQoS1 = ReasonCode(rawValue: 0x01)
    /// 0x02 Granted QoS 2, in SUBACK.
    package static let grantedQoS2 = ReasonCode(rawValue: 0x02)
    /// 0x04 Disconnect with Will Message.
    package static let disconnectWithWillMessage = ReasonCode(rawValue: 0x04)
    /// 0x10 No matching subscribers.
    package static let noMatchingSubscribers = ReasonCode(rawValue: 0x10)
    /// 0x11 No subscription existed.
    package static let noSubscriptionExisted = ReasonCode(rawValue: 0x11)
    /// 0x18 Continue authentication.
    package static let continueAuthentication = ReasonCode(rawValue: 0x18)
    /// 0x19 Re-authenticate.
    package static let reauthenticate = ReasonCode(rawValue: 0x19)
    /// 0x80 Unspecified error.
    package static let unspecifiedError = ReasonCode(rawValue: 0x80)
    /// 0x81 Malformed Packet.
    package static let malformedPacket = ReasonCode(rawValue: 0x81)
    /// 0x82 Protocol Error.
    package static let protocolError = ReasonCode(rawValue: 0x82)
    /// 0x83 Implementation specific error.
    package static let implementationSpecificError = ReasonCode(rawValue: 0x83)
    /// 0x84 Unsupported Protocol Version.
    package static let unsupportedProtocolVersion = ReasonCode(rawValue: 0x84)
    /// 0x85 Client Identifier not valid.
    package static let clientIdentifierNotValid = ReasonCode(rawValue: 0x85)
    /// 0x86 Bad User Name or Password.
    package static let badUserNameOrPassword = ReasonCode(rawValue: 0x86)
    /// 0x87 Not authorized.
    package static let notAuthorized = ReasonCode(rawValue: 0x87)
    /// 0x88 Server unavailable.
    package static let serverUnavailable = ReasonCode(rawValue: 0x88)
    /// 0x89 Server busy.
    package static let serverBusy = ReasonCode(rawValue: 0x89)
    /// 0x8A Banned.
    package static let banned = ReasonCode(rawValue: 0x8A)
    /// 0x8B Server shutting down.
    package static let serverShuttingDown = ReasonCode(rawValue: 0x8B)
    /// 0x8C Bad authentication method.
    package static let badAuthenticationMethod = ReasonCode(rawValue: 0x8C)
    /// 0x8D Keep Alive timeout.
    package static let keepAliveTimeout = ReasonCode(rawValue: 0x8D)
    /// 0x8E Session taken over.
    package static let sessionTakenOver = ReasonCode(rawValue: 0x8E)
    /// 0x8F Topic Filter invalid.
    package static let topicFilterInvalid = ReasonCode(rawValue: 0x8F)
    /// 0x90 Topic Name invalid.
    package static let topicNameInvalid = ReasonCode(rawValue: 0x90)
    /// 0x91 Packet Identifier in use.
    package static let packetIdentifierInUse = ReasonCode(rawValue: 0x91)
    /// 0x92 Packet Identifier not found.
    package static let packetIdentifierNotFound = ReasonCode(rawValue: 0x92)
    /// 0x93 Receive Maximum exceeded.
    package static let receiveMaximumExceeded = ReasonCode(rawValue: 0x93)
    /// 0x94 Topic Alias invalid.
    package static let topicAliasInvalid = ReasonCode(rawValue: 0x94)
    /// 0x95 Packet too large.
    package static let packetTooLarge = ReasonCode(rawValue: 0x95)
    /// 0x96 Message rate too high.
    package static let messageRateTooHigh = ReasonCode(rawValue: 0x96)
    /// 0x97 Quota exceeded.
    package static let quotaExceeded = ReasonCode(rawValue: 0x97)
    /// 0x98 Administrative action.
    package static let administrativeAction = ReasonCode(rawValue: 0x98)
    /// 0x99 Payload format invalid.
    package static let payloadFormatInvalid = ReasonCode(rawValue: 0x99)
    /// 0x9A Retain not supported.
    package static let retainNotSupported = ReasonCode(rawValue: 0x9A)
    /// 0x9B QoS not supported.
    package static let qosNotSupported = ReasonCode(rawValue: 0x9B)
    /// 0x9C Use another server.
    package static let useAnotherServer = ReasonCode(rawValue: 0x9C)
    /// 0x9D Server moved.
    package static let serverMoved = ReasonCode(rawValue: 0x9D)
    /// 0x9E Shared Subscriptions not supported.
    package static let sharedSubscriptionsNotSupported = ReasonCode(rawValue: 0x9E)
    /// 0x9F Connection rate exceeded.
    package static let connectionRateExceeded = ReasonCode(rawValue: 0x9F)
    /// 0xA0 Maximum connect time.
    package static let maximumConnectTime = ReasonCode(rawValue: 0xA0)
    /// 0xA1 Subscription Identifiers not supported.
    package static let subscriptionIdentifiersNotSupported = ReasonCode(rawValue: 0xA1)
    /// 0xA2 Wildcard Subscriptions not supported.
    package static let wildcardSubscriptionsNotSupported = ReasonCode(rawValue: 0xA2)
}
