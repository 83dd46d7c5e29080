// SPDX-License-Identifier: Apache-2.0
// The configuration of one listener.

/// The configuration of one listener.
package struct ListenerConfiguration: Sendable, Equatable {
    /// The port; 0 for a Unix socket.
    package var port = 1883
    /// The host name or address to bind, as written; nil binds every address of both families.
    package var host: String?
    /// The path of the Unix socket, if it is one.
    package var unixSocketPath: String?
    /// Whether `port` or `bind_address` made this listener.
    package var isDefault = false
    /// The interface whose addresses take the place of `host`.
    package var bindInterface: String?
    /// The address family to bind; nil is both.
    package var socketDomain: SocketDomain?
    /// What is spoken on the listener.
    package var `protocol` = ListenerProtocol.mqtt
    /// The MQTT versions that are accepted.
    package var acceptProtocolVersions = ProtocolVersions.all
    /// Most connections; zero or less is unlimited.
    package var maxConnections = -1
    /// Highest QoS clients may publish with and are granted.
    package var maxQoS = 2
    /// Topic Alias Maximum that v5 clients are told; 0 is none.
    package var maxTopicAlias = 10
    /// Most topic aliases the broker makes towards a v5 client.
    package var maxTopicAliasBroker = 10
    /// The prefix of all topics of the listener's clients.
    package var mountPoint: String?
    /// Whether the username takes the place of the client identifier.
    package var useUsernameAsClientid = false
    /// The listener's own security options.
    package var security = SecurityConfiguration()
    /// The options of certificate TLS.
    package var tls = TLSConfiguration()
    /// The identity hint; set, it switches TLS-PSK on.
    package var pskHint: String?
    /// The Origin headers that are accepted; empty accepts all.
    package var websocketsOrigins: [String] = []
    /// The directory of static files of an `http_api` listener.
    package var httpDir: String?
    /// Bytes that the connections of an `http_api` listener may hold; 0 is unlimited.
    package var httpMemoryLimit = 8 << 20
    /// The version of the PROXY protocol that connections begin with; nil is none.
    package var enableProxyProtocol: Int?
    /// Whether PROXY headers must say that the client used TLS.
    package var proxyProtocolV2RequireTls = false

    /// A listener on port 1883 of every address.
    package init() {}

    /// A listener on `port` of `host`.
    package init(port: Int, host: String? = nil) {
        self.port = port
        self.host = host
    }

    /// Whether a `listener` line with this port, host and path means the same listener.
    package func matches(_ other: ListenerConfiguration) -> Bool {
        if let unixSocketPath { return unixSocketPath == other.unixSocketPath }
        return other.unixSocketPath == nil && port == other.port && host == other.host
    }
}

/// The address families a listener can be restricted to.
package enum SocketDomain: String, Sendable, CaseIterable {
    /// IPv4 only.
    case ipv4
    /// IPv6 only.
    case ipv6
}

/// What is spoken on a listener.
package enum ListenerProtocol: String, Sendable, CaseIterable {
    /// MQTT over TCP, TLS or a Unix socket.
    case mqtt
    /// MQTT over WebSockets.
    case websockets
    /// The HTTP API.
    case httpApi = "http_api"
}
