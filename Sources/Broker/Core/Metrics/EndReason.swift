// SPDX-License-Identifier: Apache-2.0
// Why connections of clients end, as it is counted.

import MQTT
import Results

/// Why the connection of a client has ended; at most 24, since each is a series.
enum EndReason: Int, CountedCase {
    /// DISCONNECT, without and with the will.
    case disconnect, disconnectWithWill
    /// Closed without a word.
    case closedByPeer
    /// Closed before a CONNECT came: probes do that.
    case noConnect
    case networkError, keepAlive, loginTimeout, takenOver
    /// Credentials were wrong, or are not any more.
    case notAuthorized
    /// By an administrator or a plugin.
    case administrative
    case protocolError, malformedPacket, packetTooLarge, memoryLimit
    /// It goes on sending what it may not and does not read the answers.
    case quotaExceeded
    /// A feature that is switched off, or a version that is not accepted.
    case notSupported
    case identifierNotValid, serverBusy, serverUnavailable
    /// TLS, WebSocket or the PROXY protocol gave up.
    case transport
    case other

    static let labels = namesAsLabels()
}

extension EndReason {
    /// The reason of an end; `isEarly`: no CONNECT had come.
    init(_ end: ClientEnd, isEarly: Bool) {
        if let reason = end.reason {
            self = reason
            return
        }
        switch end.code {
        case ResultCode.success: self = end.publishesWill ? .disconnectWithWill : .disconnect
        case ResultCode.connectionLost where isEarly: self = .noConnect
        case ResultCode.keepAlive where !end.publishesWill: self = .loginTimeout
        default: self = Self.of(end.code)
        }
    }

    /// The reason that a `MOSQ_ERR_*` stands for.
    private static func of(_ code: Int32) -> EndReason {
        switch code {
        case ResultCode.connectionLost: .closedByPeer
        case ResultCode.systemError: .networkError
        case ResultCode.keepAlive: .keepAlive
        case ResultCode.sessionTakenOver: .takenOver
        case ResultCode.notAuthorized, ResultCode.badUserNameOrPassword,
            ResultCode.accessDenied, ResultCode.banned:
            .notAuthorized
        case ResultCode.administrativeAction: .administrative
        case ResultCode.protocolError, ResultCode.duplicateProperty,
            ResultCode.receiveMaximumExceeded, ResultCode.topicAliasInvalid:
            .protocolError
        case ResultCode.malformedPacket: .malformedPacket
        case ResultCode.oversizePacket, ResultCode.payloadSize: .packetTooLarge
        case ResultCode.noMemory: .memoryLimit
        case ResultCode.quotaExceeded, CInt(ReasonCode.quotaExceeded.rawValue): .quotaExceeded
        case ResultCode.qosNotSupported, ResultCode.retainNotSupported,
            ResultCode.badAuthenticationMethod, ResultCode.notSupported,
            CInt(ReasonCode.qosNotSupported.rawValue):
            .notSupported
        case ResultCode.clientIdentifierNotValid: .identifierNotValid
        case ResultCode.serverBusy, ResultCode.connectionRateExceeded: .serverBusy
        case ResultCode.serverUnavailable: .serverUnavailable
        case ResultCode.tls, ResultCode.tlsHandshake, ResultCode.proxy: .transport
        default: .other
        }
    }
}
