// SPDX-License-Identifier: Apache-2.0
// The stream of bytes to the broker, whatever carries it.

/// A connected stream of bytes, plain or through TLS.
struct Transport {
    private enum Kind {
        case plain
        case tls(TLSSession)
    }

    private let socket: Socket
    private let kind: Kind

    /// Connects as the options say: to a name, a Unix domain socket or through a proxy, with or
    /// without TLS.
    init(connecting options: ClientOptions, deadline: Deadline) throws(ClientError) {
        var serverName = ""
        switch options.address {
        case .unix(let path):
            socket = try Socket.connect(path: path, deadline: deadline)
        case .tcp(let host, let port):
            serverName = host
            let target = options.proxy.map { ($0.host, $0.port) } ?? (host, port)
            socket = try Socket.connect(
                host: target.0,
                port: target.1,
                from: options.bindAddress,
                deadline: deadline
            )
            if let proxy = options.proxy {
                try SOCKSHandshake(socket: socket, proxy: proxy, deadline: deadline)
                    .connect(host: host, port: port)
            }
        }
        guard let tls = options.tls else {
            kind = .plain
            return
        }
        kind = .tls(
            try TLSSession(over: socket, host: serverName, options: tls, deadline: deadline)
        )
    }

    /// The descriptor to watch for something to read.
    var descriptor: CInt { socket.descriptor }

    /// Whether bytes have arrived that no longer show on the descriptor.
    var hasBufferedBytes: Bool {
        guard case .tls(let session) = kind else { return false }
        return session.hasBufferedBytes
    }

    /// Whether something has arrived, or the peer has closed; never waits.
    func isReadable() throws(ClientError) -> Bool { try socket.isReadable() }

    /// Reads what is there, at least one byte; empty when the peer has closed.
    func read(_ deadline: Deadline) throws(ClientError) -> [UInt8] {
        let countMax = 16_384
        switch kind {
        case .plain: return try socket.read(countMax, deadline)
        case .tls(let session): return try session.read(countMax, deadline)
        }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8], _ deadline: Deadline) throws(ClientError) {
        switch kind {
        case .plain: try socket.write(bytes, deadline)
        case .tls(let session): try session.write(bytes, deadline)
        }
    }

    /// Says goodbye on the layers that have a word for it.
    func shutdown() {
        if case .tls(let session) = kind { session.shutdown() }
    }
}
