// SPDX-License-Identifier: Apache-2.0
// One socket on its way to one address.

import CLinux
import Glibc

/// A socket that is being connected to one address.
final class OutgoingAttempt {
    /// Which of the addresses it is for.
    let index: Int
    let address: SocketAddress
    private weak var owner: OutgoingConnection?
    private(set) var descriptor: CInt
    /// Its place in the reactor's table; nil before it is watched and after.
    var slot: Int?

    private init(
        _ descriptor: CInt,
        _ index: Int,
        _ address: SocketAddress,
        _ owner: OutgoingConnection
    ) {
        self.descriptor = descriptor
        self.index = index
        self.address = address
        self.owner = owner
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }

    /// Begins; never blocks.
    static func start(
        _ index: Int,
        _ address: SocketAddress,
        local: [SocketAddress],
        _ plan: OutgoingPlan,
        _ owner: OutgoingConnection
    ) throws(SystemError) -> OutgoingAttempt {
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        let attempt = OutgoingAttempt(descriptor, index, address, owner)
        if address.family != AF_UNIX { try attempt.prepare(plan, local) }
        let result = address.withAddress { connect(descriptor, $0, $1) }
        // EAGAIN: the listener of a Unix socket has no room; there is nothing to wait for.
        guard result == 0 || errno == EINPROGRESS || errno == EINTR else {
            throw SystemError("connect")
        }
        return attempt
    }

    private func prepare(_ plan: OutgoingPlan, _ local: [SocketAddress]) throws(SystemError) {
        set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        if let keepAlive = plan.keepAlive {
            set(SOL_SOCKET, SO_KEEPALIVE, 1)
            set(CInt(IPPROTO_TCP), TCP_KEEPIDLE, keepAlive.idle)
            set(CInt(IPPROTO_TCP), TCP_KEEPINTVL, keepAlive.interval)
            set(CInt(IPPROTO_TCP), TCP_KEEPCNT, keepAlive.count)
        }
        if let milliseconds = plan.userTimeout {
            set(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, milliseconds)
        }
        guard !local.isEmpty else { return }
        guard let own = local.first(where: { $0.family == address.family }) else {
            throw SystemError("bind", code: EAFNOSUPPORT)
        }
        guard own.withAddress({ bind(descriptor, $0, $1) }) == 0 else { throw SystemError("bind") }
    }

    /// Options that the system does not take are left out: they only make an end known earlier.
    private func set(_ level: CInt, _ option: CInt, _ value: Int) {
        var number = CInt(clamping: value)
        _ = setsockopt(descriptor, level, option, &number, socklen_t(MemoryLayout<CInt>.size))
    }

    /// The reactor has heard of the socket.
    func handleReady() {
        var code: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        if getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) != 0 { code = errno }
        if code == 0, isConnectedToItself { code = ECONNREFUSED }
        owner?.attemptEnded(self, code: code)
    }

    /// Whether nobody else is at the other end: a socket that tries a port of its own machine, on which
    /// nobody listens, may happen to have that port itself, and then meets itself.
    private var isConnectedToItself: Bool {
        guard address.family != AF_UNIX else { return false }
        var own = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size)
            }
        }
        return result == 0 && PeerAddress(own, path: nil) == address.peer
    }

    /// Gives the connected socket away.
    func takeDescriptor() -> OwnedDescriptor {
        assert(descriptor >= 0, "a socket is given away once")
        defer { descriptor = -1 }
        return OwnedDescriptor(descriptor)
    }
}
