// SPDX-License-Identifier: Apache-2.0
// How a connection has ended, in the terms of the library's functions.

import Glibc
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

    static let success = Outcome(code: ResultCode.success)

    init(code: CInt, systemCode: CInt = 0, isFinal: Bool = false) {
        self.code = code
        self.systemCode = systemCode
        self.isFinal = isFinal
    }

    /// The code for what a client says; `wasOpen`: CONNECT had been sent.
    init(_ error: MQTTError, wasOpen: Bool) {
        switch error {
        case .configuration: self.init(code: ResultCode.invalid)
        case .notSupported: self.init(code: ResultCode.notSupported)
        case .lookup: self.init(code: ResultCode.nameResolution)
        case .unreachable(_, let code):
            self.init(code: ResultCode.systemError, systemCode: code)
        case .proxy: self.init(code: ResultCode.proxy)
        case .tls where wasOpen: self.init(code: ResultCode.connectionLost)
        case .tls: self.init(code: ResultCode.systemError, systemCode: EPROTO, isFinal: true)
        case .webSocket: self.init(code: ResultCode.unknown)
        case .timedOut where wasOpen: self.init(code: ResultCode.keepAlive)
        case .timedOut: self.init(code: ResultCode.systemError, systemCode: ETIMEDOUT)
        case .refused(_, .v5): self.init(code: ResultCode.protocolError)
        case .refused: self.init(code: ResultCode.connectionRefused)
        case .disconnected: self = .success
        case .keepAliveExceeded: self.init(code: ResultCode.keepAlive)
        case .malformedPacket: self.init(code: ResultCode.malformedPacket)
        case .protocolViolation: self.init(code: ResultCode.protocolError)
        case .authentication: self.init(code: ResultCode.notAuthorized)
        case .connectionLost, .closed: self.init(code: ResultCode.connectionLost)
        case .notConnected, .alreadyConnected: self.init(code: ResultCode.notConnected)
        case .invalidTopic: self.init(code: ResultCode.invalid)
        case .packetTooLarge: self.init(code: ResultCode.oversizePacket)
        case .qosNotSupported: self.init(code: ResultCode.qosNotSupported)
        case .notAvailable, .publishRefused, .subscribeRefused:
            self.init(code: ResultCode.notSupported)
        case .queueFull: self.init(code: ResultCode.quotaExceeded)
        }
    }

    /// Whether a loop that connects again ends with this code instead.
    ///
    /// The numbers are those at which programs expect it to end.
    var endsLoop: Bool {
        if isFinal { return true }
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
