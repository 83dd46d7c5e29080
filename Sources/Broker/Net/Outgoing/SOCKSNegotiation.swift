// SPDX-License-Identifier: Apache-2.0
// The client's side of SOCKS 5 (RFC 1928, RFC 1929), without any I/O.

import Glibc

/// A SOCKS 5 proxy, which looks the server's name up itself.
package struct SOCKSProxy: Sendable, Equatable {
    /// The proxy's host name or address.
    package var host: String
    /// Its port.
    package var port: UInt16
    /// Who asks, at most 255 bytes; nil for nobody in particular.
    package var userName: String?
    /// The password that goes with the name, at most 255 bytes.
    package var password: String?

    /// Names a proxy.
    package init(host: String, port: UInt16, userName: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        self.userName = userName
        self.password = password
    }
}

/// What a client and a proxy say before the bytes of the server come.
///
/// ```
/// method ─► [login] ─► request ─► address ─► done
/// ```
struct SOCKSNegotiation {
    /// What the proxy's bytes lead to.
    enum Step: Equatable {
        /// The proxy has not said all yet; so many bytes were taken.
        case wantsMore(taken: Int)
        /// These go to the proxy now.
        case says([UInt8], taken: Int)
        /// What follows is the server's.
        case isOpen(taken: Int)
        /// There will be no connection, for this reason; the code of the proxy's reply if it has come so far.
        case failed(String, reply: UInt8? = nil)
    }

    private enum Stage {
        case method
        case login
        case request
    }

    private let proxy: SOCKSProxy
    private let host: [UInt8]
    private let port: UInt16
    private var stage = Stage.method

    /// A negotiation about a connection to a server by its name or address.
    init(_ proxy: SOCKSProxy, host: String, port: UInt16) {
        self.proxy = proxy
        self.host = Array(host.utf8)
        self.port = port
    }

    /// What the client begins with: the one method it is ready for.
    var greeting: [UInt8] { [5, 1, method] }

    private var method: UInt8 { proxy.userName == nil ? 0 : 2 }

    /// Takes bytes of the proxy; ask again with the rest until it wants more.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Step {
        switch stage {
        case .method: takeMethod(bytes)
        case .login: takeLogin(bytes)
        case .request: takeReply(bytes)
        }
    }

    private mutating func takeMethod(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard bytes.count >= 2 else { return .wantsMore(taken: 0) }
        guard bytes[0] == 5 else { return .failed("not a SOCKS5 proxy") }
        guard bytes[1] == method else { return .failed("authentication method refused") }
        guard let userName = proxy.userName else { return request(taken: 2) }
        let name = Array(userName.utf8)
        let password = Array((proxy.password ?? "").utf8)
        guard (1...255).contains(name.count), password.count <= 255 else {
            return .failed("user name or password too long")
        }
        stage = .login
        return .says(
            [1, UInt8(name.count)] + name + [UInt8(password.count)] + password,
            taken: 2
        )
    }

    private mutating func takeLogin(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard bytes.count >= 2 else { return .wantsMore(taken: 0) }
        guard bytes[1] == 0 else { return .failed("authentication failed") }
        return request(taken: 2)
    }

    private mutating func request(taken: Int) -> Step {
        guard (1...255).contains(host.count) else { return .failed("host name too long") }
        stage = .request
        let ending = [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
        return .says([5, 1, 0] + place + ending, taken: taken)
    }

    /// Type and bytes of the server's address, or of its name, which the proxy looks up.
    private var place: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16)
        let text = String(decoding: host, as: UTF8.self)
        if inet_pton(AF_INET, text, &bytes) == 1 { return [1] + bytes.prefix(4) }
        if inet_pton(AF_INET6, text, &bytes) == 1 { return [4] + bytes }
        return [3, UInt8(host.count)] + host
    }

    private func takeReply(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard bytes.count >= 2 else { return .wantsMore(taken: 0) }
        guard bytes[0] == 5 else { return .failed("not a SOCKS5 proxy") }
        guard bytes[1] == 0 else {
            return .failed(Self.reason(bytes[1]), reply: bytes[1])
        }
        guard bytes.count >= 5 else { return .wantsMore(taken: 0) }
        let count: Int
        switch bytes[3] {
        case 1: count = 4 + 4 + 2
        case 3: count = 4 + 1 + Int(bytes[4]) + 2
        case 4: count = 4 + 16 + 2
        default: return .failed("unknown address type")
        }
        return bytes.count >= count ? .isOpen(taken: count) : .wantsMore(taken: 0)
    }

    private static func reason(_ code: UInt8) -> String {
        let texts = [
            "general failure", "connection not allowed", "network unreachable",
            "host unreachable", "connection refused", "time to live expired",
            "command not supported", "address type not supported",
        ]
        return Int(code) <= texts.count ? texts[Int(code) - 1] : "unknown failure"
    }
}
