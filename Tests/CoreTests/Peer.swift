// SPDX-License-Identifier: Apache-2.0
// The other end of a connection to a driven broker.

import Config
import Glibc
import Log
import Net

@testable import Core

/// The other end of a connection to a `DrivenBroker`.
final class Peer {
    private var descriptor: OwnedDescriptor?
    /// What has come and was not taken as a packet yet.
    private(set) var received: [UInt8] = []
    /// Whether the broker has closed the connection.
    private(set) var isClosed = false

    init(_ descriptor: consuming OwnedDescriptor) {
        self.descriptor = consume descriptor
    }

    /// Sends as much as the kernel takes; returns how much that was.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        guard let fd = descriptor?.rawValue else { return 0 }
        let flags = CInt(MSG_NOSIGNAL)
        let count = bytes.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, flags) }
        if count < 0, errno == EPIPE || errno == ECONNRESET { isClosed = true }
        return max(0, count)
    }

    /// Takes what has come, at most `limit` bytes.
    func read(limit: Int = .max) {
        guard let fd = descriptor?.rawValue else { return }
        var left = limit
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while left > 0 {
            let count = Glibc.recv(fd, &buffer, min(left, buffer.count), 0)
            if count > 0 {
                received += buffer[..<count]
                left -= count
                continue
            }
            if count == 0 || errno == ECONNRESET { isClosed = true }
            return
        }
    }

    /// The next whole packet of those that were read.
    func packet() -> [UInt8]? {
        guard let size = Wire.packetSize(received), size <= received.count else { return nil }
        defer { received.removeFirst(size) }
        return Array(received[..<size])
    }

    /// Closes the connection.
    func close() {
        descriptor = nil
        isClosed = true
    }
}
