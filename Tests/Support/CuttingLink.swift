// SPDX-License-Identifier: Apache-2.0
// A way to a broker that breaks after so many bytes.

import Foundation
import Glibc

/// A relay in front of a broker that resets connections in the middle of what they carry.
///
/// The first connection ends at the first cut, the second at the second; all later ones last. What has
/// been sent and not yet read by then is lost on both sides, as it is when a network goes away.
package final class CuttingLink: @unchecked Sendable {
    // `@unchecked Sendable`: `accepted` is only touched with `lock` held, the rest never changes.

    /// Where a connection ends.
    package struct Cut: Sendable {
        /// Whether the bytes are counted that the client sends; else those of the broker.
        package let isFromClient: Bool
        /// How many bytes of that direction still arrive.
        package let byteCount: Int

        package init(isFromClient: Bool, byteCount: Int) {
            self.isFromClient = isFromClient
            self.byteCount = byteCount
        }
    }

    /// Where the link listens, on 127.0.0.1.
    package let port: Int
    private let listener: CInt
    private let target: Int
    private let cuts: [Cut]
    private let lock = NSLock()
    private var accepted = 0

    /// Listens for connections to the port `target` of 127.0.0.1.
    package init(to target: Int, cuts: [Cut]) throws {
        self.target = target
        self.cuts = cuts
        port = try Broker.freePort()
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        guard RawClient.withAddress(port: port, { bind(listener, $0, $1) }) == 0,
            listen(listener, 8) == 0
        else { throw Mismatch("listen on port \(port): errno \(errno)") }
                Thread.detachNewThread { [weak self] in
            var index = 0
            while true {
                let client = accept(listener, nil, nil)
                if client < 0, errno == EINTR { continue }
                guard client >= 0 else { break }
                self?.count()
                let cut = index < cuts.count ? cuts[index] : nil
                index += 1
                Thread.detachNewThread { Relay(client: client, target: target, cut: cut)?.run() }
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, CInt(SHUT_RDWR)) }

    private func count() { lock.withLock { accepted += 1 } }

    /// How many connections there have been.
    package var connectionCount: Int { lock.withLock { accepted } }
}

/// One connection: bytes from either side to the other until one ends or the cut is reached.
private final class Relay {
    private let client: CInt
    private let broker: CInt
    private let cut: CuttingLink.Cut?
    private var carried = 0

    /// Takes over `client` and connects to the broker.
    init?(client: CInt, target: Int, cut: CuttingLink.Cut?) {
        self.client = client
        self.cut = cut
        broker = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard RawClient.withAddress(port: target, { connect(broker, $0, $1) }) == 0 else {
            return nil
        }
        var one: CInt = 1
        for side in [client, broker] {
            let size = socklen_t(MemoryLayout<CInt>.size)
            setsockopt(side, CInt(IPPROTO_TCP), TCP_NODELAY, &one, size)
        }
    }

    deinit {
        close(client)
        close(broker)
    }

    func run() {
        while true {
            var entries = [client, broker].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            if poll(&entries, 2, -1) < 0, errno == EINTR { continue }
            if entries[0].revents != 0, !carry(from: client, to: broker, isFromClient: true) {
                return
            }
            if entries[1].revents != 0, !carry(from: broker, to: client, isFromClient: false) {
                return
            }
        }
    }

    /// Hands on what is there; false when the connection ends with that.
    private func carry(from source: CInt, to destination: CInt, isFromClient: Bool) -> Bool {
        var chunk = Bytes(repeating: 0, count: 65536)
        var count = recv(source, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        var isLast = false
        if let cut, cut.isFromClient == isFromClient {
            isLast = carried + count >= cut.byteCount
            count = min(count, cut.byteCount - carried)
            carried += count
        }
        var sent = 0
        while sent < count {
            let step = chunk.withUnsafeBytes {
                send(
                    destination,
                    $0.baseAddress.map { $0 + sent },
                    count - sent,
                    CInt(MSG_NOSIGNAL)
                )
            }
            guard step > 0 else { return false }
            sent += step
        }
        if isLast { reset() }
        return !isLast
    }

    /// Makes the end of both connections an abrupt one.
    private func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        for side in [client, broker] {
            let size = socklen_t(MemoryLayout<linger>.size)
            setsockopt(side, SOL_SOCKET, SO_LINGER, &option, size)
        }
    }
}
