// SPDX-License-Identifier: Apache-2.0
// New connections of listening sockets.

import CLinux
import Glibc

extension Reactor {
    private static let acceptsMax = 16

    func accept(on listener: ListenerSocket) {
        for _ in 0..<Self.acceptsMax {
            var address = sockaddr_storage()
            let fd = listener.accept(&address)
            if fd >= 0 {
                if isExhausted { reportExhaustion(false) }
                delegate?.reactor(
                    self,
                    accepted: OwnedDescriptor(fd),
                    from: PeerAddress(address, path: listener.path),
                    on: listener
                )
            } else if errno == EMFILE || errno == ENFILE {
                refuse(on: listener)
                return
            } else if errno != ECONNABORTED && errno != EINTR {
                return
            }
        }
    }

    /// Out of descriptors: the spare one makes room to take the connection and close it, so that
    /// the peer learns of it and the listening socket does not stay ready for ever.
    private func refuse(on listener: ListenerSocket) {
        if !isExhausted { reportExhaustion(true) }
        if spare >= 0 { _ = close(spare) }
        var address = sockaddr_storage()
        let fd = listener.accept(&address)
        if fd >= 0 { _ = close(fd) }
        spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
    }

    private func reportExhaustion(_ exhausted: Bool) {
        isExhausted = exhausted
        delegate?.reactor(self, descriptorsExhausted: exhausted)
    }
}
