// SPDX-License-Identifier: Apache-2.0
// Where a WebSocket is asked for.

/// Where a WebSocket is asked for.
package struct WebSocketTarget: Sendable {
    /// The path with its query, beginning with `/`.
    package let path: String
    /// Further header fields of the request, as they are written.
    package private(set) var headers: [(name: String, value: String)] = []

    /// Takes a path; nil if it cannot stand in a request.
    package init?(path: String) {
        guard path.utf8.first == UInt8(ascii: "/"),
            path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        self.path = path
    }

    /// Takes a path and header fields; nil if one of them cannot stand in a request.
    ///
    /// A field that the request has in any case, such as `Host`, cannot be given.
    package init?(path: String, headers: [(name: String, value: String)]) {
        self.init(path: path)
        let own = ["host", "upgrade", "connection"]
        for (name, value) in headers {
            let lower = name.lowercased()
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }),
                value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
                !own.contains(lower), !lower.hasPrefix("sec-websocket-")
            else { return nil }
        }
        self.headers = headers
    }
}
