// SPDX-License-Identifier: Apache-2.0
// A client that knows nothing but bytes.

import Foundation
import Glibc

/// A blocking connection to a broker; reads wait with poll, up to a limit.
package final class RawClient {
    private let descriptor: CInt
    private var received: Bytes = []
    private var isAtEnd = false
    /// TLS between the socket and everything else.
    var tls: TLSChannel?
    /// Frames between the socket or TLS and the packets.
    var frames: FrameReader?
    private var nextIdentifier = 60_000
    /// The version the connection speaks; set by `connect`.
    package private(set) var version = Version.v4
    /// How long a read waits for what it wants: a busy machine takes its time.
    package var patienceSeconds = 20.0

    /// Connects to a TCP port of 127.0.0.1.
    package convenience init(_ broker: Broker, port: Int? = nil) throws {
        try self.init(port: port ?? broker.port)
    }

    /// Connects to a TCP port of 127.0.0.1; a small receive buffer makes a slow reader.
    package init(port: Int, receiveBuffer: Int? = nil) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if let receiveBuffer { set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        let result = Self.withAddress(port: port) { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 else { throw Mismatch("connect to port \(port): errno \(errno)") }
        set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    /// Connects to a Unix socket.
    package init(path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = utf8(path)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Mismatch("path too long: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Mismatch("connect to \(path): errno \(errno)") }
    }

    /// Takes over the socket of somebody who has connected: then packets go the other way.
    package init(accepted descriptor: CInt) {
        self.descriptor = descriptor
        set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    deinit { Glibc.close(descriptor) }

    private func set(_ level: CInt, _ option: CInt, _ value: Int) {
        var number = CInt(value)
        setsockopt(descriptor, level, option, &number, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Runs `body` with the address of a port of 127.0.0.1.
    static func withAddress(
        port: Int,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Whether somebody listens on a port of 127.0.0.1.
    static func canConnect(port: Int) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { Glibc.close(descriptor) }
        return withAddress(port: port) { Glibc.connect(descriptor, $0, $1) } == 0
    }

    /// The local port, as it appears in the broker's log.
    package var localPort: Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = getsockname(descriptor, $0, &size)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// From now on packets are built in this version.
    package func speak(_ version: Version) { self.version = version }

    // MARK: Sending

    /// Sends all bytes, in one frame on a WebSocket; a connection the broker has closed is noticed
    /// by what is expected next.
    package func send(_ bytes: Bytes) {
        sendRaw(frames == nil ? bytes : WebSocketFrame(2, bytes).encoded)
    }

    /// Sends all bytes without a frame around them.
    package func sendRaw(_ bytes: Bytes) {
        if let tls { return tls.send(bytes) }
        sendPlain(bytes)
    }

    /// Sends all bytes as they are, even on a TLS connection.
    package func sendPlain(_ bytes: Bytes) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer -> Int in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return Glibc.send(
                    descriptor,
                    rest.baseAddress,
                    rest.count,
                    CInt(MSG_NOSIGNAL)
                )
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            sent += count
        }
    }

    /// Sends as much as the broker takes without our reading; returns how many bytes that was.
    package func sendUntilBlocked(_ bytes: Bytes) -> Int {
        var sent = 0
        while sent < bytes.count {
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&entry, 1, 1000) > 0 else { break }
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return Glibc.send(
                    descriptor,
                    rest.baseAddress,
                    rest.count,
                    CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
                )
            }
            if count > 0 { sent += count } else if errno != EINTR, errno != EAGAIN { break }
        }
        return sent
    }

    /// Sends bytes given as hexadecimal text.
    package func send(_ text: String) { send(hex(text)) }

    /// Closes our direction, so that the broker reads the end of the stream.
    package func shutdownWriting() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Ends the connection without DISCONNECT, as a vanished network does: with a reset.
    package func abort() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_LINGER,
            &option,
            socklen_t(MemoryLayout<linger>.size)
        )
        // Connecting to no address drops the connection and keeps the descriptor ours until deinit.
        var nobody = sockaddr()
        nobody.sa_family = sa_family_t(AF_UNSPEC)
        _ = Glibc.connect(descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
    }

    // MARK: Receiving

    /// The descriptor of the socket, for layers above it.
    var socketDescriptor: CInt { descriptor }

    /// Reads once what is there, waiting for it until `deadline`; false when nothing came.
    private func fill(until deadline: Date) -> Bool {
        var chunk = Bytes(repeating: 0, count: 65536)
        while !isAtEnd {
            if let tls, tls.hasPending, take(tls.receive(&chunk), chunk) { return true }
            let milliseconds = max(0, min(deadline.timeIntervalSinceNow, 3600)) * 1000
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, CInt(milliseconds.rounded(.up)))
            if ready < 0, errno == EINTR { continue }
            if ready <= 0 { return false }
            let count = tls.map { $0.receive(&chunk) } ?? recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, tls == nil, errno == EINTR { continue }
            // TLS also carries records that hold no data, and frames that are incomplete.
            if take(count, chunk) { return true }
        }
        return false
    }

    /// Adds received bytes to what is waiting; false when that did not grow.
    private func take(_ count: Int, _ chunk: Bytes) -> Bool {
        if count < 0, tls?.isWaiting == true { return false }
        guard count > 0 else {
            isAtEnd = true
            return false
        }
        let before = received.count
        if frames == nil {
            received += chunk[..<count]
        } else {
            received += frames?.read(chunk[..<count]) ?? []
        }
        return received.count > before
    }

    /// Reads as many bytes as asked for.
    package func readBytes(
        _ count: Int,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> Bytes {
        let deadline = Date(timeIntervalSinceNow: patienceSeconds)
        while received.count < count {
            guard fill(until: deadline) else {
                throw Mismatch("\(received.count) of \(count) bytes", file: file, line: line)
            }
        }
        defer { received.removeFirst(count) }
        return Bytes(received[..<count])
    }

    /// Reads until an empty line, the end of an HTTP head.
    package func readHead(file: StaticString = #fileID, line: UInt = #line) throws -> String {
        let deadline = Date(timeIntervalSinceNow: patienceSeconds)
        let end = utf8("\r\n\r\n")
        while true {
            let text = received
            if let range = text.indices.first(where: { text[$0...].starts(with: end) }) {
                received.removeFirst(range + 4)
                return String(decoding: text[..<(range + 4)], as: UTF8.self)
            }
            guard fill(until: deadline) else {
                throw Mismatch("no whole head came: \(state)", file: file, line: line)
            }
        }
    }

    private var state: String {
        let end = isAtEnd ? ", then the connection was closed" : ""
        return received.isEmpty ? "nothing\(end)" : hexText(received) + end
    }

    /// The next bytes must be exactly these.
    package func expect(
        _ bytes: Bytes,
        seconds: Double? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        let deadline = Date(timeIntervalSinceNow: seconds ?? patienceSeconds)
        while received.count < bytes.count, bytes.starts(with: received), fill(until: deadline) {}
        guard received.starts(with: bytes) else {
            while fill(until: Date(timeIntervalSinceNow: 0.02)) {}
            throw Mismatch(
                "\n  expected: \(hexText(bytes))\n  actual:   \(state)",
                file: file,
                line: line
            )
        }
        received.removeFirst(bytes.count)
    }

    /// The next bytes must be these, given as hexadecimal text.
    package func expect(
        _ text: String,
        seconds: Double? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        try expect(hex(text), seconds: seconds, file: file, line: line)
    }

    /// The next packets must be these, in any order.
    package func expect(
        inAnyOrder packets: [Bytes],
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        var missing = packets
        while !missing.isEmpty {
            let packet = try readPacket(file: file, line: line)
            guard let index = missing.firstIndex(of: packet) else {
                let texts = missing.map { hexText($0) }.joined(separator: "\n            ")
                throw Mismatch(
                    "\n  expected: \(texts)\n  actual:   \(hexText(packet))",
                    file: file,
                    line: line
                )
            }
            missing.remove(at: index)
        }
    }

    /// The broker must close the connection without sending anything more.
    package func expectClosed(
        seconds: Double? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        let deadline = Date(timeIntervalSinceNow: seconds ?? patienceSeconds)
        while fill(until: deadline) {}
        guard isAtEnd, received.isEmpty else {
            throw Mismatch(
                "\n  expected: the connection closed\n  actual:   \(state)",
                file: file,
                line: line
            )
        }
    }

    /// The broker must send these bytes and close the connection.
    package func expectClosed(
        after bytes: Bytes,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        try expect(bytes, file: file, line: line)
        try expectClosed(file: file, line: line)
    }

    /// Nothing but the answer to PINGREQ may come.
    ///
    /// Enough for what the broker would answer on this connection; for what others publish see
    /// `expectNothing(from:)`.
    package func expectSilence(file: StaticString = #fileID, line: UInt = #line) throws {
        // Twice, because what the first turn of the broker puts off comes before the second answer.
        for _ in 0..<2 {
            send(Wire.pingreq)
            try expect(Wire.pingresp, file: file, line: line)
        }
    }

    /// Whatever `publisher` has published, nothing of it may have come here.
    ///
    /// A message published after it marks the end: order holds per publisher.
    package func expectNothing(
        from publisher: RawClient,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        let topic = unique("marker")
        nextIdentifier += 1
        send(Wire.subscribe(version, id: nextIdentifier, [(topic, 0)]))
        try expect(Wire.suback(version, id: nextIdentifier, [0]), file: file, line: line)
        publisher.send(Wire.publish(publisher.version, topic))
        try expect(Wire.publish(version, topic), file: file, line: line)
    }

    /// Reads one whole control packet.
    package func readPacket(
        seconds: Double? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> Bytes {
        let deadline = Date(timeIntervalSinceNow: seconds ?? patienceSeconds)
        while true {
            if let count = packetLength(), received.count >= count {
                let packet = Bytes(received[..<count])
                received.removeFirst(count)
                return packet
            }
            guard fill(until: deadline) else {
                throw Mismatch("no whole packet came: \(state)", file: file, line: line)
            }
        }
    }

    /// The next packet, or nil if none comes in time or the connection ends.
    package func nextPacket(seconds: Double) -> Bytes? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            if let count = packetLength(), received.count >= count {
                let packet = Bytes(received[..<count])
                received.removeFirst(count)
                return packet
            }
            guard fill(until: deadline) else { return nil }
        }
    }

    /// Whether the broker has ended the connection, as far as has been read.
    package var isClosed: Bool { isAtEnd }

    private func packetLength() -> Int? {
        var length = 0
        for (index, byte) in received.dropFirst().prefix(4).enumerated() {
            length |= Int(byte & 0x7F) << (7 * index)
            if byte & 0x80 == 0 { return 2 + index + length }
        }
        return nil
    }
}
