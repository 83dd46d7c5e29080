// SPDX-License-Identifier: Apache-2.0
// A server that does as it is told, or nothing.

import CLinux
import Glibc

@testable import Net

/// A listening socket that takes connections and says what it was told to, or nothing.
final class ScriptedListener {
    private let descriptor: CInt
    let port: UInt16
    private var taken: [CInt] = []

    /// With `isFull` nobody gets an answer to a SYN: the line of those who wait is full.
    init(isFull: Bool = false) throws {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        let address = try OutgoingBench.loopback(port: 0)
        guard address.withAddress({ bind(descriptor, $0, $1) }) == 0,
            listen(descriptor, isFull ? 0 : 10) == 0
        else { throw SystemError("listen") }
        var bound = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &bound) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size)
            }
        }
        port = PeerAddress(bound, path: nil).port
        guard isFull else { return }
        let own = try OutgoingBench.loopback(port: port)
        for _ in 0..<3 {
            let kind = CInt(
                SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
            )
            let client = socket(AF_INET, kind, 0)
            taken.append(client)
            _ = own.withAddress { Glibc.connect(client, $0, $1) }
        }
    }

    deinit {
        close(descriptor)
        for client in taken { close(client) }
    }

    /// Takes one connection that has come, sends `bytes`, and closes it if asked to.
    func serve(_ bytes: [UInt8], closes: Bool = false) {
        let client = accept(descriptor, nil, nil)
        _ = write(client, bytes, bytes.count)
        if closes { close(client) } else { taken.append(client) }
    }
}
