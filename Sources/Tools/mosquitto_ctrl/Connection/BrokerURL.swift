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

        /// What is wrong with the text.
        enum Problem: Error, Equatable {
            case emptyUsername
            case emptyPort
            /// Something else than a number up to 65535 where the port is.
            case invalidPort(String)
            /// Neither a port nor the end follows an address in brackets.
            case invalidHost
        }

        /// Splits at the first `@`, then each side at its first `:`.
        init(_ text: Substring) throws(Problem) {
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
                guard username != "" else { throw .emptyUsername }
            }
            if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
                host = String(address[address.index(after: address.startIndex)..<end])
                address = address[address.index(after: end)...]
                if address.isEmpty { return }
                guard address.hasPrefix(":") else { throw .invalidHost }
            } else {
                host = String(address.prefix { $0 != ":" })
                guard address.contains(":") else { return }
            }
            let digits = address.drop { $0 != ":" }.dropFirst()
            guard !digits.isEmpty else { throw .emptyPort }
            guard let number = UInt16(digits) else { throw .invalidPort(String(digits)) }
            port = number
        }
    }

    /// Sets host, port and credentials from a URL of `-L`; returns what is wrong with it.
    static func apply(_ url: String, to options: inout ConnectionOptions) -> String? {
        guard let (scheme, rest) = split(url), ["mqtt", "mqtts"].contains(scheme) else {
            return "Error: Unsupported URL scheme.\n"
        }
        guard let slash = rest.firstIndex(of: "/") else {
            return "Error: Invalid URL for -L argument specified - topic missing."
        }
        let authority: Authority
        do {
            authority = try Authority(rest[..<slash])
        } catch .emptyUsername {
            return "Error: Empty username in URL."
        } catch .emptyPort {
            return "Error: Empty port in URL."
        } catch .invalidPort {
            return "Error: Invalid URL for -L argument specified - invalid port."
        } catch {
            return "Error: Invalid URL for -L argument specified - invalid host."
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
        let authority: Authority
        do {
            authority = try Authority(rest.prefix { $0 != "/" })
        } catch .invalidPort(let text) {
            return "Error: Invalid proxy port \(text)"
        } catch {
            return "Error: Invalid proxy."
        }
        guard !authority.host.isEmpty else { return "Error: Invalid proxy." }
        guard authority.port != 0 else { return "Error: Invalid proxy port 0" }
        var proxy = ProxyAddress()
        proxy.host = authority.host
        proxy.port = authority.port ?? proxy.port
        for (text, path, name) in [
            (authority.username, \ProxyAddress.username, "username"),
            (authority.password, \.password, "password"),
        ] {
            guard let text else { continue }
            guard let plain = decoded(text) else {
                return "Error: Invalid URL encoding in \(name)."
            }
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
