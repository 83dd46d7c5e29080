// SPDX-License-Identifier: Apache-2.0
// The HTTP request that opens a WebSocket.

/// The opening request of a client (RFC 6455 section 4.2.1), read from its complete head.
package struct WebSocketRequest: Sendable, Equatable {
    /// Why a request is refused.
    package enum Refusal: Error, Sendable, Equatable {
        /// The head is not one of HTTP/1.x.
        case malformed
        /// Something a WebSocket needs is missing or wrong.
        case notWebSocket
        /// No subprotocol that carries MQTT is offered.
        case unknownProtocol
        /// The page does not come from where it may.
        case origin(String)
    }

    /// The most header lines of a request.
    package static let headerCountMax = 100
    /// The subprotocols that carry MQTT, the standard's before the older one [MQTT-6.0.0-4].
    /// [MQTT311-6.0.0-4]
    package static let protocols = ["mqtt", "mqttv3.1"]

    /// `Sec-WebSocket-Key`.
    package let key: String
    /// The subprotocol that was chosen: the first of `protocols` that is in the client's list.
    package let subprotocol: String

    /// Reads a head that ends with an empty line.
    ///
    /// `origins` are the values of `Origin` that may come in; empty for all. A request without
    /// `Origin` does not come from a page and is let in.
    package init(head: [UInt8], origins: [String]) throws(Refusal) {
        guard let request = HTTPHead(head, headerCountMax: Self.headerCountMax),
            ["GET", "HEAD"].contains(request.method)
        else { throw .malformed }
        let fields = request.fields
        guard fields.list("upgrade").contains("websocket"),
            fields.list("connection").contains("upgrade")
        else { throw .notWebSocket }
        if let version = fields.first("sec-websocket-version"), version != "13" {
            throw .notWebSocket
        }
        guard let key = fields.first("sec-websocket-key"), !key.isEmpty else { throw .notWebSocket }
        guard fields.first("sec-websocket-protocol") != nil else { throw .notWebSocket }
        let offered = fields.tokens("sec-websocket-protocol")
        guard let chosen = Self.protocols.first(where: offered.contains) else {
            throw .unknownProtocol
        }
        if !origins.isEmpty, let origin = fields.first("origin"), !origins.contains(origin) {
            throw .origin(origin)
        }
        self.key = key
        subprotocol = chosen
    }
}
