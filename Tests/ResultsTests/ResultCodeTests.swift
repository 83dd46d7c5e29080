// SPDX-License-Identifier: Apache-2.0
// Result codes: the numbers of the header, and their words.

import CMosquitto
import Results
import Testing

@Suite("Result codes")
struct ResultCodeTests {
    private static let codes: [(CInt, mosq_err_t)] = [
        (ResultCode.quotaExceeded, MOSQ_ERR_QUOTA_EXCEEDED),
        (ResultCode.authDelayed, MOSQ_ERR_AUTH_DELAYED),
        (ResultCode.authContinue, MOSQ_ERR_AUTH_CONTINUE),
        (ResultCode.noSubscribers, MOSQ_ERR_NO_SUBSCRIBERS),
        (ResultCode.subscriptionExists, MOSQ_ERR_SUB_EXISTS),
        (ResultCode.connectionPending, MOSQ_ERR_CONN_PENDING),
        (ResultCode.success, MOSQ_ERR_SUCCESS),
        (ResultCode.noMemory, MOSQ_ERR_NOMEM),
        (ResultCode.protocolError, MOSQ_ERR_PROTOCOL),
        (ResultCode.invalid, MOSQ_ERR_INVAL),
        (ResultCode.notConnected, MOSQ_ERR_NO_CONN),
        (ResultCode.connectionRefused, MOSQ_ERR_CONN_REFUSED),
        (ResultCode.notFound, MOSQ_ERR_NOT_FOUND),
        (ResultCode.connectionLost, MOSQ_ERR_CONN_LOST),
        (ResultCode.tls, MOSQ_ERR_TLS),
        (ResultCode.payloadSize, MOSQ_ERR_PAYLOAD_SIZE),
        (ResultCode.notSupported, MOSQ_ERR_NOT_SUPPORTED),
        (ResultCode.notAuthorized, MOSQ_ERR_AUTH),
        (ResultCode.accessDenied, MOSQ_ERR_ACL_DENIED),
        (ResultCode.unknown, MOSQ_ERR_UNKNOWN),
        (ResultCode.systemError, MOSQ_ERR_ERRNO),
        (ResultCode.nameResolution, MOSQ_ERR_EAI),
        (ResultCode.proxy, MOSQ_ERR_PROXY),
        (ResultCode.pluginDefer, MOSQ_ERR_PLUGIN_DEFER),
        (ResultCode.malformedUTF8, MOSQ_ERR_MALFORMED_UTF8),
        (ResultCode.keepAlive, MOSQ_ERR_KEEPALIVE),
        (ResultCode.lookup, MOSQ_ERR_LOOKUP),
        (ResultCode.malformedPacket, MOSQ_ERR_MALFORMED_PACKET),
        (ResultCode.duplicateProperty, MOSQ_ERR_DUPLICATE_PROPERTY),
        (ResultCode.tlsHandshake, MOSQ_ERR_TLS_HANDSHAKE),
        (ResultCode.qosNotSupported, MOSQ_ERR_QOS_NOT_SUPPORTED),
        (ResultCode.oversizePacket, MOSQ_ERR_OVERSIZE_PACKET),
        (ResultCode.ocsp, MOSQ_ERR_OCSP),
        (ResultCode.timeout, MOSQ_ERR_TIMEOUT),
        (ResultCode.alreadyExists, MOSQ_ERR_ALREADY_EXISTS),
        (ResultCode.pluginIgnore, MOSQ_ERR_PLUGIN_IGNORE),
        (ResultCode.badHTTPOrigin, MOSQ_ERR_HTTP_BAD_ORIGIN),
        (ResultCode.unspecified, MOSQ_ERR_UNSPECIFIED),
        (ResultCode.implementationSpecific, MOSQ_ERR_IMPLEMENTATION_SPECIFIC),
        (ResultCode.unsupportedProtocolVersion, MOSQ_ERR_UNSUPPORTED_PROTOCOL_VERSION),
        (ResultCode.clientIdentifierNotValid, MOSQ_ERR_CLIENT_IDENTIFIER_NOT_VALID),
        (ResultCode.badUserNameOrPassword, MOSQ_ERR_BAD_USERNAME_OR_PASSWORD),
        (ResultCode.serverUnavailable, MOSQ_ERR_SERVER_UNAVAILABLE),
        (ResultCode.serverBusy, MOSQ_ERR_SERVER_BUSY),
        (ResultCode.banned, MOSQ_ERR_BANNED),
        (ResultCode.serverShuttingDown, MOSQ_ERR_SERVER_SHUTTING_DOWN),
        (ResultCode.badAuthenticationMethod, MOSQ_ERR_BAD_AUTHENTICATION_METHOD),
        (ResultCode.sessionTakenOver, MOSQ_ERR_SESSION_TAKEN_OVER),
        (ResultCode.topicFilterInvalid, MOSQ_ERR_TOPIC_FILTER_INVALID),
        (ResultCode.topicNameInvalid, MOSQ_ERR_TOPIC_NAME_INVALID),
        (ResultCode.packetIdentifierInUse, MOSQ_ERR_PACKET_ID_IN_USE),
        (ResultCode.packetIdentifierNotFound, MOSQ_ERR_PACKET_ID_NOT_FOUND),
        (ResultCode.receiveMaximumExceeded, MOSQ_ERR_RECEIVE_MAXIMUM_EXCEEDED),
        (ResultCode.topicAliasInvalid, MOSQ_ERR_TOPIC_ALIAS_INVALID),
        (ResultCode.messageRateTooHigh, MOSQ_ERR_MESSAGE_RATE_TOO_HIGH),
        (ResultCode.administrativeAction, MOSQ_ERR_ADMINISTRATIVE_ACTION),
        (ResultCode.payloadFormatInvalid, MOSQ_ERR_PAYLOAD_FORMAT_INVALID),
        (ResultCode.retainNotSupported, MOSQ_ERR_RETAIN_NOT_SUPPORTED),
        (ResultCode.useAnotherServer, MOSQ_ERR_USE_ANOTHER_SERVER),
        (ResultCode.serverMoved, MOSQ_ERR_SERVER_MOVED),
        (ResultCode.sharedSubscriptionsNotSupported, MOSQ_ERR_SHARED_SUBS_NOT_SUPPORTED),
        (ResultCode.connectionRateExceeded, MOSQ_ERR_CONNECTION_RATE_EXCEEDED),
        (ResultCode.maximumConnectTime, MOSQ_ERR_MAXIMUM_CONNECT_TIME),
        (ResultCode.subscriptionIdentifiersNotSupported, MOSQ_ERR_SUBSCRIPTION_IDS_NOT_SUPPORTED),
        (ResultCode.wildcardSubscriptionsNotSupported, MOSQ_ERR_WILDCARD_SUBS_NOT_SUPPORTED),
    ]

    @Test("The numbers are those of the header", arguments: codes)
    func numbers(code: CInt, known: mosq_err_t) {
        #expect(code == known.rawValue)
    }

    @Test(
        "Every number has words, those of a reason code if it is one",
        arguments: [
            (-7, "Unknown error"), (-6, "Quota exceeded"), (0, "No error"), (14, "Unknown error"),
            (28, "Unknown error"), (33, "Bad http origin"), (34, "Unknown error"),
            (127, "Unknown error"), (128, "Unspecified error"), (129, "Malformed Packet"),
            (131, "Implementaion specific error"), (152, "Administrative action"),
            (162, "Wildcard Subscriptions not supported"), (163, "Unknown reason"),
        ]
    )
    func words(code: CInt, text: String) {
        #expect(ResultCode.text(of: code).description == text)
    }

    @Test(
        "Reason codes and return codes in words",
        arguments: [
            (0, "Success", "Connection Accepted"),
            (1, "Granted QoS 1", "Connection Refused: unacceptable protocol version"),
            (5, "Unknown reason", "Connection Refused: not authorised"),
            (6, "Unknown reason", "Connection Refused: unknown reason"),
            (-1, "Unknown reason", "Connection Refused: unknown reason"),
            (131, "Implementation specific error", "Connection Refused: unknown reason"),
            (162, "Wildcard Subscriptions not supported", "Connection Refused: unknown reason"),
            (163, "Unknown reason", "Connection Refused: unknown reason"),
        ]
    )
    func reasons(code: CInt, reason: String, connack: String) {
        #expect(ReasonText.text(of: code).description == reason)
        #expect(ReasonText.connack(code).description == connack)
    }
}
