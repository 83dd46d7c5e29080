// SPDX-License-Identifier: Apache-2.0
// One network connection on its reactor.

import CLinux
import Glibc

/// A stream of bytes from and to one peer, bound to the reactor that created it.
///
/// Output is collected and written once at the end of the loop turn. An idle connection owns no
/// buffer. Not Sendable: `detach` turns it into something that can move to another reactor.
package final class Connection {
    /// The reactor the connection lives on.
    package let reactor: Reactor
    /// Who is at the other end; behind a proxy its client, once the proxy has told.
    package internal(set) var peer: PeerAddress
    /// Gets what arrives; kept until the connection ends.
    package var handler: (any ConnectionHandler)? {
        get { currentHandler }
        set { currentHandler = newValue }
    }
    // Private: otherwise the compiler checks every access for exclusivity.
    private var currentHandler: (any ConnectionHandler)?

    // Members are in an order without gaps: there is one of these for every idle client.

    let slot: Int
    let output = UnsafeOutputQueue()
    var input = UnsafeInputRemainder()
    /// What lies between the socket and the packets; nil for nothing.
    var layers: Layers?
    /// What a proxy has told of the client's TLS connection.
    var proxyTLS: ProxyTLSBox?
    /// A whole packet needs this many bytes of the stream, as far as the handler knows.
    package var neededBytes = 0
    package private(set) var descriptor: CInt
    private var interest: UInt32 = Reactor.receiving
    /// The place among the blocked connections of the reactor.
    var blockedIndex: Int?
    private var isTouched = false
    private var isPaused = false
    private var noticesHangUp = false
    /// Bytes read at once: what the handler can take in a turn, as far as that is known.
    private var readLimit = Int32(Connection.readLimitMax)
    private var isReading = false
    private var isYielding = false
    /// Whether the reactor is told of what happens to the socket.
    private(set) var isWatched = true
    private var isBlocked = false
    /// Until `promote`; little is read at once from the peer meanwhile.
    private var isUnauthenticated = true

    init(
        _ descriptor: CInt,
        peer: PeerAddress,
        layers: Layers?,
        reactor: Reactor,
        slot: Int
    ) {
        self.descriptor = descriptor
        self.peer = peer
        self.layers = layers
        self.reactor = reactor
        self.slot = slot
    }

    /// Whether the connection has ended or been detached.
    package var isClosed: Bool { descriptor < 0 }

    /// Ends the time at the door: from now on the connection is served before all that are unauthenticated.
    package func promote() {
        isUnauthenticated = false
        reactor.promote(slot)
    }

    // MARK: Input

    /// The peer has closed its side while nobody was reading.
    func handleHangUp() {
        if isPaused, noticesHangUp { end(.closedByPeer) }
    }

    /// The peer has closed; from now on the reactor reads what is left when it likes.
    ///
    /// Returns false where that is not so: nobody is there to read.
    func leaveEpoll() -> Bool {
        guard !isClosed, !isPaused else { return false }
        reactor.forget(descriptor: descriptor)
        isWatched = false
        return true
    }

    /// Reads once and hands the bytes up.
    ///
    /// One read per wake-up: what is left will wake us again.
    func handleReadable() {
        // It has been told already that there is more.
        if isYielding { return }
        if let layers { return readLayered(layers) }
        if input.count <= Reactor.smallRemainderMax {
            readIntoScratch()
        } else {
            readIntoRemainder()
        }
    }

    private func readIntoScratch() {
        let kept = input.count
        assert(kept <= Reactor.smallRemainderMax)
        let scratch = UnsafeMutableRawBufferPointer(
            rebasing: reactor.scratch[..<(kept + readMax)]
        )
        let count = receive(UnsafeMutableRawBufferPointer(rebasing: scratch[kept...]))
        guard count > 0 else { return }
        if kept > 0 {
            UnsafeMutableRawBufferPointer(rebasing: scratch[..<kept]).copyMemory(from: input.bytes)
            input.clear()
        }
        let bytes = UnsafeRawBufferPointer(rebasing: scratch[..<(kept + count)])
        let consumed = present(bytes)
        if consumed < bytes.count {
            keep(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
        }
    }

    /// Bytes read at once: of an unauthenticated one no more than it should have to send before.
    ///
    /// So a crowd that sends much and says little makes the broker hold little for each.
    var readMax: Int { isUnauthenticated ? Self.unauthenticatedReadMax : Int(readLimit) }

    private static let unauthenticatedReadMax = 16 << 10
    private static let readLimitMin = 16 << 10
    private static let readLimitMax = Reactor.scratchSize - Reactor.smallRemainderMax

    /// Keeps bytes for the next read, if there is memory for them.
    func keep(_ bytes: UnsafeRawBufferPointer) {
        guard !isClosed else { return }
        if mayHold(bytes.count), input.replace(with: bytes) { return }
        input.clear()
        endForLackOfMemory()
    }

    func mayHold(_ count: Int) -> Bool {
        reactor.delegate?.reactor(reactor, mayHold: count) ?? true
    }

    /// Lets the handler say why, and ends the connection.
    func endForLackOfMemory() {
        handler?.connectionLacksMemory(self)
        end(.failed(ENOMEM))
    }

    private func readIntoRemainder() {
        let missing = min(max(neededBytes - input.count, 1), readMax)
        guard mayHold(missing), let room = input.reserve(missing) else {
            return endForLackOfMemory()
        }
        let count = receive(room)
        guard count > 0 else { return }
        input.commit(count)
        presentRemainder()
    }

    func presentRemainder() {
        let consumed = present(input.bytes)
        if isClosed { input.clear() } else { input.removeFirst(consumed) }
    }

    @inline(__always)
    func present(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let handler else { return bytes.count }
        assert(!isReading, "what arrives is handed up once")
        isReading = true
        assert(reactor.noteReading(1))
        let consumed = handler.connection(self, received: bytes)
        assert(reactor.noteReading(-1))
        isReading = false
        precondition(consumed >= 0 && consumed <= bytes.count, "only what arrived is consumed")
        if readLimit < Self.readLimitMax, bytes.count >= readLimit, !isYielding { raiseReadLimit() }
        return consumed
    }

    /// The handler takes no more in this turn: what it does not take of what it is being given comes
    /// again in the next one, after what others have sent.
    ///
    /// `taken`: how many bytes are what it takes in a turn; about as many are read at once from now
    /// on, so that few have to be kept.
    package func yieldReading(taken: Int? = nil) {
        assert(isReading, "a handler that is being given bytes")
        guard !isYielding, !isClosed else { return }
        if let taken { readLimit = Int32(max(Self.readLimitMin, min(Int(readLimit), taken))) }
        isYielding = true
        reactor.resumeLater(self)
    }

    private func raiseReadLimit() {
        readLimit = Int32(min(Self.readLimitMax, Int(readLimit) + Int(readLimit) / 8))
    }

    func resumeYielding() {
        guard isYielding else { return }
        isYielding = false
        if !isClosed, !isPaused, input.count > 0 { presentRemainder() }
    }

    /// Returns the number of bytes read; 0 when there was nothing or the connection ended.
    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = retryingInterrupts { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
        if count > 0 { return count }
        if count == 0 {
            end(.closedByPeer)
        } else if errno != EAGAIN && errno != EWOULDBLOCK {
            end(errno == ECONNRESET ? .closedByPeer : .failed(errno))
        }
        return 0
    }

    /// Reads what has arrived by now, the end of the stream too, as far as the handler takes it and
    /// a limit allows.
    ///
    /// Only while no connection of the reactor is being read.
    package func catchUp() {
        assert(reactor.readingDepth == 0, "the reactor's scratch buffer is free")
        for _ in 0..<Self.catchUpReadsMax {
            resumeYielding()
            guard !isClosed, !isPaused, layers?.isParked != true, isReadable else { return }
            handleReadable()
        }
    }

    private static let catchUpReadsMax = 32

    private var isReadable: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return retryingInterrupts { poll(&entry, 1, 0) } > 0
    }

    /// Stops reading; received bytes that were not consumed wait.
    ///
    /// With `noticesHangUp` a peer that closes its side ends the connection at once, without what it
    /// may have sent before.
    package func pauseReading(noticesHangUp: Bool = false) {
        isPaused = true
        self.noticesHangUp = noticesHangUp
        updateInterest()
    }

    /// Reads again.
    ///
    /// Bytes that waited are handed up now, unless called from the handler itself.
    package func resumeReading() {
        guard isPaused, !isClosed, !reactor.isReadingOver else { return }
        isPaused = false
        updateInterest()
        if !isReading, input.count > 0 { presentRemainder() }
    }

    // MARK: Output

    /// Control packets that wait to be written.
    package var queuedPacketCount: Int { output.unitCount }

    /// Bytes that wait to be written.
    package var queuedByteCount: Int { output.byteCount }

    /// Whether the socket has refused more bytes and not yet taken any since.
    package var isOutputBlocked: Bool { isBlocked }

    /// Room for one encoded packet or several of together `count` bytes at most; fill it and
    /// `commit`.
    ///
    /// The pointer is valid until the next call on this connection.
    @inline(__always)
    package func reserveOutput(_ count: Int) -> UnsafeMutableRawPointer {
        output.reserve(count, from: reactor.pool)
    }

    /// Makes `count` bytes of the reserved room output: `packets` whole control packets.
    @inline(__always)
    package func commitOutput(_ count: Int, packets: Int = 1) {
        output.commit(count, units: packets)
        touch()
    }

    /// Queues a copy of whole control packets; 0 of them for bytes that do not count.
    package func write(_ bytes: UnsafeRawBufferPointer, packets: Int) {
        guard !isClosed else { return }
        output.append(bytes, units: packets, from: reactor.pool)
        touch()
    }

    /// Queues a control packet.
    package func write(_ packet: [UInt8]) {
        packet.withUnsafeBytes { write($0, packets: 1) }
    }

    /// Whether output can wait without being copied: on the way through layers it changes.
    package var canReference: Bool { layers == nil }

    /// Sends whole control packets without copying them when nothing waits before them; what the
    /// socket does not take waits in the memory that `shared` returns.
    ///
    /// For batches worth a system call of their own. Where one goes to very many, `isDeferred` leaves
    /// that to the end of the turn, which is cut where it takes too long.
    package func writeThrough(
        _ bytes: UnsafeRawBufferPointer,
        packets: Int,
        isDeferred: Bool = false,
        shared: () -> SharedBytes
    ) {
        guard !isClosed else { return }
        if let layers { return writeThroughLayered(bytes, packets: packets, layers) }
        guard output.isEmpty, !isBlocked, !isDeferred else {
            append(shared(), written: 0, packets)
            return touch()
        }
        let sent = send(bytes)
        guard sent < bytes.count, !isClosed else { return }
        append(shared(), written: sent, packets)
        block()
    }

    /// Queues a packet whose head of `count` bytes is in the reserved room and whose end stays where
    /// it is while `owner` lives; needs `canReference`.
    package func commitOutput(
        _ count: Int,
        followedBy end: UnsafeRawBufferPointer,
        of owner: AnyObject
    ) {
        assert(canReference && !end.isEmpty)
        output.commit(count, units: 0)
        output.append(endOfUnit: end, of: owner)
        touch()
    }

    private func append(_ shared: SharedBytes, written: Int, _ packets: Int) {
        output.append(shared, written: written, units: packets, endingAs: handler?.outputUnits)
    }

    /// Notes that the socket has taken bytes of the output queue, or layers have.
    @inline(__always)
    func noteWritten(_ count: Int) {
        // Nearly always the socket takes all there is: then nobody need know where units end.
        if !output.finish(count) { output.advance(by: count, endingAs: handler?.outputUnits) }
    }

    @inline(__always)
    func touch() {
        if !isTouched {
            isTouched = true
            reactor.touched(self)
        }
    }

    func flushTouched() {
        isTouched = false
        if !isBlocked { flush() }
    }

    /// Writes what waits, now, as far as the socket takes it.
    ///
    /// With `expectsMore` the system may wait with a packet that is not full until more is written or `push` is
    /// called, which must be soon.
    package func flush(expectsMore: Bool = false) {
        if let layers { return flushLayered(layers) }
        guard !isClosed, !output.isEmpty else { return }
        if output.hasBacklog {
            flushBacklog()
        } else {
            noteWritten(send(output.unwritten, expectsMore: expectsMore))
        }
        guard !isClosed else { return }
        if output.isEmpty {
            output.releaseIfEmpty(to: reactor.pool)
            unblock()
        } else {
            block()
        }
    }

    /// Has the system send what it waits with after `flush`.
    package func push() {
        guard !isClosed else { return }
        var on: CInt = 1
        // Pushes even where it was set before; sockets that know nothing of it have waited with nothing.
        let size = socklen_t(MemoryLayout<CInt>.size)
        _ = setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, size)
    }

    /// Returns how many bytes the socket took; what is expected to follow, as the end of the connection does,
    /// leaves together with the last ones.
    func send(_ bytes: UnsafeRawBufferPointer, expectsMore: Bool = false) -> Int {
        let more = expectsMore ? CInt(MSG_MORE) : 0
        let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT) | more
        return noteSent(
            retryingInterrupts { CLinux.send(descriptor, bytes.baseAddress, bytes.count, flags) }
        )
    }

    /// Returns the bytes sent, 0 where there are none; an error ends the connection.
    private func noteSent(_ count: Int) -> Int {
        if count >= 0 { return count }
        if errno != EAGAIN && errno != EWOULDBLOCK {
            let isReset = errno == EPIPE || errno == ECONNRESET
            reactor.endLater(self, isReset ? .closedByPeer : .failed(errno))
        }
        return 0
    }

    /// Writes backlog and block until all is written or the socket is full.
    private func flushBacklog() {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.vectorCount) { vectors in
            while !isClosed, !output.isEmpty {
                let count = output.describe(in: vectors)
                let offered = vectors[..<count].reduce(0) { $0 + $1.iov_len }
                let sent = send(UnsafeMutableBufferPointer(rebasing: vectors[..<count]))
                noteWritten(sent)
                if sent < offered { return }
            }
        }
    }

    /// Pieces of output that one system call takes at most.
    private static let vectorCount = 32

    /// Returns how many bytes the socket took.
    private func send(_ vectors: UnsafeMutableBufferPointer<iovec>) -> Int {
        var message = msghdr()
        message.msg_iov = vectors.baseAddress
        message.msg_iovlen = vectors.count
        return noteSent(
            retryingInterrupts {
                sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
        )
    }

    func block() {
        if !isBlocked { reactor.blocked.insert(self) }
        isBlocked = true
        updateInterest()
    }

    @inline(__always)
    func unblock() {
        if isBlocked { endBlock() }
    }

    private func endBlock() {
        isBlocked = false
        reactor.blocked.remove(self)
        updateInterest()
        // Not from here: whoever flushes is in the middle of something.
        reactor.drainedLater(self)
    }

    /// Tells the handler that the socket has taken what waited.
    func tellDrained() {
        if !isClosed, !isBlocked { handler?.connectionDrained(self) }
    }

    func handleWritable() {
        flush()
    }

    // MARK: Time and end

    /// Calls `connectionTimedOut` when the reactor's clock passes `second`.
    ///
    /// Replaces an earlier deadline; nil takes it back.
    package func setDeadline(_ second: Int64?) {
        if let second {
            reactor.wheel.set(slot, deadline: second)
        } else {
            reactor.wheel.clear(slot)
        }
    }

    /// Closes as `close` does, within the turn or, where many are closed at once, soon after.
    ///
    /// The handler is not called again.
    package func closeInTurn() {
        handler = nil
        reactor.closeInTurn(self)
    }

    /// Tries once to write what waits, then closes.
    ///
    /// The handler is not called again.
    package func close() {
        guard !isClosed else { return }
        if !output.isEmpty, !isBlocked { flush() }
        if let layers, !isBlocked { sendCloseNotify(layers) }
        teardown()
    }

    /// Takes the connection off its reactor, with the bytes that nobody has consumed.
    ///
    /// What waits to be written must have been flushed.
    package func detach() -> DetachedConnection {
        assert(output.isEmpty, "what waits has been flushed")
        let remainder = [UInt8](input.bytes)
        let fd = descriptor
        reactor.remove(self, descriptor: fd)
        descriptor = -1
        release()
        return DetachedConnection(
            descriptor: OwnedDescriptor(fd),
            peer: peer,
            remainder: remainder,
            layers: layers
        )
    }

    /// Puts the bytes that came with a moved connection back in front of the stream.
    func restore(_ bytes: UnsafeRawBufferPointer) {
        if !input.replace(with: bytes) { return reactor.endLater(self, .failed(ENOMEM)) }
        guard let layers, !layers.wire.bytes.isEmpty else { return }
        if layers.isHolding { touch() } else { block() }
    }

    /// Hands up bytes that are waiting, as if they had just arrived.
    package func presentWaitingInput() {
        if input.count > 0, !isPaused, !isClosed { presentRemainder() }
    }

    func end(_ end: ConnectionEnd) {
        guard !isClosed else { return }
        let handler = handler
        teardown()
        handler?.connection(self, ended: end)
    }

    private func teardown() {
        let fd = descriptor
        reactor.remove(self, descriptor: fd)
        descriptor = -1
        _ = CLinux.close(fd)
        release()
    }

    private func release() {
        output.discard(to: reactor.pool)
        reactor.blocked.remove(self)
        if !isReading { input.clear() }
        handler = nil
    }

    func updateInterest() {
        guard !isClosed else { return }
        let wanted =
            (isPaused || layers?.isParked == true ? 0 : Reactor.receiving)
            | (isPaused && noticesHangUp ? Reactor.hangUp : 0)
            | (isBlocked ? Reactor.writable : 0)
        guard wanted != interest, isWatched else { return }
        interest = wanted
        reactor.modify(slot, descriptor: descriptor, interest: wanted)
    }
}
