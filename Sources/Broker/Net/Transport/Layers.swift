// SPDX-License-Identifier: Apache-2.0
// What lies between a socket and the control packets.

/// How the control packets of a connection travel.
enum Transport {
    /// As they are.
    case plain
    case tls(TLSSession)
    case webSocket(WebSocketStream)
    case webSocketOverTLS(WebSocketStream, TLSSession)
}

/// The layers of one connection that is not plain TCP.
///
/// ```
/// in:   socket ─► [PROXY header] ─► [TLS] ─► [WebSocket] ─► control packets
/// out:  socket ◄─ wire ◄─ [TLS] ◄─ [WebSocket] ◄─ output queue of the connection
/// ```
/// A plain connection behind a proxy loses its layers when the header has been read.
///
/// Layers belong to one connection and are touched by its reactor alone; they change reactors only
/// inside a `DetachedConnection`, which has one owner. That makes `@unchecked Sendable` true.
final class Layers: @unchecked Sendable {
    /// Where a TLS connection is.
    enum Handshake {
        /// Not begun, or waiting for bytes of the client.
        case awaitingClient
        /// A thread of the pool works on it.
        case running
        case done
    }

    /// Reads the header of a proxy until it is complete.
    var proxy: ProxyHeaderReader?
    let transport: Transport
    var handshake: Handshake
    /// Bytes ready for the socket, which has not taken them yet; at most one `chunkCountMax` of
    /// packets and what is around them.
    var wire = UnsafeInputRemainder()
    /// Whether the socket has not been asked to take the bytes of `wire`, because more is about to
    /// follow them; at the end of the turn it is.
    var isHolding = false

    /// Output that is put into layers in one go.
    static let chunkCountMax = 64 << 10

    init(proxy: ProxyHeaderReader?, transport: Transport) {
        self.proxy = proxy
        self.transport = transport
        handshake =
            switch transport {
            case .plain, .webSocket: .done
            case .tls, .webSocketOverTLS: .awaitingClient
            }
    }

    deinit { wire.clear() }

    /// Whether nothing is read because a thread of the pool is at work.
    var isParked: Bool { handshake == .running }

    var tls: TLSSession? {
        switch transport {
        case .plain, .webSocket: nil
        case .tls(let session), .webSocketOverTLS(_, let session): session
        }
    }

    var webSocket: WebSocketStream? {
        switch transport {
        case .plain, .tls: nil
        case .webSocket(let stream), .webSocketOverTLS(let stream, _): stream
        }
    }

    /// Whether the peer is a server: this side begins.
    var isClient: Bool { tls?.context.isClient ?? webSocket?.isClient ?? false }

    /// Whether nothing waits for the socket.
    var canSend: Bool { isHolding || wire.bytes.isEmpty }

    /// Whether control packets can be sent.
    var isOpen: Bool { proxy == nil && handshake == .done && webSocket?.isOpen != false }
}

/// Memory in which frames are put together, shared by the connections of a reactor.
final class FrameBuffer {
    let bytes: UnsafeMutableRawBufferPointer

    init() {
        bytes = .allocate(byteCount: Layers.chunkCountMax, alignment: 64)
    }

    deinit { bytes.deallocate() }
}
