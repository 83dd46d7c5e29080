// SPDX-License-Identifier: Apache-2.0
// Broker and proxy addresses written as URLs.

/// Takes `mqtt://` and `socks5h://` URLs apart.
enum BrokerURL {
    /// User, password, host and port between the scheme and the path.
    struct Authority: Equatable {
        var username: String?
        var password: String?
        var host: String
        var port: UInt16?

        /// Splits at the first `@`, then each side at its first `:`; nil for a port that is none.
        init?(_ text: Substring) {
            var address = text
            if let at = text.firstIndex(of: "@") {
                let user = text[..<at]
                address = text[text.index(after: at)...]
                if let colon = user.firstIndex(of: ":") {
                    username = String(user[..<colon])
                    password = String(user[user.index(after: colon)...])
                } else {
                    username = String(user)
                }
            }
            if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
                host = String(address[address.index(after: address.startIndex)..<end])
                address = address[address.index(after: end)...]
                if address.isEmpty { return }
                guard address.hasPrefix(":") else { return nil }
            } else {
                host = String(address.prefix { $0 != ":" })
                guard address.contains(":") else { return }
            }
            guard let colon = address.firstIndex(of: ":"),
                let number = UInt16(address[address.index(after: colon)...])
            else { return nil }
            port = number
        }
    }

    /// Sets host, port and credentials from a URL of `-L`; returns what is wrong with it.
    static func apply(_ url: String, to options: inout ConnectionOptions) -> String? {
        guard let (scheme, rest) = split(url), ["mqtt", "mqtts"].contains(scheme) else {
            return "Error: Unsupported URL scheme."
        }
        guard let slash = rest.firstIndex(of: "/") else {
            return "Error: Invalid URL for -L argument specified - topic missing."
        }
        guard let authority = Authority(rest[..<slash]) else {
            return "Error: Invalid URL for -L argument specified - invalid port."
        }
        options.host = authority.host
        options.username = authority.username ?? options.username
        options.password = authority.password ?? options.password
        options.port = authority.port ?? (scheme == "mqtts" ? 8883 : 1883)
        if scheme == "mqtts" { options.usesSystemCertificates = true }
        return nil
    }

    /// Sets the proxy from a `socks5h://` URL; returns what is wrong with it.
    static func applyProxy(_ url: String, to options: inout ConnectionOptions) -> String? {
        guard let (scheme, rest) = split(url), scheme == "socks5h" else {
            return "Error: Unsupported proxy protocol: \(url)"
        }
        guard let authority = Authority(rest.prefix { $0 != "/" }), !authority.host.isEmpty,
            authority.port != 0
        else { return "Error: Invalid proxy: \(url)" }
        var proxy = ProxyAddress()
        proxy.host = authority.host
        proxy.port = authority.port ?? proxy.port
        for (text, path) in [
            (authority.username, \ProxyAddress.username), (authority.password, \.password),
        ] {
            guard let text else { continue }
            guard let plain = decoded(text) else { return "Error: Invalid proxy: \(url)" }
            proxy[keyPath: path] = plain
        }
        options.proxy = proxy
        return nil
    }

    /// Splits a URL behind its scheme, which is given in lower case.
    static func split(_ url: String) -> (scheme: String, rest: Substring)? {
        guard let mark = url.firstRange(of: "://") else { return nil }
        return (url[..<mark.lowerBound].lowercased(), url[mark.upperBound...])
    }

    /// Resolves the three escapes a proxy URL may hold; nil for any other.
    private static func decoded(_ text: String) -> String? {
        let escapes = ["25": "%", "3A": ":", "3a": ":", "40": "@"]
        var parts = text.split(separator: "%", omittingEmptySubsequences: false)
        var plain = String(parts.removeFirst())
        for part in parts {
            guard let character = escapes[String(part.prefix(2))] else { return nil }
            plain += character + part.dropFirst(2)
        }
        return plain
    }
}
