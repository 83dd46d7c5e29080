// SPDX-License-Identifier: Apache-2.0
// The result codes of the plugin interface, by name.

/// The `MOSQ_ERR_*` numbers, which functions and plugins answer with and programs end with.
///
/// Numbers and not cases of an enum, because a plugin may answer with any. Values from 128 on are
/// reason codes of MQTT 5.0 (section 2.4) as well. All are constants in the code that uses them:
/// every message that is checked is compared with some.
package enum ResultCode {
    /// The client has exceeded a quota.
    @inlinable package static var quotaExceeded: CInt { -6 }
    /// The answer comes later.
    @inlinable package static var authDelayed: CInt { -5 }
    /// The exchange of an enhanced authentication goes on.
    @inlinable package static var authContinue: CInt { -4 }
    /// Nobody has subscribed to the topic.
    @inlinable package static var noSubscribers: CInt { -3 }
    /// The subscription was there before.
    @inlinable package static var subscriptionExists: CInt { -2 }
    /// The connection is being made.
    @inlinable package static var connectionPending: CInt { -1 }
    /// No error.
    @inlinable package static var success: CInt { 0 }
    /// Memory is short, or a limit on it is reached.
    @inlinable package static var noMemory: CInt { 1 }
    /// The peer broke the protocol.
    @inlinable package static var protocolError: CInt { 2 }
    /// An argument is not valid.
    @inlinable package static var invalid: CInt { 3 }
    /// There is no connection.
    @inlinable package static var notConnected: CInt { 4 }
    /// The connection was refused.
    @inlinable package static var connectionRefused: CInt { 5 }
    /// What was asked for does not exist.
    @inlinable package static var notFound: CInt { 6 }
    /// The connection has ended unexpectedly.
    @inlinable package static var connectionLost: CInt { 7 }
    /// TLS failed.
    @inlinable package static var tls: CInt { 8 }
    /// The payload is too large.
    @inlinable package static var payloadSize: CInt { 9 }
    /// This is not supported.
    @inlinable package static var notSupported: CInt { 10 }
    /// Authentication or authorisation failed.
    @inlinable package static var notAuthorized: CInt { 11 }
    /// Access to a topic is denied.
    @inlinable package static var accessDenied: CInt { 12 }
    /// Some other failure.
    @inlinable package static var unknown: CInt { 13 }
    /// A system call failed; `errno` says how.
    @inlinable package static var systemError: CInt { 14 }
    /// `getaddrinfo` failed.
    @inlinable package static var nameResolution: CInt { 15 }
    /// A proxy, or what it said, was not as it should be.
    @inlinable package static var proxy: CInt { 16 }
    /// The plugin leaves the decision to the next one.
    @inlinable package static var pluginDefer: CInt { 17 }
    /// A string is not valid UTF-8.
    @inlinable package static var malformedUTF8: CInt { 18 }
    /// The peer has been silent for too long.
    @inlinable package static var keepAlive: CInt { 19 }
    /// A name could not be looked up.
    @inlinable package static var lookup: CInt { 20 }
    /// A packet could not be parsed.
    @inlinable package static var malformedPacket: CInt { 21 }
    /// A property stands twice where it may stand once.
    @inlinable package static var duplicateProperty: CInt { 22 }
    /// The TLS handshake failed.
    @inlinable package static var tlsHandshake: CInt { 23 }
    /// The QoS is higher than the broker's maximum.
    @inlinable package static var qosNotSupported: CInt { 24 }
    /// A packet is larger than the peer takes.
    @inlinable package static var oversizePacket: CInt { 25 }
    /// The state of a certificate could not be found out.
    @inlinable package static var ocsp: CInt { 26 }
    /// The time is up.
    @inlinable package static var timeout: CInt { 27 }
    /// The entry was there before.
    @inlinable package static var alreadyExists: CInt { 31 }
    /// The plugin takes no part in the decision.
    @inlinable package static var pluginIgnore: CInt { 32 }
    /// A WebSocket comes from a page that may not come in.
    @inlinable package static var badHTTPOrigin: CInt { 33 }
    /// 0x80 Unspecified error.
    @inlinable package static var unspecified: CInt { 128 }
    /// 0x83 Implementation specific error.
    @inlinable package static var implementationSpecific: CInt { 131 }
    /// 0x84 Unsupported Protocol Version.
    @inlinable package static var unsupportedProtocolVersion: CInt { 132 }
    /// 0x85 Client Identifier not valid.
    @inlinable package static var clientIdentifierNotValid: CInt { 133 }
    /// 0x86 Bad User Name or Password.
    @inlinable package static var badUserNameOrPassword: CInt { 134 }
    /// 0x88 Server unavailable.
    @inlinable package static var serverUnavailable: CInt { 136 }
    /// 0x89 Server busy.
    @inlinable package static var serverBusy: CInt { 137 }
    /// 0x8A Banned.
    @inlinable package static var banned: CInt { 138 }
    /// 0x8B Server shutting down.
    @inlinable package static var serverShuttingDown: CInt { 139 }
    /// 0x8C Bad authentication method.
    @inlinable package static var badAuthenticationMethod: CInt { 140 }
    /// 0x8E Session taken over.
    @inlinable package static var sessionTakenOver: CInt { 142 }
    /// 0x8F Topic Filter invalid.
    @inlinable package static var topicFilterInvalid: CInt { 143 }
    /// 0x90 Topic Name invalid.
    @inlinable package static var topicNameInvalid: CInt { 144 }
    /// 0x91 Packet Identifier in use.
    @inlinable package static var packetIdentifierInUse: CInt { 145 }
    /// 0x92 Packet Identifier not found.
    @inlinable package static var packetIdentifierNotFound: CInt { 146 }
    /// 0x93 Receive Maximum exceeded.
    @inlinable package static var receiveMaximumExceeded: CInt { 147 }
    /// 0x94 Topic Alias invalid.
    @inlinable package static var topicAliasInvalid: CInt { 148 }
    /// 0x96 Message rate too high.
    @inlinable package static var messageRateTooHigh: CInt { 150 }
    /// 0x98 Administrative action.
    @inlinable package static var administrativeAction: CInt { 152 }
    /// 0x99 Payload format invalid.
    @inlinable package static var payloadFormatInvalid: CInt { 153 }
    /// 0x9A Retain not supported.
    @inlinable package static var retainNotSupported: CInt { 154 }
    /// 0x9C Use another server.
    @inlinable package static var useAnotherServer: CInt { 156 }
    /// 0x9D Server moved.
    @inlinable package static var serverMoved: CInt { 157 }
    /// 0x9E Shared Subscriptions not supported.
    @inlinable package static var sharedSubscriptionsNotSupported: CInt { 158 }
    /// 0x9F Connection rate exceeded.
    @inlinable package static var connectionRateExceeded: CInt { 159 }
    /// 0xA0 Maximum connect time.
    @inlinable package static var maximumConnectTime: CInt { 160 }
    /// 0xA1 Subscription Identifiers not supported.
    @inlinable package static var subscriptionIdentifiersNotSupported: CInt { 161 }
    /// 0xA2 Wildcard Subscriptions not supported.
    @inlinable package static var wildcardSubscriptionsNotSupported: CInt { 162 }
}
