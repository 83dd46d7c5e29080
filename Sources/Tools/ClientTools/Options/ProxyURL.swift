// SPDX-License-Identifier: Apache-2.0
// The URL of --proxy.

/// The URL of `--proxy`: `socks5h://[user[:password]@]host[:port]`, the host also as `[v6]`.
enum ProxyURL {
    /// Takes it apart.
    static func parse(_ url: [UInt8]) throws(OptionProblem) -> ToolProxy {
        let scheme = "socks5h://"
        guard url.starts(with: scheme.utf8) else {
            throw .plain("Error: Unsupported proxy protocol: \(url.text)")
        }
        var address = url.dropFirst(scheme.utf8.count)
        var proxy = ToolProxy(host: "")
        if let at = address.firstIndex(of: UInt8(ascii: "@")) {
            let user = address[..<at]
            address = address[(at + 1)...]
            let colon = user.firstIndex(of: UInt8(ascii: ":"))
            proxy.username = try decoded(user[..<(colon ?? user.endIndex)], "username")
            if let colon { proxy.password = try decoded(user[(colon + 1)...], "password") }
        }
        if address.first == UInt8(ascii: "["),
            let end = address.firstIndex(of: UInt8(ascii: "]"))
        {
            proxy.host = address[(address.startIndex + 1)..<end].text
            address = address[(end + 1)...]
            guard address.isEmpty || address.first == UInt8(ascii: ":") else { throw invalid }
        } else {
            let colon = address.firstIndex(of: UInt8(ascii: ":")) ?? address.endIndex
            proxy.host = address[..<colon].text
            address = address[colon...]
        }
        guard !proxy.host.isEmpty else { throw invalid }
        if !address.isEmpty {
            let number = CNumber.integer(Array(address.dropFirst()))
            guard let port = UInt16(exactly: number), port > 0 else {
                throw .plain("Error: Invalid proxy port \(number)")
            }
            proxy.port = port
        }
        return proxy
    }

    private static let invalid = OptionProblem.plain("Error: Invalid proxy.")

    /// Resolves the three escapes there may be.
    private static func decoded(
        _ text: ArraySlice<UInt8>,
        _ name: String
    ) throws(OptionProblem) -> String {
        let escapes = ["25": "%", "3A": ":", "3a": ":", "40": "@"]
        var parts = text.text.split(separator: "%", omittingEmptySubsequences: false)
        var plain = String(parts.removeFirst())
        for part in parts {
            guard let character = escapes[String(part.prefix(2))] else {
                throw .plain("Error: Invalid URL encoding in \(name).")
            }
            plain += character + part.dropFirst(2)
        }
        return plain
    }
}
