// SPDX-License-Identifier: Apache-2.0
// What a program has set on a handle.

import CMosquitto
import CommonLibrary
import MQTT
import MQTTClient
import Results

/// What a program has set on a handle; takes effect with the next connection.
struct ClientSettings {
    /// Where to connect to.
    struct Target {
        let host: String
        /// 0: `host` is the path of a Unix domain socket.
        let port: UInt16
        let keepAlive: UInt16
    }

    /// What the server publishes when the client is lost.
    struct Will {
        let topic: [UInt8]
        let payload: [UInt8]
        let qos: UInt8
        let isRetained: Bool
        /// Encoded, without their length.
        let properties: [UInt8]
    }

    /// The pauses before connecting again, in seconds.
    struct Pauses {
        var first: UInt32 = 1
        var longest: UInt32 = 1
        var isExponential = false

        /// The pause when there have been so many since a server has accepted the client.
        func pause(after count: Int) -> UInt32 {
            let first = max(1, UInt64(first))
            let longest = max(1, UInt64(longest))
            guard longest > first else { return UInt32(clamping: first) }
            let factor = UInt64(count) + 1
            let (linear, isTooLong) = first.multipliedReportingOverflow(by: factor)
            guard !isTooLong else { return UInt32(clamping: longest) }
            guard isExponential else { return UInt32(clamping: min(longest, linear)) }
            let (square, isLonger) = linear.multipliedReportingOverflow(by: factor)
            return UInt32(clamping: isLonger ? longest : min(longest, square))
        }
    }

    var clientIdentifier: String?
    var isCleanSession: Bool
    var version = MQTTVersion.v311
    var target: Target?
    var bindAddress: String?
    var userName: String?
    var password: [UInt8]?
    var will: Will?
    var pauses = Pauses()
    /// Messages under way to the server at most, and from it.
    var sendMaximum = 20
    var receiveMaximum: UInt16 = 20
    /// Encoded properties of CONNECT, as the program gave them; nil where it gave none.
    var connectProperties: [UInt8]?
    var tls = ClientTLSSettings()
    var isWebSocket = false
    var webSocketPath = "/mqtt"
    var webSocketHeaderMax = 4096
    var proxy: MQTTProxy?
    /// Messages, and payload bytes, that may wait to be sent.
    var queuedMaximum = Int.max
    var queuedBytesMaximum = Int.max

    init(clientIdentifier: String?, isCleanSession: Bool) {
        self.clientIdentifier = clientIdentifier
        self.isCleanSession = isCleanSession
    }

    /// Whether properties may be given.
    var isV5: Bool { version == .v5 }
}
