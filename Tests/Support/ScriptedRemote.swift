// SPDX-License-Identifier: Apache-2.0
// The remote broker of a bridge, played by a test.

import Foundation
import Glibc

/// A listening socket to which a bridge connects; what it is told there the test says.
package final class ScriptedRemote {
    private var listener: CInt
    /// Where it listens, on 127.0.0.1.
    package let port: Int

    /// Listens on a port of 127.0.0.1: a free one, or one where somebody listened before.
    package init(port: Int? = nil) throws {
        self.port = try port ?? Broker.freePort()
        listener = try Self.listen(on: self.port)
    }

    deinit { stop() }

    private static func listen(on port: Int) throws -> CInt {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var one: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, size)
        guard RawClient.withAddress(port: port, { bind(listener, $0, $1) }) == 0,
            Glibc.listen(listener, 16) == 0
        else { throw Mismatch("listen on port \(port): errno \(errno)") }
        return listener
    }

    /// Nobody can connect any more, and who waits is refused.
    package func stop() {
        guard listener >= 0 else { return }
        close(listener)
        listener = -1
    }

    /// Listens again.
    package func restart() throws { listener = try Self.listen(on: port) }

    /// The next connection.
    package func accept(
        seconds: Double = 10,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> RawClient {
        guard let connection = next(seconds: seconds) else {
            throw Mismatch("no bridge connected within \(seconds) s", file: file, line: line)
        }
        return connection
    }

    /// The next connection; nil when none comes in time.
    package func next(seconds: Double) -> RawClient? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while true {
            var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            let rest = max(0, deadline.timeIntervalSinceNow) * 1000
            let ready = poll(&entry, 1, CInt(rest.rounded(.up)))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return nil }
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let connection = RawClient(accepted: descriptor)
            connection.patienceSeconds = 10
            return connection
        }
    }
}
