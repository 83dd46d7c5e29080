// SPDX-License-Identifier: Apache-2.0
// One WebSocket: opening request, frames in, frames out.

import COpenSSL
import Glibc

/// What a WebSocket listener asks of its clients.
package struct WebSocketRules: Sendable {
    /// Values of `Origin` that may come in; empty for all.
    package let origins: [String]
    /// Largest head of the opening request, in bytes.
    package let headCountMax: Int

    package init(origins: [String], headCountMax: Int) {
        self.origins = origins
        self.headCountMax = headCountMax
    }
}

/// One side of one WebSocket: a server's, or a client's (see WebSocketStream+Client).
final class WebSocketStream {
    /// What became of bytes that arrived before the socket was open.
    enum Opening {
        case incomplete
        case opened(reply: [UInt8])
        /// The server has agreed; so many of the bytes belong to frames already.
        case joined(rest: Int)
        case refused(String)
    }

    private enum Side {
        case server(WebSocketRules)
        case client(WebSocketClient)
    }

    private let side: Side
    private var head: [UInt8] = []
    /// Bytes that the unfinished request takes in memory.
    private(set) var heldByteCount = 0 {
        didSet { HeldMemory.note(heldByteCount - oldValue) }
    }
    /// Reads frames; used once the socket is open.
    var parser: WebSocketFrameParser
    /// Whether the upgrade was answered.
    private(set) var isOpen = false
    /// A frame that waits for the end of the one being written.
    private var pong: [UInt8] = []
    /// Bytes still to come of the frame whose head has been written.
    private var remaining = 0
    /// The rest of that frame is masked with this; 0 on the server's side.
    private var mask: UInt32 = 0
    /// Keys for frames to come.
    private var masks = WebSocketMasks()

    /// The server's side.
    init(_ rules: WebSocketRules) {
        side = .server(rules)
        parser = WebSocketFrameParser()
    }

    /// The client's side, which asks the server in `authority` for a WebSocket.
    init(to target: WebSocketTarget, authority: String) {
        side = .client(WebSocketClient(target, authority: authority))
        parser = WebSocketFrameParser(ofServer: true)
    }

    /// Whether it is the client's side.
    var isClient: Bool { if case .client = side { true } else { false } }

    /// The request that opens it; the client's side alone has one.
    func request() -> [UInt8] {
        if case .client(let client) = side { client.request } else { [] }
    }

    deinit { HeldMemory.note(-heldByteCount) }

    // MARK: Opening

    /// Takes bytes of the opening request, or of the answer to it.
    func open(_ bytes: UnsafeRawBufferPointer) -> Opening {
        switch side {
        case .server(let rules): accept(bytes, rules)
        case .client(let client): join(bytes, client)
        }
    }

    /// Takes bytes of the answer to a request.
    private func join(_ bytes: UnsafeRawBufferPointer, _ client: WebSocketClient) -> Opening {
        let searched = max(0, head.count - 3)
        head.append(contentsOf: bytes)
        guard client.isPossible(head) else { return .refused("the server does not speak HTTP") }
        guard let end = HTTPHead.end(in: head, from: searched) else {
            heldByteCount = head.capacity
            return head.count < client.headCountMax
                ? .incomplete : .refused("the answer is too large")
        }
        let rest = head.count - end
        let answer = Array(head[..<end])
        head = []
        heldByteCount = 0
        if let refusal = client.refusal(in: answer) { return .refused(refusal) }
        isOpen = true
        return .joined(rest: rest)
    }

    private func accept(_ bytes: UnsafeRawBufferPointer, _ rules: WebSocketRules) -> Opening {
        let searched = max(0, head.count - 3)
        head.append(contentsOf: bytes)
        guard Self.isPossible(head) else { return .refused("malformed HTTP request") }
        guard let end = HTTPHead.end(in: head, from: searched) else {
            heldByteCount = head.capacity
            return head.count < rules.headCountMax ? .incomplete : .refused("request too large")
        }
        guard end <= rules.headCountMax else { return .refused("request too large") }
        guard end == head.count else { return .refused("data before the upgrade") }
        do throws(WebSocketRequest.Refusal) {
            let request = try WebSocketRequest(head: head, origins: rules.origins)
            head = []
            heldByteCount = 0
            isOpen = true
            return .opened(reply: Self.reply(to: request))
        } catch {
            switch error {
            case .malformed: return .refused("malformed HTTP request")
            case .notWebSocket: return .refused("not a WebSocket request")
            case .unknownProtocol: return .refused("unknown WebSocket subprotocol")
            case .origin(let origin): return .refused("non-matching http origin '\(origin)'")
            }
        }
    }

    /// Whether a head that begins like this can be one: who speaks something else learns it at once.
    private static func isPossible(_ head: [UInt8]) -> Bool {
        ["GET ", "HEAD "].contains { method in zip(head, method.utf8).allSatisfy { $0 == $1 } }
    }

    private static func reply(to request: WebSocketRequest) -> [UInt8] {
        Array(
            """
            HTTP/1.1 101 Switching Protocols\r
            Upgrade: WebSocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Accept: \(accept(key: request.key))\r
            Sec-WebSocket-Protocol: \(request.subprotocol)\r
            \r

            """.utf8
        )
    }

    /// Proves that the key was read (RFC 6455 section 1.3).
    static func accept(key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        _ = SHA1(text, text.count, &digest)
        var encoded = [UInt8](repeating: 0, count: 29)
        let count = EVP_EncodeBlock(&encoded, digest, 20)
        return String(decoding: encoded.prefix(Int(count)), as: UTF8.self)
    }

    // MARK: Writing

    /// Whether a frame waits that is no part of the packets.
    var hasControlFrame: Bool { isOpen && !pong.isEmpty && remaining == 0 }

    /// Answers a ping when the frame being written has ended.
    func answer(ping payload: [UInt8]) {
        pong = controlFrame(opcode: 10, payload)
    }

    /// Puts units into frames, one for each, as far as `target` has room.
    ///
    /// Returns how many bytes of `source` were taken and how many were written.
    ///
    /// `source` continues where the last call left off; a unit may be cut anywhere behind what tells
    /// its length. Without `units` all of `source` is one frame.
    func encode(
        _ source: UnsafeRawBufferPointer,
        as units: OutputUnits?,
        into target: UnsafeMutableRawBufferPointer
    ) -> (taken: Int, written: Int) {
        var taken = 0
        var written = 0
        if hasControlFrame {
            UnsafeMutableRawBufferPointer(rebasing: target[..<pong.count]).copyBytes(from: pong)
            written = pong.count
            pong = []
        }
        while taken < source.count, target.count - written > Self.headCountMax {
            if remaining == 0 {
                let rest = UnsafeRawBufferPointer(rebasing: source[taken...])
                remaining = units?.length(rest) ?? rest.count
                precondition(remaining > 0, "a unit has bytes")
                written += writeHead(
                    remaining,
                    to: UnsafeMutableRawBufferPointer(rebasing: target[written...])
                )
            }
            let count = min(remaining, source.count - taken, target.count - written)
            UnsafeMutableRawBufferPointer(rebasing: target[written..<(written + count)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[taken..<(taken + count)]))
            if mask != 0 {
                mask = WebSocketMasks.apply(
                    mask,
                    to: UnsafeMutableRawBufferPointer(rebasing: target[written..<(written + count)])
                )
            }
            taken += count
            written += count
            remaining -= count
        }
        return (taken, written)
    }

    /// A close frame with a status code; empty when a frame is cut off in the middle.
    func closeFrame(code: UInt16) -> [UInt8] {
        closeFrame(payload: [UInt8(code >> 8), UInt8(code & 0xFF)])
    }

    /// A close frame with this payload; empty when a frame is cut off in the middle.
    func closeFrame(payload: [UInt8]) -> [UInt8] {
        guard isOpen, remaining == 0 else { return [] }
        isOpen = false
        return controlFrame(opcode: 8, payload)
    }

    private static let headCountMax = 14

    private func controlFrame(opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        precondition(payload.count <= 125, "a control frame is short (section 5.5)")
        guard isClient else { return [0x80 | opcode, UInt8(payload.count)] + payload }
        let key = masks.next()
        var masked = payload
        _ = masked.withUnsafeMutableBytes { WebSocketMasks.apply(key, to: $0) }
        return [0x80 | opcode, 0x80 | UInt8(payload.count)] + WebSocketMasks.bytes(of: key) + masked
    }

    /// Writes the head of a binary frame, on the client's side with a key; returns its length.
    private func writeHead(_ count: Int, to target: UnsafeMutableRawBufferPointer) -> Int {
        let length = Self.writeHead(count, to: target)
        guard isClient else { return length }
        mask = masks.next()
        target[1] |= 0x80
        target.storeBytes(of: mask, toByteOffset: length, as: UInt32.self)
        return length + 4
    }

    /// Writes the head of an unmasked binary frame; returns its length.
    private static func writeHead(_ count: Int, to target: UnsafeMutableRawBufferPointer) -> Int {
        target[0] = 0x82
        if count <= 125 {
            target[1] = UInt8(count)
            return 2
        }
        if count <= 0xFFFF {
            target[1] = 126
            target.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 2, as: UInt16.self)
            return 4
        }
        target[1] = 127
        target.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
        return 10
    }
}
