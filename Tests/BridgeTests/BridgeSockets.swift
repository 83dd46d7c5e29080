// SPDX-License-Identifier: Apache-2.0
// What the socket of a bridge is set to.

import Foundation
import Glibc
import TestSupport
import Testing

/// The socket of another process that is connected to a port, for looking at its options.
private final class BorrowedSocket {
    private typealias SystemCall = @convention(c) (Int, Int, Int, Int, Int) -> Int

    private let descriptor: CInt

    /// Takes a copy of the descriptor (`pidfd_getfd`); nil when there is none, or the system does not give it.
    init?(of process: pid_t, to port: Int) {
        guard let symbol = dlsym(nil, "syscall") else { return nil }
        let call = unsafeBitCast(symbol, to: SystemCall.self)
        let handle = call(Self.pidfdOpen, Int(process), 0, 0, 0)
        guard handle >= 0 else { return nil }
        defer { close(CInt(handle)) }
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
        for number in names.compactMap({ Int($0) }) {
            let copy = CInt(call(Self.pidfdGetfd, handle, number, 0, 0))
            guard copy >= 0 else { continue }
            if Self.peerPort(of: copy) == port {
                descriptor = copy
                return
            }
            close(copy)
        }
        return nil
    }

    deinit { close(descriptor) }

    /// The numbers of the system calls, the same on all machines.
    private static let pidfdOpen = 434
    private static let pidfdGetfd = 438

    private static func peerPort(of descriptor: CInt) -> Int? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getpeername(descriptor, $0, &size)
            }
        }
        guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The address of its own end.
    var address: String? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size)
            }
        }
        return result == 0 ? inet_ntoa(address.sin_addr).map { String(cString: $0) } : nil
    }

    /// The value of an option.
    func option(_ level: CInt, _ name: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : nil
    }
}

@Suite("Sockets of bridges", .enabled(if: isOwn))
struct BridgeSockets {
    @Test("Keep alive, user timeout and own address are those of the file", arguments: reactors)
    func options(workers: Int) throws {
        let scene = try BridgeScene(
            "topic t in\nbridge_tcp_keepalive 11 12 3\nbridge_tcp_user_timeout 4321\n"
                + "bridge_bind_address 127.0.0.2",
            workers: workers
        )
        let connection = try scene.open(requests: 1)
        let socket = try #require(
            BorrowedSocket(of: scene.broker.process.pid, to: scene.remote.port)
        )
        let tcp = CInt(IPPROTO_TCP)
        #expect(socket.option(SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(socket.option(tcp, TCP_KEEPIDLE) == 11)
        #expect(socket.option(tcp, TCP_KEEPINTVL) == 12)
        #expect(socket.option(tcp, TCP_KEEPCNT) == 3)
        #expect(socket.option(tcp, TCP_USER_TIMEOUT) == 4321)
        #expect(socket.option(tcp, TCP_NODELAY) == 1)
        #expect(socket.address == "127.0.0.2")
        withExtendedLifetime(connection) {}
    }

    @Test("What the file does not say is left to the system")
    func defaults() throws {
        let scene = try BridgeScene("topic t in", workers: 1)
        let connection = try scene.open(requests: 1)
        let socket = try #require(
            BorrowedSocket(of: scene.broker.process.pid, to: scene.remote.port)
        )
        #expect(socket.option(SOL_SOCKET, SO_KEEPALIVE) == 0)
        #expect(socket.option(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT) == 0)
        #expect(socket.address == "127.0.0.1")
        withExtendedLifetime(connection) {}
    }
}
