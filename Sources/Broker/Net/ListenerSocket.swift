// SPDX-License-Identifier: Apache-2.0
// Listening sockets: TCP over IPv4 and IPv6, and Unix.

package import CLinux
import Glibc

/// An open listening socket, shared by all reactors.
package final class ListenerSocket: Sendable {
    /// Number of the listener in the configuration that this socket belongs to.
    package let listenerIndex: Int
    /// The path of a Unix socket.
    package let path: String?
    /// The port it listens on; 0 for a Unix socket.
    package let port: UInt16

    private let descriptor: OwnedDescriptor
    private let hasNoDelay: Bool
    private let backlog: CInt
    /// What messages call its address.
    package let name: String

    var rawValue: CInt { descriptor.rawValue }

    private init(
        _ descriptor: consuming OwnedDescriptor,
        listenerIndex: Int,
        path: String?,
        port: UInt16,
        hasNoDelay: Bool,
        backlog: CInt,
        name: String
    ) {
        self.name = name
        self.descriptor = descriptor
        self.backlog = backlog
        self.listenerIndex = listenerIndex
        self.path = path
        self.port = port
        self.hasNoDelay = hasNoDelay
    }

    /// Opens a TCP socket on one resolved address; nobody can connect before `startListening`.
    ///
    /// The address is taken from now on: binding it fails where somebody listens.
    package static func tcp(
        _ address: UnsafePointer<sockaddr>,
        length: socklen_t,
        listenerIndex: Int,
        hasNoDelay: Bool,
        name: String = "",
        backlog: CInt = 1024
    ) throws(SystemError) -> ListenerSocket {
        let family = CInt(address.pointee.sa_family)
        let fd = socket(family, streamType, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        let descriptor = OwnedDescriptor(fd)
        setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        if family == AF_INET6 { setOption(fd, CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        guard bind(fd, address, length) == 0 else { throw SystemError("bind") }
        return ListenerSocket(
            descriptor,
            listenerIndex: listenerIndex,
            path: nil,
            port: boundPort(fd),
            hasNoDelay: hasNoDelay,
            backlog: backlog,
            name: name
        )
    }

    /// From now on peers may connect.
    ///
    /// A Unix socket listens from its opening on: while nobody does,
    /// it looks left over.
    package func startListening() throws(SystemError) {
        guard path == nil else { return }
        guard listen(descriptor.rawValue, backlog) == 0 else { throw SystemError("listen") }
    }

    /// Opens a Unix socket, mode 0770; replaces one that nobody listens on.
    ///
    /// Anything else at `path` stays: `EADDRINUSE` for a socket that somebody listens on, `EEXIST`
    /// for what is no socket. The caller removes the socket at exit.
    package static func unix(
        path: String,
        listenerIndex: Int,
        backlog: CInt = 128
    ) throws(SystemError) -> ListenerSocket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw SystemError("bind", code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let fd = socket(AF_UNIX, streamType, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        let descriptor = OwnedDescriptor(fd)
        try removeStale(path, address)
        let previousMask = umask(0o007)
        defer { _ = umask(previousMask) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, length) }
        }
        guard result == 0 else { throw SystemError("bind") }
        guard listen(fd, backlog) == 0 else { throw SystemError("listen") }
        return ListenerSocket(
            descriptor,
            listenerIndex: listenerIndex,
            path: path,
            port: 0,
            hasNoDelay: false,
            backlog: backlog,
            name: path
        )
    }

    /// Removes a socket that nobody listens on.
    private static func removeStale(
        _ path: String,
        _ address: sockaddr_un
    ) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw SystemError("bind", code: EEXIST) }
        let fd = socket(AF_UNIX, streamType, 0)
        guard fd >= 0 else { throw SystemError("socket") }
        let descriptor = OwnedDescriptor(fd)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        var address = address
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor.rawValue, $0, length)
            }
        }
        guard result != 0, errno == ECONNREFUSED else {
            throw SystemError("bind", code: EADDRINUSE)
        }
        _ = unlink(path)
    }

    /// Accepts one connection, non-blocking; -1 with `errno` when there is none.
    func accept(_ address: inout sockaddr_storage) -> CInt {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let flags = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let fd = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                accept4(descriptor.rawValue, $0, &length, flags)
            }
        }
        if fd >= 0, hasNoDelay { Self.setOption(fd, CInt(IPPROTO_TCP), TCP_NODELAY, 1) }
        return fd
    }

    private static let streamType = CInt(
        SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    )

    private static func setOption(_ fd: CInt, _ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        _ = setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    private static func boundPort(_ fd: CInt) -> UInt16 {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(fd, $0, &length)
            }
        }
        return result == 0 ? PeerAddress(storage, path: nil).port : 0
    }
}
