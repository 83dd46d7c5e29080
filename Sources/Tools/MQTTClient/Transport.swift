// SPDX-License-Identifier: Apache-2.0
// The stream of bytes to the broker, whatever carries it.

import Glibc

/// A connected stream of bytes: plain or through TLS, bare or in WebSocket frames.
final class Transport {
    private let socket: Socket
    private let tls: TLSSession?
    private var webSocket: WebSocketFraming?

    /// Connects as the options say.
    init(connecting options: ClientOptions, deadline: Deadline) throws(ClientError) {
        if let tlsOptions = options.tls { try TLSSession.check(tlsOptions) }
        var serverName = "localhost"
        var serverPort: UInt16 = 0
        switch options.address {
        case .unix(let path):
            socket = try Socket.connect(path: path, deadline: deadline)
        case .tcp(let host, let port):
            serverName = host
            serverPort = port
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
        if let tlsOptions = options.tls {
            tls = try TLSSession(
                over: socket,
                host: serverName,
                options: tlsOptions,
                deadline: deadline
            )
        } else {
            tls = nil
        }
        if let path = options.webSocketPath {
            webSocket = try handshake(serverName, serverPort, path, deadline)
        }
    }

    private func handshake(
        _ host: String,
        _ port: UInt16,
        _ path: String,
        _ deadline: Deadline
    ) throws(ClientError) -> WebSocketFraming {
        let handshake = try WebSocketHandshake()
        try writeRaw(handshake.request(host: host, port: port, path: path), deadline)
        var answer: [UInt8] = []
        while true {
            let bytes = try readRaw(deadline)
            guard !bytes.isEmpty else { throw .closed }
            answer += bytes
            if let framing = try handshake.accept(answer) { return framing }
        }
    }

    /// The descriptor to watch for something to read.
    var descriptor: CInt { socket.descriptor }

    /// Whether bytes have arrived that no longer show on the descriptor.
    var hasBufferedBytes: Bool {
        tls?.hasBufferedBytes == true || webSocket?.hasInput == true
    }

    /// Whether something has arrived, or the peer has closed; never waits.
    func isReadable() throws(ClientError) -> Bool { try socket.isReadable() }

    /// Reads what is there, at least one byte; empty when the peer has closed.
    func read(_ deadline: Deadline) throws(ClientError) -> [UInt8] {
        guard webSocket != nil else { return try readRaw(deadline) }
        while true {
            switch try webSocket?.next() {
            case .data(let bytes) where !bytes.isEmpty: return bytes
            case .ping(let bytes):
                try writeRaw(try WebSocketFraming.frame(.pong, bytes), deadline)
            case .close: return []
            case .data, .ignored: continue
            case nil:
                let bytes = try readRaw(deadline)
                guard !bytes.isEmpty else { return [] }
                webSocket?.feed(bytes)
            }
        }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8], _ deadline: Deadline) throws(ClientError) {
        guard webSocket != nil else { return try writeRaw(bytes, deadline) }
        try writeRaw(try WebSocketFraming.frame(.binary, bytes), deadline)
    }

    private func readRaw(_ deadline: Deadline) throws(ClientError) -> [UInt8] {
        let countMax = 16_384
        if let tls { return try tls.read(countMax, deadline) }
        return try socket.read(countMax, deadline)
    }

    private func writeRaw(_ bytes: [UInt8], _ deadline: Deadline) throws(ClientError) {
        if let tls { return try tls.write(bytes, deadline) }
        try socket.write(bytes, deadline)
    }

    /// Says goodbye on the layers that have a word for it.
    func shutdown() {
        tls?.shutdown()
    }
}
