// SPDX-License-Identifier: Apache-2.0
// What the connections of a listener travel over.

/// What the connections of a listener travel over; read by every reactor, replaced on reload.
package struct TransportPlan: Sendable {
    /// The header that is expected first.
    package var proxy: ProxyRules?
    /// The TLS settings.
    package var tls: TLSContext?
    /// Set for MQTT over WebSocket.
    package var webSocket: WebSocketRules?

    package init() {}

    /// Whether control packets travel as they are.
    package var isPlain: Bool { proxy == nil && tls == nil && webSocket == nil }

    /// Layers for a new connection; nil where there is nothing between socket and packets.
    func makeLayers(for peer: PeerAddress) -> Layers? {
        if isPlain { return nil }
        let session = tls.map { TLSSession($0, peer: peer) }
        let stream = webSocket.map { WebSocketStream($0) }
        let transport: Transport =
            switch (stream, session) {
            case (nil, nil): .plain
            case (nil, let session?): .tls(session)
            case (let stream?, nil): .webSocket(stream)
            case (let stream?, let session?): .webSocketOverTLS(stream, session)
            }
        return Layers(proxy: proxy.map { ProxyHeaderReader($0) }, transport: transport)
    }
}
