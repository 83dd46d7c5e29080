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
