// SPDX-License-Identifier: Apache-2.0
// How a connection has ended, in the terms of the library's functions.

import Glibc
import MQTT
import MQTTClient
import Results

/// How a connection, or the attempt at one, has ended.
struct Outcome: Sendable, Equatable {
    /// `MOSQ_ERR_*`.
    var code: CInt
    /// `errno`, where the code says that the cause is there; else 0.
    var systemCode: CInt = 0
    /// Whether another attempt would end the same way.
    var isFinal = false
    /// Whether the server, or a proxy, was never reached: that is tried again whatever has come of it.
    var isAttempt = false

    static let success = Outcome(code: ResultCode.success)

    init(code: CInt, systemCode: CInt = 0, isFinal: Bool = false) {
        self.code = code
        self.systemCode = systemCode
        self.isFinal = isFinal
    }

    /// The code for what a client says; `wasOpen`: CONNECT had been sent.
    init(_ error: MQTTError, wasOpen: Bool) {
        self = Self.outcome(of: error, wasOpen: wasOpen)
        isAttempt =
            switch error {
            case .lookup, .unreachable, .timedOut: !wasOpen
            default: false
            }
    }

    /// The code for a packet that ended the connection.
    init(_ violation: PacketError) {
        code =
            switch (violation.reason, violation.fault) {
            // Functions return what DISCONNECT says then.
            case (.topicAliasInvalid?, _): CInt(ReasonCode.topicAliasInvalid.rawValue)
            case (_, .malformed): ResultCode.malformedPacket
            case (_, .text): ResultCode.malformedUTF8
            case (_, .violation): ResultCode.protocolError
            }
    }

    /// The code for what a SOCKS proxy has replied (RFC 1928 section 6); nil: it did not come so far.
    init(proxyReply: UInt8?) {
        code =
            switch proxyReply {
            case 2: ResultCode.notAuthorized
            case 3, 4, 5: ResultCode.notConnected
            case nil, 1, 6, 7, 8: ResultCode.proxy
            default: ResultCode.invalid
            }
    }

    private static func outcome(of error: MQTTError, wasOpen: Bool) -> Outcome {
        switch error {
        case .configuration: Outcome(code: ResultCode.invalid)
        case .notSupported: Outcome(code: ResultCode.notSupported)
        case .lookup: Outcome(code: ResultCode.nameResolution)
        case .unreachable(_, let code):
            Outcome(code: ResultCode.systemError, systemCode: code)
        case .proxy: Outcome(code: ResultCode.proxy)
        case .tls where wasOpen: Outcome(code: ResultCode.connectionLost)
        case .tls: Outcome(code: ResultCode.systemError, systemCode: EPROTO, isFinal: true)
        case .webSocket: Outcome(code: ResultCode.unknown)
        case .timedOut where wasOpen: Outcome(code: ResultCode.keepAlive)
        case .timedOut: Outcome(code: ResultCode.systemError, systemCode: ETIMEDOUT)
        case .refused(_, .v5): Outcome(code: ResultCode.protocolError)
        case .refused: Outcome(code: ResultCode.connectionRefused)
        case .disconnected: .success
        case .keepAliveExceeded: Outcome(code: ResultCode.keepAlive)
        case .malformedPacket: Outcome(code: ResultCode.malformedPacket)
        case .protocolViolation: Outcome(code: ResultCode.protocolError)
        case .authentication: Outcome(code: ResultCode.notAuthorized)
        case .connectionLost, .closed: Outcome(code: ResultCode.connectionLost)
        case .notConnected, .alreadyConnected: Outcome(code: ResultCode.notConnected)
        case .invalidTopic: Outcome(code: ResultCode.invalid)
        case .packetTooLarge: Outcome(code: ResultCode.oversizePacket)
        case .qosNotSupported: Outcome(code: ResultCode.qosNotSupported)
        case .notAvailable, .publishRefused, .subscribeRefused:
            Outcome(code: ResultCode.notSupported)
        case .queueFull: Outcome(code: ResultCode.quotaExceeded)
        }
    }

    /// Whether a loop that connects again ends with this code instead.
    ///
    /// The numbers are those at which programs expect it to end.
    var endsLoop: Bool {
        if isFinal || isAttempt { return isFinal }
        return switch code {
        case ResultCode.noMemory, ResultCode.protocolError, ResultCode.invalid,
            ResultCode.notFound, ResultCode.tls, ResultCode.payloadSize,
            ResultCode.notSupported, ResultCode.notAuthorized, ResultCode.accessDenied,
            ResultCode.unknown, ResultCode.nameResolution, ResultCode.proxy:
            true
        default: false
        }
    }
}
