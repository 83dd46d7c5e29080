// SPDX-License-Identifier: Apache-2.0
// The configuration of one bridge.

/// The configuration of one bridge.
package struct BridgeConfiguration: Sendable, Equatable {
    /// The name on the `connection` line.
    package var name: String
    /// The remote brokers, the first being the primary one.
    package var addresses: [BridgeAddress] = []
    /// The topics in the order of the file.
    package var topics: [BridgeTopic] = []

    // MARK: Connection

    /// The local address to connect from.
    package var bindAddress: String?
    /// The MQTT version spoken to the remote.
    package var protocolVersion = BridgeProtocolVersion.mqttv311
    /// When changed settings take effect on reload.
    package var reloadType = BridgeReloadType.lazy
    /// When the bridge connects.
    package var startType = BridgeStartType.automatic
    /// Seconds between keep alive packets, 5...65535.
    package var keepaliveInterval = 60
    /// Seconds without traffic after which a lazy bridge disconnects.
    package var idleTimeout = 60
    /// Messages that wait before a lazy bridge connects.
    package var threshold = 10
    /// The delay before connecting again.
    package var restartTimeout = BridgeRestartTimeout()
    /// Whether the bridge stays where it is connected, instead of looking for the first address.
    package var roundRobin = false
    /// Whether the remote is told that this is a bridge (v3).
    package var tryPrivate = true
    /// TCP keep alive settings; nil leaves the system's.
    package var tcpKeepalive: BridgeTCPKeepalive?
    /// TCP user timeout in milliseconds; nil leaves the system's.
    package var tcpUserTimeout: Int?

    // MARK: Identity

    /// Whether the remote session is clean.
    package var cleansession = false
    /// Whether the local session is clean; nil is as `cleansession`.
    package var localCleansession: Bool?
    /// The client identifier on the remote; empty until the parser has finished.
    package var remoteClientid = ""
    /// The username on the remote.
    package var remoteUsername: String?
    /// The password on the remote.
    package var remotePassword: String?
    /// The client identifier in this broker; empty until the parser has finished.
    package var localClientid = ""
    /// The username in this broker.
    package var localUsername: String?
    /// The password in this broker.
    package var localPassword: String?

    // MARK: MQTT

    /// Whether topics that are only sent are unsubscribed from on the remote.
    package var attemptUnsubscribe = true
    /// Largest packet sent; 0 is unlimited.
    package var maxPacketSize = 0
    /// Topic Alias Maximum offered to the remote.
    package var maxTopicAlias = 10
    /// Whether the retain flag is sent.
    package var outgoingRetain = true
    /// Receive Maximum told to the remote; nil is `max_inflight_messages`.
    package var receiveMaximum: Int?
    /// Session Expiry Interval in seconds told to the remote.
    package var sessionExpiryInterval = 0
    /// Whether the state of the bridge is published.
    package var notifications = true
    /// Whether the state is published in this broker only.
    package var notificationsLocalOnly = false
    /// The topic of the state; nil is the default one.
    package var notificationTopic: String?

    // MARK: TLS

    /// The options of TLS and TLS-PSK.
    package var tls = BridgeTLSConfiguration()

    /// A bridge without addresses or topics.
    package init(name: String) {
        self.name = name
    }

    /// The topic the state of the bridge is published on.
    package var stateTopic: String {
        notificationTopic ?? "$SYS/broker/connection/\(remoteClientid)/state"
    }
}

/// The MQTT version a bridge speaks.
package enum BridgeProtocolVersion: String, Sendable, CaseIterable {
    /// MQTT 3.1.
    case mqttv31
    /// MQTT 3.1.1.
    case mqttv311
    /// MQTT 5.0.
    case mqttv50
}

/// When changed settings of a bridge take effect on reload.
package enum BridgeReloadType: String, Sendable, CaseIterable {
    /// With the next connection.
    case lazy
    /// At once, by connecting again.
    case immediate
}

/// When a bridge connects.
package enum BridgeStartType: String, Sendable, CaseIterable {
    /// At start, and again whenever the connection is lost.
    case automatic
    /// When messages wait.
    case lazy
    /// At start only.
    case once
}

/// The delay before a bridge connects again: fixed, or random between bounds that grow.
package struct BridgeRestartTimeout: Sendable, Equatable {
    /// The lowest delay in seconds.
    package var base: Int
    /// The highest delay in seconds; equal to `base` when the delay is fixed.
    package var cap: Int
    /// Seconds a connection must last before the delay starts from `base` again.
    package var stable: Int

    /// The given bounds, or those in force when nothing is configured.
    package init(base: Int = 5, cap: Int = 30, stable: Int = 0) {
        self.base = base
        self.cap = cap
        self.stable = stable
    }
}

/// TCP keep alive settings.
package struct BridgeTCPKeepalive: Sendable, Equatable {
    /// Seconds without traffic before the first probe.
    package let idle: Int
    /// Seconds between probes.
    package let interval: Int
    /// Unanswered probes after which the connection is lost.
    package let count: Int

    /// Makes the settings.
    package init(idle: Int, interval: Int, count: Int) {
        self.idle = idle
        self.interval = interval
        self.count = count
    }
}
