// SPDX-License-Identifier: Apache-2.0
// The client side of SOCKS5 (RFC 1928, RFC 1929).

/// Asks a SOCKS5 proxy to connect to the broker.
struct SOCKSHandshake {
    let socket: Socket
    let proxy: SOCKSProxy
    let deadline: Deadline

    /// Logs in and has the proxy connect to `host`, whose name it resolves itself.
    func connect(host: String, port: UInt16) throws(ClientError) {
        try chooseMethod()
        let name = Array(host.utf8)
        guard (1...255).contains(name.count) else { throw .proxy("host name too long") }
        let portBytes = [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
        try socket.write([5, 1, 0, 3, UInt8(name.count)] + name + portBytes, deadline)
        let reply = try read(4)
        guard reply[0] == 5 else { throw .proxy("not a SOCKS5 proxy") }
        guard reply[1] == 0 else { throw .proxy(Self.refusal(reply[1])) }
        switch reply[3] {
        case 1: _ = try read(4 + 2)
        case 3: _ = try read(Int(try read(1)[0]) + 2)
        case 4: _ = try read(16 + 2)
        default: throw .proxy("unknown address type")
        }
    }

    private func chooseMethod() throws(ClientError) {
        let method: UInt8 = proxy.username == nil ? 0 : 2
        try socket.write([5, 1, method], deadline)
        let choice = try read(2)
        guard choice[0] == 5 else { throw .proxy("not a SOCKS5 proxy") }
        guard choice[1] == method else { throw .proxy("authentication method refused") }
        guard let username = proxy.username else { return }
        let user = Array(username.utf8)
        let password = Array((proxy.password ?? "").utf8)
        guard (1...255).contains(user.count), password.count <= 255 else {
            throw .proxy("user name or password too long")
        }
        try socket.write(
            [1, UInt8(user.count)] + user + [UInt8(password.count)] + password,
            deadline
        )
        guard try read(2)[1] == 0 else { throw .proxy("authentication failed") }
    }

    private func read(_ count: Int) throws(ClientError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try socket.read(count - bytes.count, deadline)
            guard !more.isEmpty else { throw .proxy("connection closed") }
            bytes += more
        }
        return bytes
    }

    private static func refusal(_ code: UInt8) -> String {
        let texts = [
            "general failure", "connection not allowed", "network unreachable",
            "host unreachable", "connection refused", "time to live expired",
            "command not supported", "address type not supported",
        ]
        return Int(code) <= texts.count ? texts[Int(code) - 1] : "unknown failure"
    }
}
