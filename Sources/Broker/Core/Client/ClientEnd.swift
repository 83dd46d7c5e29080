// SPDX-License-Identifier: Apache-2.0
// The ways in which a client's connection ends.

import Log
import MQTT
import Net
import Results

/// Why a connection ends, with what follows from it.
struct ClientEnd {
    /// What the log line says after the colon; nil for an orderly end.
    let text: String?
    /// Reason code of the DISCONNECT a 5.0 client is sent; nil for none.
    var disconnectReason: ReasonCode?
    /// Whether the will message is published.
    var publishesWill = true
    /// The value plugins are told: a `MOSQ_ERR_*`.
    var code: Int32
    /// What it is counted as, where `code` does not say that.
    var reason: EndReason?
    /// What the log line says after the colon instead of `text`, without a full stop.
    var textWithoutStop: String?
    /// The whole log line instead of the usual one, nil for none at all.
    var line: (@Sendable (PeerAddress) -> String?)?
    /// Whether `text` says more than that line.
    var isReasonNew = false
    /// The kind of that line.
    var lineKind = LogLineKind.clientDisconnected

    static let disconnected = ClientEnd(text: nil, publishesWill: false, code: ResultCode.success)
    static let disconnectedWithWill = ClientEnd(text: nil, code: ResultCode.success)
    static let closedByPeer = ClientEnd(
        text: "connection closed by client",
        code: ResultCode.connectionLost
    )
    static let timedOut = ClientEnd(text: "exceeded timeout", code: ResultCode.keepAlive)
    /// It has not come in by the time it was given: nobody has accepted its will.
    static let loginTimedOut = ClientEnd(
        text: "exceeded timeout",
        publishesWill: false,
        code: ResultCode.keepAlive
    )
    static let takenOver = ClientEnd(
        text: "session taken over",
        disconnectReason: .sessionTakenOver,
        publishesWill: false,
        code: ResultCode.sessionTakenOver
    )
    static let notAuthorized = ClientEnd(
        text: "not authorised",
        publishesWill: false,
        code: ResultCode.notAuthorized
    )
    static let shutDown = ClientEnd(text: nil, publishesWill: false, code: ResultCode.success)

    /// Whether the peer has closed the connection.
    var isClosedByPeer: Bool { code == Self.closedByPeer.code }

    /// Whether the client has not got on in the time it is given.
    var isTimeout: Bool { code == Self.timedOut.code }

    /// What CONNACK says of an end in the middle of an exchange; nil when nobody is told.
    ///
    /// Only some reasons of DISCONNECT are reasons of CONNACK as well (5.0 sections 3.2.2.2 and
    /// 3.14.2.1).
    var connackReason: ReasonCode? {
        if isTimeout { return .notAuthorized }
        guard let disconnectReason else {
            return code == ResultCode.protocolError ? .malformedPacket : nil
        }
        return switch disconnectReason {
        case .unspecifiedError, .malformedPacket, .protocolError, .notAuthorized,
            .badAuthenticationMethod, .packetTooLarge, .serverBusy, .quotaExceeded:
            disconnectReason
        case .administrativeAction: .serverUnavailable
        default: .protocolError
        }
    }

    /// A refused CONNECT; whatever was answered has been written already.
    ///
    /// `reason`: what it is counted as, where `code` does not say that.
    static func refused(_ text: String, code: Int32, reason: EndReason? = nil) -> ClientEnd {
        ClientEnd(text: text, publishesWill: false, code: code, reason: reason)
    }

    /// Kicked by the broker or a plugin.
    static func administrative(publishesWill: Bool) -> ClientEnd {
        ClientEnd(
            text: "administrative action",
            disconnectReason: .administrativeAction,
            publishesWill: publishesWill,
            code: ResultCode.administrativeAction
        )
    }

    /// The connection itself has ended.
    static func ended(_ end: ConnectionEnd) -> ClientEnd {
        switch end {
        case .closedByPeer: .closedByPeer
        case .refused(let error): refused(error)
        case .failed(let code):
            ClientEnd(text: SystemError("", code: code).reason, code: ResultCode.systemError)
        }
    }

    /// A packet that must not be processed.
    /// [MQTT-4.13.1-1] [MQTT311-4.8.0-1]
    static func violation(_ error: PacketError) -> ClientEnd {
        let (text, code) = description(of: error)
        return ClientEnd(text: text, disconnectReason: error.reason, code: code)
    }

    private static func description(of error: PacketError) -> (String, Int32) {
        guard let reason = error.reason else { return ("protocol error", ResultCode.protocolError) }
        return switch reason {
        case .malformedPacket: ("malformed packet", ResultCode.malformedPacket)
        case .packetTooLarge: ("oversize packet", ResultCode.oversizePacket)
        case .topicAliasInvalid: ("topic alias invalid", ResultCode.topicAliasInvalid)
        case .receiveMaximumExceeded:
            ("receive maximum exceeded", ResultCode.receiveMaximumExceeded)
        case .retainNotSupported: (disallowedFeature, ResultCode.retainNotSupported)
        case .qosNotSupported: (disallowedFeature, CInt(reason.rawValue))
        case .notAuthorized: ("not authorised", ResultCode.notAuthorized)
        case .badAuthenticationMethod:
            ("bad authentication method", ResultCode.badAuthenticationMethod)
        case .unspecifiedError: ("out of memory", ResultCode.noMemory)
        default: ("protocol error", ResultCode.protocolError)
        }
    }

    /// What the original says of features that are switched off.
    static let disallowedFeature =
        "used disallowed feature (QoS too high, retain not supported, or bad AUTH method)"
}

extension PacketError {
    /// `memory_limit` is reached.
    /// [MQTT311-4.8.0-2]
    static func outOfMemory(_ version: ProtocolVersion) -> PacketError {
        PacketError(reason: version == .v5 ? .unspecifiedError : nil, detail: memoryDetail)
    }

    /// Whether that is the matter: nothing is wrong with the packet.
    var isOutOfMemory: Bool { detail.description == Self.memoryDetail.description }

    private static let memoryDetail: StaticString = "out of memory"
}
