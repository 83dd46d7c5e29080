// SPDX-License-Identifier: Apache-2.0
// The URL of -L.

/// The URL of `-L`: `scheme://[user[:password]@]host[:port]/topic`.
///
/// It is split at the first `/`, the first `@` and the first `:`; nothing is decoded.
enum ToolURL {
    private static let schemes: [(name: String, port: Int, isTLS: Bool, isWebSocket: Bool)] = [
        ("mqtt://", 1883, false, false), ("mqtts://", 8883, true, false),
        ("ws://", 1883, false, true), ("wss://", 8883, true, true),
    ]

    /// Sets host, port and credentials, and adds the topic.
    static func apply(_ url: [UInt8], to options: inout ToolOptions) throws(OptionProblem) {
        let scheme = schemes.first { scheme in
            url.count >= scheme.name.utf8.count
                && url.prefix(scheme.name.utf8.count).text.lowercased() == scheme.name
        }
        guard let scheme else { throw .spaced("Error: Unsupported URL scheme.") }
        options.port = scheme.port
        if scheme.isTLS { options.tls.usesSystemCertificates = true }
        if scheme.isWebSocket { options.isWebSocket = true }
        let rest = url.dropFirst(scheme.name.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            throw .plain("Error: Invalid URL for -L argument specified - topic missing.")
        }
        try TopicCheck.add(Array(rest[(slash + 1)...]), "-L topic", to: &options)
        var address = rest[..<slash]
        if let at = address.firstIndex(of: UInt8(ascii: "@")) {
            let user = address[..<at]
            address = address[(at + 1)...]
            let colon = user.firstIndex(of: UInt8(ascii: ":"))
            options.username = user[..<(colon ?? user.endIndex)].text
            if let colon { options.password = Array(user[(colon + 1)...]) }
        }
        let colon = address.firstIndex(of: UInt8(ascii: ":"))
        options.host = address[..<(colon ?? address.endIndex)].text
        if let colon {
            let port = CNumber.integer(Array(address[(colon + 1)...]))
            guard (0...65_535).contains(port) else {
                throw .spaced("Error: Invalid port given: \(port)")
            }
            options.port = port
        }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes as text.
    var text: String { String(decoding: self, as: UTF8.self) }
}
