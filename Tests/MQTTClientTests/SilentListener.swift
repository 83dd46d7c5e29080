// SPDX-License-Identifier: Apache-2.0
// A listener that says nothing, or what it was told to say.

import Foundation
import Glibc
import TestSupport

/// A listener that accepts in the kernel's queue and says nothing, or what it was told to say.
final class SilentListener: Sendable {
    let port: Int
    private let descriptor: CInt

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else { throw Mismatch("no listener: errno \(errno)") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    /// Sends `bytes` to the next client, which keeps its connection until the process ends.
    func answer(_ bytes: [UInt8]) {
        Thread.detachNewThread { [self] in
            let peer = accept(descriptor, nil, nil)
            _ = bytes.withUnsafeBytes { write(peer, $0.baseAddress, $0.count) }
        }
    }
}
