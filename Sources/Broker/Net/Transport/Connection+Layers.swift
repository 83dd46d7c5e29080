// SPDX-License-Identifier: Apache-2.0
// Bytes through the layers of a connection that is not plain TCP.

import Glibc

extension Connection {
    /// The TLS object of OpenSSL, which belongs to the connection; nil where there is none.
    package var tlsObject: OpaquePointer? { layers?.tls?.object }

    // MARK: In

    /// Reads once and takes the bytes through the layers.
    ///
    /// Room is left in front of them, so that what was kept of the packets can be put there.
    func readLayered(_ layers: Layers) {
        // Nothing was asked for, so this is the end of the connection.
        if layers.isParked { return end(.closedByPeer) }
        let start = Reactor.smallRemainderMax
        let room = UnsafeMutableRawBufferPointer(
            rebasing: reactor.scratch[start..<(start + readMax)]
        )
        let count = receive(room)
        guard count > 0 else { return }
        takeLayered(UnsafeMutableRawBufferPointer(rebasing: room[..<count]), layers)
    }

    /// Takes received bytes, with room in front of them, through the layers.
    private func takeLayered(_ bytes: UnsafeMutableRawBufferPointer, _ layers: Layers) {
        var bytes = bytes
        if layers.proxy != nil {
            guard let used = takeProxyHeader(UnsafeRawBufferPointer(bytes), layers) else { return }
            bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[used...])
            if bytes.isEmpty { return }
        }
        switch layers.transport {
        case .plain: presentLayered(bytes)
        case .tls(let session): decrypt(bytes, session, layers) { self.presentLayered($0) }
        case .webSocket(let stream): takeFrames(bytes, stream)
        case .webSocketOverTLS(let stream, let session):
            decrypt(bytes, session, layers) { self.takeFrames($0, stream) }
        }
    }

    /// Returns how many of the bytes belong to the header; nil when it is not complete or wrong.
    private func takeProxyHeader(_ bytes: UnsafeRawBufferPointer, _ layers: Layers) -> Int? {
        do throws(ProxyHeader.Failure) {
            guard let (header, used) = try layers.proxy?.read(bytes) else { return nil }
            layers.proxy = nil
            proxyTLS = header.tls.map(ProxyTLSBox.init)
            if let peer = header.peer {
                self.peer = peer
                layers.tls?.peer = peer
            }
            if case .plain = layers.transport { self.layers = nil }
            precondition(used >= 0 && used <= bytes.count, "only what arrived is consumed")
            return used
        } catch {
            end(.refused(.proxy(error)))
            return nil
        }
    }

    private func decrypt(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ session: TLSSession,
        _ layers: Layers,
        _ next: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        guard layers.handshake == .done else {
            return handshake(bytes, session, layers)
        }
        let pipe = reactor.pipe
        pipe.input = UnsafeRawBufferPointer(bytes)
        pipe.clearOutput()
        var count = 0
        let result = session.decrypt(pipe, after: Reactor.smallRemainderMax, count: &count)
        pipe.input = UnsafeRawBufferPointer(start: nil, count: 0)
        if !pipe.output.isEmpty { sendOrKeep(pipe.output, layers) }
        if count > 0 {
            let start = Reactor.smallRemainderMax
            next(UnsafeMutableRawBufferPointer(rebasing: pipe.plaintext[start..<(start + count)]))
        }
        guard !isClosed else { return }
        switch result {
        case .open: break
        case .closed: end(.closedByPeer)
        case .failed(let reason): end(.refused(.tls(reason)))
        }
    }

    private func takeFrames(_ bytes: UnsafeMutableRawBufferPointer, _ stream: WebSocketStream) {
        guard stream.isOpen else {
            switch stream.open(UnsafeRawBufferPointer(bytes)) {
            case .incomplete:
                if !mayHold(stream.heldByteCount) { endForLackOfMemory() }
            case .opened(let reply): reply.withUnsafeBytes { sendBelowFrames($0) }
            case .joined(let rest):
                handler?.connectionOpened(self)
                guard rest > 0, !isClosed else { return }
                takeFrames(UnsafeMutableRawBufferPointer(rebasing: bytes.suffix(rest)), stream)
            case .refused(let reason): end(.refused(.webSocket(reason)))
            }
            return
        }
        let outcome = stream.parser.parse(bytes)
        presentLayered(UnsafeMutableRawBufferPointer(rebasing: bytes[..<outcome.payloadCount]))
        guard !isClosed else { return }
        if let ping = outcome.pingPayload {
            stream.answer(ping: ping)
            touch()
        }
        switch outcome.end {
        case nil: break
        case .closed(let payload):
            sendCloseFrame(stream.closeFrame(payload: payload))
            end(.closedByPeer)
        case .violation(let code):
            sendCloseFrame(stream.closeFrame(code: code))
            end(.refused(.webSocket("protocol error")))
        }
    }

    /// Hands up bytes of packets, behind those that were kept.
    private func presentLayered(_ bytes: UnsafeMutableRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        let kept = input.count
        if kept > Reactor.smallRemainderMax {
            guard mayHold(bytes.count), let room = input.reserve(bytes.count) else {
                return endForLackOfMemory()
            }
            room.copyMemory(from: UnsafeRawBufferPointer(bytes))
            input.commit(bytes.count)
            return presentRemainder()
        }
        // The bytes lie in a buffer of the reactor, behind as much room.
        assert(kept <= Reactor.smallRemainderMax && hasRoom(kept, before: start))
        let whole = UnsafeMutableRawBufferPointer(start: start - kept, count: kept + bytes.count)
        if kept > 0 {
            UnsafeMutableRawBufferPointer(rebasing: whole[..<kept]).copyMemory(from: input.bytes)
            input.clear()
        }
        let consumed = present(UnsafeRawBufferPointer(whole))
        if consumed < whole.count {
            keep(UnsafeRawBufferPointer(rebasing: whole[consumed...]))
        }
    }

    /// Whether that many bytes in front of a place belong to the same buffer; for assertions.
    private func hasRoom(_ count: Int, before place: UnsafeMutableRawPointer) -> Bool {
        let buffers = [reactor.scratch] + (layers?.tls == nil ? [] : [reactor.pipe.plaintext])
        return buffers.contains { buffer in
            guard let base = buffer.baseAddress else { return false }
            return base + count <= place && place <= base + buffer.count
        }
    }

    // MARK: To a server

    /// Begins what the client of a server begins: TLS, then the WebSocket; `connectionOpened` tells
    /// when that is done.
    ///
    /// Returns whether there is nothing to be done.
    func beginAsClient() -> Bool {
        guard let layers else { return true }
        assert(layers.isClient, "a server waits for its client")
        if let session = layers.tls {
            handshake(UnsafeMutableRawBufferPointer(start: nil, count: 0), session, layers)
        } else {
            goOnAsClient(layers)
        }
        return false
    }

    /// TLS is open, or there is none.
    private func goOnAsClient(_ layers: Layers) {
        guard let stream = layers.webSocket else {
            handler?.connectionOpened(self)
            return
        }
        stream.request().withUnsafeBytes { sendBelowFrames($0) }
    }

    /// Whether TLS is not open yet.
    var isShakingHands: Bool { layers.map { $0.handshake != .done } ?? false }

    // MARK: Handshake

    /// Makes a step of the handshake here or, where it may take long, on a thread of the pool.
    private func handshake(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ session: TLSSession,
        _ layers: Layers
    ) {
        guard session.context.isQuick else { return submitHandshake(bytes, session, layers) }
        let pipe = reactor.pipe
        pipe.input = UnsafeRawBufferPointer(bytes)
        pipe.clearOutput()
        let step = session.handshake(pipe)
        let rest = pipe.input.count
        pipe.input = UnsafeRawBufferPointer(start: nil, count: 0)
        if case .done = step, rest > 0 {
            hold(pipe.output, layers)
        } else if !pipe.output.isEmpty {
            sendOrKeep(pipe.output, layers)
        }
        guard advance(layers, to: step), rest > 0 else { return }
        takeLayered(UnsafeMutableRawBufferPointer(rebasing: bytes.suffix(rest)), layers)
    }

    private func submitHandshake(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ session: TLSSession,
        _ layers: Layers
    ) {
        assert(layers.handshake == .awaitingClient, "a session has one step under way")
        layers.handshake = .running
        updateInterest()
        session.context.pool.submit(
            HandshakeJob(
                session: session,
                input: [UInt8](bytes),
                ticket: reactor.ticket(slot),
                inbox: reactor.handshakes
            )
        )
    }

    /// A thread of the pool has made the step it was asked for.
    func handshakeAdvanced(_ outcome: HandshakeOutcome) {
        guard !isClosed, let layers else { return }
        assert(layers.handshake == .running, "an outcome answers a job")
        layers.handshake = .awaitingClient
        outcome.output.withUnsafeBytes { if !$0.isEmpty { sendOrKeep($0, layers) } }
        let isDone = advance(layers, to: outcome.step)
        updateInterest()
        guard isDone, !outcome.rest.isEmpty else { return }
        let start = Reactor.smallRemainderMax
        let end = start + outcome.rest.count
        precondition(end <= reactor.scratch.count, "no more is left than was read")
        let target = UnsafeMutableRawBufferPointer(rebasing: reactor.scratch[start..<end])
        target.copyBytes(from: outcome.rest)
        takeLayered(target, layers)
    }

    /// Returns whether the handshake is done.
    private func advance(_ layers: Layers, to step: TLSSession.Step) -> Bool {
        switch step {
        case .wantsMore: return false
        case .failed(let reason):
            end(.refused(.handshake(reason)))
            return false
        case .done:
            layers.handshake = .done
            if layers.isClient { goOnAsClient(layers) }
            return !isClosed
        }
    }

    // MARK: Out

    /// Writes what waits, through the layers, as far as the socket takes it.
    func flushLayered(_ layers: Layers) {
        guard !isClosed else { return }
        if output.isEmpty || !layers.isOpen { layers.isHolding = false }
        guard layers.isHolding || flushWire(layers), layers.isOpen else { return }
        if !output.isEmpty { noteWritten(sendLayered(output.unwritten, layers)) }
        if let stream = layers.webSocket, stream.hasControlFrame, layers.canSend {
            _ = sendChunk(UnsafeRawBufferPointer(start: nil, count: 0), layers)
        }
        guard !isClosed else { return }
        if output.isEmpty, layers.wire.bytes.isEmpty {
            output.releaseIfEmpty(to: reactor.pool)
            unblock()
        } else {
            block()
        }
    }

    /// Sends whole control packets through the layers; what the socket does not take is copied.
    func writeThroughLayered(_ bytes: UnsafeRawBufferPointer, packets: Int, _ layers: Layers) {
        guard output.isEmpty, !isOutputBlocked else { return write(bytes, packets: packets) }
        let sent = sendLayered(bytes, layers)
        guard sent < bytes.count, !isClosed else { return }
        output.append(bytes, units: packets, from: reactor.pool)
        noteWritten(sent)
        block()
    }

    /// Puts packets into layers and sends them; returns how many bytes need no further attention.
    func sendLayered(_ packets: UnsafeRawBufferPointer, _ layers: Layers) -> Int {
        guard layers.isOpen else { return 0 }
        var taken = 0
        while taken < packets.count, layers.canSend, !isClosed {
            taken += sendChunk(UnsafeRawBufferPointer(rebasing: packets[taken...]), layers)
        }
        if !layers.wire.bytes.isEmpty { block() }
        return taken
    }

    /// Returns how many bytes of the packets were sent or are on the wire queue.
    private func sendChunk(_ packets: UnsafeRawBufferPointer, _ layers: Layers) -> Int {
        guard let stream = layers.webSocket else {
            let count = min(packets.count, Layers.chunkCountMax)
            sendBelowFrames(UnsafeRawBufferPointer(rebasing: packets[..<count]))
            return count
        }
        let buffer = reactor.frames.bytes
        let (taken, written) = stream.encode(packets, as: handler?.outputUnits, into: buffer)
        sendBelowFrames(UnsafeRawBufferPointer(rebasing: buffer[..<written]))
        return taken
    }

    /// Sends bytes that need no frames, encrypted where the connection is.
    private func sendBelowFrames(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty, let layers else { return }
        guard let session = layers.tls else { return sendOrKeep(bytes, layers) }
        reactor.pipe.clearOutput()
        guard session.encrypt(bytes, reactor.pipe) else {
            return reactor.endLater(self, .refused(.tls("encryption failed")))
        }
        sendOrKeep(reactor.pipe.output, layers)
    }

    /// Gives bytes to the socket; what it does not take waits on the wire queue.
    private func sendOrKeep(
        _ bytes: UnsafeRawBufferPointer,
        _ layers: Layers,
        isLast: Bool = false
    ) {
        if layers.isHolding {
            layers.isHolding = false
            keep(bytes, layers)
            layers.wire.removeFirst(send(layers.wire.bytes, expectsMore: isLast))
            if !layers.wire.bytes.isEmpty, !isClosed { block() }
            return
        }
        let sent = layers.wire.bytes.isEmpty ? send(bytes, expectsMore: isLast) : 0
        guard sent < bytes.count, !isClosed else { return }
        keep(UnsafeRawBufferPointer(rebasing: bytes[sent...]), layers)
        block()
    }

    /// Sends bytes together with those that follow in this turn.
    private func hold(_ bytes: UnsafeRawBufferPointer, _ layers: Layers) {
        guard !bytes.isEmpty, layers.wire.bytes.isEmpty else { return sendOrKeep(bytes, layers) }
        keep(bytes, layers)
        layers.isHolding = true
        touch()
    }

    private func keep(_ bytes: UnsafeRawBufferPointer, _ layers: Layers) {
        guard let room = layers.wire.reserve(bytes.count) else {
            // Bytes are missing in the stream now: nothing may follow.
            layers.wire.clear()
            _ = shutdown(descriptor, CInt(SHUT_WR))
            return reactor.endLater(self, .failed(ENOMEM))
        }
        room.copyMemory(from: bytes)
        layers.wire.commit(bytes.count)
    }

    /// Returns whether the wire queue is empty now.
    private func flushWire(_ layers: Layers) -> Bool {
        guard !layers.wire.bytes.isEmpty else { return true }
        layers.wire.removeFirst(send(layers.wire.bytes))
        guard !isClosed else { return false }
        guard layers.wire.bytes.isEmpty else {
            block()
            return false
        }
        if output.isEmpty { unblock() }
        return !isClosed
    }

    // MARK: End

    /// Sends what says that the connection ends: a close frame, close_notify.
    func sendCloseNotify(_ layers: Layers) {
        guard !isClosed, layers.proxy == nil, layers.handshake == .done,
            layers.canSend
        else { return }
        if let stream = layers.webSocket { sendCloseFrame(stream.closeFrame(code: 1000)) }
        guard let session = layers.tls, layers.canSend else { return }
        reactor.pipe.clearOutput()
        session.shutDown(reactor.pipe)
        sendOrKeep(reactor.pipe.output, layers, isLast: true)
    }

    private func sendCloseFrame(_ frame: [UInt8]) {
        frame.withUnsafeBytes { sendBelowFrames($0) }
    }

    // MARK: Facts

    /// Whether something lies between the socket and the control packets.
    package var isLayered: Bool { layers != nil }

    /// Whether nothing has come from the peer, asked while nothing has been handed up.
    package var isUntouched: Bool {
        guard let layers else { return input.count == 0 }
        if let proxy = layers.proxy { return proxy.isUntouched }
        if let session = layers.tls { return session.isUntouched }
        return layers.webSocket?.heldByteCount == 0
    }
    /// What TLS and a proxy have told of the peer; a proxy's words are lost by moving to another
    /// reactor.
    package var security: ConnectionSecurity? {
        guard let proxyTLS else { return layers?.tls?.security }
        var security = layers?.tls?.security ?? ConnectionSecurity()
        security.proxy = proxyTLS.tls
        return security
    }
    /// 32 bytes that only the two ends of this TLS connection know (`tls-exporter`, RFC 9266).
    package var channelBinding: [UInt8]? { layers?.tls?.channelBinding }
}
