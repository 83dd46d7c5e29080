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
    /// The subprotocols that carry MQTT.
    package static let protocols = ["mqtt", "mqttv3.1"]

    /// `Sec-WebSocket-Key`.
    package let key: String
    /// The subprotocol that was chosen: the first known one of the client's list.
    package let subprotocol: String

    /// Reads a head that ends with an empty line.
    ///
    /// `origins` are the values of `Origin` that may come in; empty for all. A request without
    /// `Origin` does not come from a page and is let in.
    package init(head: [UInt8], origins: [String]) throws(Refusal) {
        let fields = try Self.fields(of: head)
        guard fields.list("upgrade").contains("websocket"),
            fields.list("connection").contains("upgrade")
        else { throw .notWebSocket }
        if let version = fields.first("sec-websocket-version"), version != "13" {
            throw .notWebSocket
        }
        guard let key = fields.first("sec-websocket-key"), !key.isEmpty else { throw .notWebSocket }
        guard fields.first("sec-websocket-protocol") != nil else { throw .notWebSocket }
        let offered = fields.tokens("sec-websocket-protocol")
        guard let chosen = offered.first(where: Self.protocols.contains) else {
            throw .unknownProtocol
        }
        if !origins.isEmpty, let origin = fields.first("origin"), !origins.contains(origin) {
            throw .origin(origin)
        }
        self.key = key
        subprotocol = chosen
    }

    /// The header fields of a request `GET <any path> HTTP/1.x`; HEAD is as good.
    private static func fields(of head: [UInt8]) throws(Refusal) -> HeaderFields {
        var lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        guard let first = lines.popFirst() else { throw .malformed }
        let words = first.trimmingLineEnd.split(separator: UInt8(ascii: " "))
        guard words.count == 3, ["GET", "HEAD"].contains(String(decoding: words[0], as: UTF8.self))
        else { throw .malformed }
        guard ["HTTP/1.0", "HTTP/1.1"].contains(String(decoding: words[2], as: UTF8.self)) else {
            throw .malformed
        }
        var fields = HeaderFields()
        while let line = lines.popFirst()?.trimmingLineEnd, !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(\.isTokenByte), fields.count < headerCountMax
            else { throw .malformed }
            fields.append(line[..<colon], line[(colon + 1)...])
        }
        return fields
    }
}

/// Header fields in their order.
private struct HeaderFields {
    private var entries: [(name: String, value: String)] = []

    var count: Int { entries.count }

    mutating func append(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        let text = String(decoding: value, as: UTF8.self)
        entries.append((String(decoding: name, as: UTF8.self).lowercased(), text.trimmed))
    }

    func first(_ name: String) -> String? { entries.first { $0.name == name }?.value }

    /// The elements of all fields of a name: lists may be split over several.
    func tokens(_ name: String) -> [String] {
        entries.filter { $0.name == name }
            .flatMap { $0.value.split(separator: ",").map { String($0).trimmed } }
    }

    /// The same in lower case.
    func list(_ name: String) -> [String] { tokens(name).map { $0.lowercased() } }
}

extension ArraySlice<UInt8> {
    /// The line without its carriage return.
    fileprivate var trimmingLineEnd: ArraySlice<UInt8> {
        last == UInt8(ascii: "\r") ? dropLast() : self
    }
}

extension String {
    /// The text without white space around it.
    fileprivate var trimmed: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        guard let start = firstIndex(where: { !isSpace($0) }),
            let end = lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(self[start...end])
    }
}

extension UInt8 {
    /// Whether a field name may contain the byte (RFC 9110 section 5.6.2).
    fileprivate var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
