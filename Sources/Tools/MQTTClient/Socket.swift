// SPDX-License-Identifier: Apache-2.0
// A stream socket that waits for its peer, but never longer than asked.

import Glibc

/// A connected stream socket, closed with its last owner.
///
/// The descriptor does not block; waiting is done by `poll` and ends with the caller's deadline.
final class Socket {
    let descriptor: CInt

    private init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Connects to a host name or address; every address of the name is tried.
    static func connect(
        host: String,
        port: UInt16,
        from bindAddress: String?,
        deadline: Deadline
    ) throws(ClientError) -> Socket {
        var local: Addresses?
        if let bindAddress { local = try Addresses(host: bindAddress, port: 0) }
        var failure = ClientError.lookup(host)
        for address in try Addresses(host: host, port: port).all {
            do {
                let made = try make(family: address.family)
                if let local { try made.bind(to: local, family: address.family) }
                try address.withPointer { pointer, length throws(ClientError) in
                    try made.connect(pointer, length, deadline)
                }
                made.disableDelay()
                return made
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Connects to a Unix domain socket.
    static func connect(path: String, deadline: Deadline) throws(ClientError) -> Socket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let isFitting = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard isFitting else { throw .system(call: "connect", code: ENAMETOOLONG) }
        let made = try make(family: AF_UNIX)
        let stored = Addresses.Address(copying: address)
        try stored.withPointer { pointer, length throws(ClientError) in
            try made.connect(pointer, length, deadline)
        }
        return made
    }

    private static func make(family: CInt) throws(ClientError) -> Socket {
        let type =
            CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
            | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw .system(call: "socket", code: errno) }
        return Socket(descriptor: descriptor)
    }

    private func bind(to local: Addresses, family: CInt) throws(ClientError) {
        guard let address = local.all.first(where: { $0.family == family }) else {
            throw .system(call: "bind", code: EADDRNOTAVAIL)
        }
        try address.withPointer { pointer, length throws(ClientError) in
            guard Glibc.bind(descriptor, pointer, length) == 0 else {
                throw .system(call: "bind", code: errno)
            }
        }
    }

    private func connect(
        _ address: UnsafePointer<sockaddr>,
        _ length: socklen_t,
        _ deadline: Deadline
    ) throws(ClientError) {
        if Glibc.connect(descriptor, address, length) == 0 { return }
        guard errno == EINPROGRESS || errno == EINTR else {
            throw .system(call: "connect", code: errno)
        }
        try wait(for: Int16(POLLOUT), deadline)
        var code: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0 else { throw .system(call: "connect", code: code) }
    }

    /// Requests are small and wait for their answer: send them at once.
    private func disableDelay() {
        var on: CInt = 1
        setsockopt(
            descriptor,
            CInt(IPPROTO_TCP),
            TCP_NODELAY,
            &on,
            socklen_t(MemoryLayout<CInt>.size)
        )
    }

    // MARK: Bytes

    /// Waits until the socket is ready for `events`.
    func wait(for events: Int16, _ deadline: Deadline) throws(ClientError) {
        while true {
            var state = pollfd(fd: descriptor, events: events, revents: 0)
            let count = poll(&state, 1, deadline.millisecondsLeft)
            if count > 0 { return }
            guard count < 0 else { throw .timeout }
            guard errno == EINTR else { throw .system(call: "poll", code: errno) }
        }
    }

    /// Whether something has arrived, or the peer has closed; never waits.
    func isReadable() throws(ClientError) -> Bool {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let count = poll(&state, 1, 0)
        guard count >= 0 || errno == EINTR else { throw .system(call: "poll", code: errno) }
        return count > 0
    }

    /// Reads what is there, at least one byte; empty when the peer has closed.
    func read(_ countMax: Int, _ deadline: Deadline) throws(ClientError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: countMax)
        while true {
            let count = recv(descriptor, &bytes, countMax, 0)
            if count >= 0 { return Array(bytes.prefix(count)) }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: Int16(POLLIN), deadline)
            case ECONNRESET: return []
            default: throw .system(call: "recv", code: errno)
            }
        }
    }

    /// Writes all of `bytes`.
    func write(_ bytes: [UInt8], _ deadline: Deadline) throws(ClientError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try wait(for: Int16(POLLOUT), deadline)
            case EPIPE, ECONNRESET: throw .closed
            default: throw .system(call: "send", code: errno)
            }
        }
    }
}
