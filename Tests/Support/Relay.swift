// SPDX-License-Identifier: Apache-2.0
// One connection of a `CuttingLink`.

import Glibc

/// One connection: bytes from either side to the other until one ends or the cut is reached.
final class Relay {
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

    /// Carries bytes until the connection ends; blocks.
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
