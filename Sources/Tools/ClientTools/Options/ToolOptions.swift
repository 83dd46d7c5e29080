// SPDX-License-Identifier: Apache-2.0
// What a client tool was asked to do.

package import MQTT

/// Where the messages come from that are to be published.
package enum MessageSource: Sendable, Equatable {
    /// The payload is this argument.
    case argument([UInt8])
    /// The payload is what a file holds.
    case file(path: String)
    /// The payload is what standard input holds.
    case input
    /// Each line of standard input is a payload.
    case lines
    /// The payload is empty.
    case nothing
}

/// Whether retained messages are wanted at a subscription (5.0 section 3.8.3.1).
package enum RetainHandling: UInt8, Sendable {
    case always = 0
    case new = 1
    case never = 2
}

/// What a client tool was asked to do: the options with their defaults.
package struct ToolOptions: Sendable, Equatable {
    /// The tool.
    package let tool: ClientTool

    // How to connect.
    package var host: String?
    /// The port as it was given; `connection` has the one that counts.
    package var port: Int?
    package var unixPath: String?
    package var bindAddress: String?
    package var isNoDelay = false
    package var isWebSocket = false
    package var proxy: ToolProxy?
    package var tls = ToolTLS()

    // Who connects, and how the session is to be.
    package var id: String?
    package var idPrefix: String?
    package var username: String?
    package var password: [UInt8]?
    package var authenticationMethod: String?
    package var version: ProtocolVersion
    package var isCleanSession = true
    /// Seconds the session outlives the connection; nil if not said.
    package var sessionExpiry: UInt32?
    package var keepAliveSeconds: UInt16 = 60
    package var inFlightMax = 20
    package var will = ToolWill()
    package var properties = ToolProperties()

    // What to do.
    package var qos: UInt8 = 0
    /// Topic names of pub and rr, of which the last counts; topic filters of sub.
    package var topics: [[UInt8]] = []
    package var source: MessageSource?
    package var isRetained = false
    package var repeatCount = 1
    package var repeatDelaySeconds = 0.0
    package var responseTopic: [UInt8]?
    package var unsubscribes: [[UInt8]] = []
    package var filtersOut: [[UInt8]] = []
    /// Messages after which the tool is done; nil for no limit.
    package var messageCount: Int?
    package var exitsWhenSubscribed = false
    package var timeoutSeconds: Int?
    package var ignoresRetained = false
    package var wantsOnlyRetained = false
    package var removesRetained = false
    package var retainAsPublished = false
    package var retainHandling: RetainHandling?
    /// Per mille of messages that are printed; nil for all.
    package var randomPerMille: Int?

    // How to say it.
    package var isDebug = false
    package var isQuiet = false
    package var isVerbose = false
    package var hasNewline = true
    package var format: MessageFormat?
    package var isPretty = false
    package var isWatching = false
    package var showsRate = false
    package var showsLatency = false
    package var showsProgress = false

    /// The defaults of a tool.
    package init(_ tool: ClientTool) {
        self.tool = tool
        version = tool == .rr ? .v5 : .v311
    }
}

/// A will message.
package struct ToolWill: Sendable, Equatable {
    package var topic: [UInt8]?
    package var payload: [UInt8]?
    package var qos: UInt8 = 0
    package var isRetained = false
}

/// A SOCKS proxy.
package struct ToolProxy: Sendable, Equatable {
    package var host: String
    package var port: UInt16 = 1080
    package var username: String?
    package var password: String?
}
