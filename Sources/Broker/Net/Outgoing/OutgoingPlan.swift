// SPDX-License-Identifier: Apache-2.0
// Where an outgoing connection goes, and how.

/// Where an outgoing connection goes, what lies between socket and packets, and how long each step
/// may take.
package struct OutgoingPlan: Sendable {
    /// Where to.
    package enum Target: Sendable, Equatable {
        /// A host name or an address in numbers, and a port.
        case host(String, port: UInt16)
        /// The path of a Unix socket.
        case unix(path: String)
    }

    /// TCP keep alive settings.
    package struct KeepAlive: Sendable, Equatable {
        /// Seconds without traffic before the first probe.
        package let idle: Int
        /// Seconds between probes.
        package let interval: Int
        /// Unanswered probes after which the connection is lost.
        package let count: Int

        /// Puts settings together.
        package init(idle: Int, interval: Int, count: Int) {
            self.idle = idle
            self.interval = interval
            self.count = count
        }
    }

    /// Where to.
    package let target: Target
    /// A local address to connect from, as name or number; not for Unix sockets.
    package var bindAddress: String?
    /// TCP keep alive; nil leaves it off.
    package var keepAlive: KeepAlive?
    /// TCP user timeout in milliseconds; nil leaves the system's.
    package var userTimeout: Int?
    /// The client's TLS settings; nil for none.
    package var tls: TLSContext?
    /// MQTT over WebSocket; nil for bare MQTT.
    package var webSocket: WebSocketTarget?
    /// A proxy that connects in the client's place; not for Unix sockets.
    package var proxy: SOCKSProxy?
    /// Milliseconds that each step may take: looking the name up, connecting, the proxy, TLS,
    /// WebSocket.
    package var stepTimeout: Int64 = 60_000

    /// A plain connection.
    package init(to target: Target) { self.target = target }

    /// The name that the server must prove to have, and that virtual hosts are told apart by.
    var serverName: String {
        switch target {
        case .host(let host, _): host
        case .unix: "localhost"
        }
    }

    /// The authority of the request that opens a WebSocket: host and port.
    var authority: String {
        switch target {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix: "localhost"
        }
    }

    /// Layers for a new connection; nil where there is nothing between socket and packets.
    func makeLayers(for peer: PeerAddress) -> Layers? {
        let session = tls.map { TLSSession($0, peer: peer, serverName: serverName) }
        let stream = webSocket.map { WebSocketStream(to: $0, authority: authority) }
        let transport: Transport
        switch (stream, session) {
        case (nil, nil): return nil
        case (nil, let session?): transport = .tls(session)
        case (let stream?, nil): transport = .webSocket(stream)
        case (let stream?, let session?): transport = .webSocketOverTLS(stream, session)
        }
        return Layers(proxy: nil, transport: transport)
    }
}
