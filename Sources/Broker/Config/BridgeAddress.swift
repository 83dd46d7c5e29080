// SPDX-License-Identifier: Apache-2.0
// Where a remote broker is, and how it is reached.

/// A remote broker: `host[:port]`, `unix:/path`, `ws://host[:port][/path]` or `wss://host[:port][/path]`.
package struct BridgeAddress: Sendable, Equatable, CustomStringConvertible {
    /// What lies below MQTT.
    package enum Transport: Sendable {
        /// TCP, with TLS if the bridge has options of it.
        case tcp
        /// A socket of this machine, never with TLS.
        case unix
        /// A WebSocket without TLS.
        case webSocket
        /// A WebSocket over TLS.
        case secureWebSocket
    }

    /// What lies below MQTT.
    package let transport: Transport
    /// The host name, or an address without brackets; empty for a Unix socket.
    package let host: String
    /// The port; 0 for a Unix socket.
    package let port: Int
    /// The path of the Unix socket, or that of the WebSocket with its query; empty for TCP.
    package let path: String

    /// An address of TCP.
    package init(host: String, port: Int) {
        self.init(.tcp, host: host, port: port, path: "")
    }

    /// An address of any kind, unchecked.
    package init(_ transport: Transport, host: String, port: Int, path: String) {
        self.transport = transport
        self.host = host
        self.port = port
        self.path = path
    }

    /// As log lines name it: `host:port`, or as the file does for what is not plain TCP.
    package var description: String {
        let authority =
            host.contains(":") && transport != .tcp ? "[\(host)]:\(port)" : "\(host):\(port)"
        return switch transport {
        case .tcp: authority
        case .unix: "unix:\(path)"
        case .webSocket: "ws://\(authority)\(path)"
        case .secureWebSocket: "wss://\(authority)\(path)"
        }
    }
}

extension BridgeAddress {
    /// The path of a WebSocket that names none: what brokers commonly serve.
    private static let defaultPath = "/mqtt"

    /// Reads one word of an `address` line.
    ///
    /// An address of IPv6 may stand in brackets. Without them the last colon begins the port, as in the
    /// original.
    static func parse(_ word: String) throws(ConfigurationError) -> BridgeAddress {
        if word.hasPrefix("unix:") {
            let path = String(word.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count <= pathCountMax else { throw invalid(word) }
            return BridgeAddress(.unix, host: "", port: 0, path: path)
        }
        guard let scheme = word.firstRange(of: "://") else {
            let (host, port) = try authority(word[...], in: word, defaultPort: 1883)
            return BridgeAddress(.tcp, host: host, port: port, path: "")
        }
        let transport: Transport
        switch word[..<scheme.lowerBound] {
        case "ws": transport = .webSocket
        case "wss": transport = .secureWebSocket
        default: throw invalid(word)
        }
        let rest = word[scheme.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let path = slash == rest.endIndex ? defaultPath : String(rest[slash...])
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw invalid(word) }
        guard !rest[..<slash].contains("@") else { throw invalid(word) }
        let (host, port) = try authority(
            rest[..<slash],
            in: word,
            defaultPort: transport == .webSocket ? 80 : 443
        )
        guard !host.isEmpty else { throw invalid(word) }
        return BridgeAddress(transport, host: host, port: port, path: path)
    }

    /// What the system takes as the path of a socket (`sockaddr_un`), without the NUL behind it.
    private static let pathCountMax = 107

    /// `host`, `host:port`, `[host]` or `[host]:port`.
    private static func authority(
        _ text: Substring,
        in word: String,
        defaultPort: Int
    ) throws(ConfigurationError) -> (host: String, port: Int) {
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]"), end > text.index(after: text.startIndex)
            else { throw invalid(word) }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (host, defaultPort) }
            guard rest.first == ":" else { throw invalid(word) }
            return (host, try port(rest.dropFirst()))
        }
        guard let colon = text.lastIndex(of: ":") else { return (String(text), defaultPort) }
        return (String(text[..<colon]), try port(text[text.index(after: colon)...]))
    }

    /// 1...65535.
    private static func port(_ text: Substring) throws(ConfigurationError) -> Int {
        let port = Int(text) ?? 0
        guard 1...65535 ~= port else {
            throw ConfigurationError("Error: Invalid bridge port value (\(port)).")
        }
        return port
    }

    private static func invalid(_ word: String) -> ConfigurationError {
        ConfigurationError(
            "Error: Invalid bridge address '\(word)'. It is host[:port], unix:/path, ws://host[:port]/path"
                + " or wss://host[:port]/path."
        )
    }
}
