// SPDX-License-Identifier: Apache-2.0
// What a client needs to know before it connects.

package import MQTT

/// Where the broker listens.
package enum BrokerAddress: Sendable, Equatable {
    /// A host name or an address in numbers, and a port.
    case tcp(host: String, port: UInt16)
    /// The path of a Unix domain socket.
    case unix(path: String)
}

/// A SOCKS5 proxy between client and broker; the proxy resolves the broker's name.
package struct SOCKSProxy: Sendable, Equatable {
    /// The proxy's host name or address.
    package var host: String
    /// The proxy's port.
    package var port: UInt16
    /// The user to log in as, nil for no login.
    package var username: String?
    /// The user's password.
    package var password: String?

    /// Creates a proxy address.
    package init(host: String, port: UInt16, username: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        self.username = username
        self.password = password
    }
}

/// Everything a client needs to connect.
package struct ClientOptions: Sendable {
    /// Where to connect to.
    package var address: BrokerAddress
    /// The local address to connect from.
    package var bindAddress: String?
    /// TLS, or nil for plain text.
    package var tls: TLSOptions?
    /// The proxy to go through; not for Unix domain sockets.
    package var proxy: SOCKSProxy?
    /// The path of the WebSocket to carry MQTT in, nil for bare MQTT.
    package var webSocketPath: String?
    /// The version of MQTT to speak.
    package var version = ProtocolVersion.v5
    /// The client identifier; empty lets the broker choose.
    package var clientID = ""
    /// User name of the CONNECT packet.
    package var username: String?
    /// Password of the CONNECT packet.
    package var password: [UInt8]?
    /// Keep alive interval; 0 turns it off.
    package var keepAliveSeconds: UInt16 = 60
    /// Begin without a session of the past.
    package var isCleanStart = true
    /// How long connecting, and the answer to CONNECT, may take.
    package var connectTimeout = Duration.seconds(10)

    /// Creates options for the broker at `address`.
    package init(address: BrokerAddress) { self.address = address }
}
