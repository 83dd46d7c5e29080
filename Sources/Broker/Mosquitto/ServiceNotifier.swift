// SPDX-License-Identifier: Apache-2.0
// Telling systemd how far the broker is, and that it is alive.

import CLinux
import Glibc

/// Tells the service manager how far the broker is, and that it is alive: datagrams to NOTIFY_SOCKET.
struct ServiceNotifier {
    /// The socket's address; nil without a service manager.
    private let address: (value: sockaddr_un, length: socklen_t)?
    /// Seconds between signs of life; nil if none are wanted.
    let watchdogIntervalSeconds: Int?

    /// Reads NOTIFY_SOCKET and WATCHDOG_USEC.
    init() {
        address = getenv("NOTIFY_SOCKET").flatMap { Self.address(String(cString: $0)) }
        let period = getenv("WATCHDOG_USEC").flatMap { Int(String(cString: $0)) } ?? 0
        watchdogIntervalSeconds = address != nil && period > 0 ? max(period / 2_000_000, 1) : nil
    }

    /// Whether there is a service manager to tell anything.
    var hasManager: Bool { address != nil }

    /// Says that sessions and messages are being restored.
    func restoring() {
        send("STATUS=Restoring sessions and messages")
    }

    /// Says that the broker serves clients.
    func ready() {
        send("READY=1\nSTATUS=Serving clients")
    }

    /// Says that the broker is alive, and what it does, in one line.
    func alive(_ status: String) {
        send("WATCHDOG=1\nSTATUS=\(status)")
    }

    /// Says that the broker ends.
    func stopping() {
        send("STOPPING=1\nSTATUS=Closing connections and saving sessions")
    }

    /// Asks for more time to start or to end: so many seconds from now.
    func extendTimeout(seconds: Int) {
        send("EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)")
    }

    /// Sends one datagram; a manager that does not listen is not our trouble.
    private func send(_ text: String) {
        guard var address else { return }
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { _ = close(descriptor) }
        let bytes = Array(text.utf8)
        withUnsafePointer(to: &address.value) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                let flags = CInt(MSG_NOSIGNAL)
                _ = sendto(descriptor, bytes, bytes.count, flags, $0, address.length)
            }
        }
    }

    /// The address of a path; a leading `@` means the abstract name space.
    private static func address(_ path: String) -> (value: sockaddr_un, length: socklen_t)? {
        var bytes = Array(path.utf8)
        var address = sockaddr_un()
        guard bytes.first == UInt8(ascii: "/") || bytes.first == UInt8(ascii: "@"),
            bytes.count < MemoryLayout.size(ofValue: address.sun_path)
        else { return nil }
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = MemoryLayout<sa_family_t>.size + bytes.count
        return (address, socklen_t(length))
    }
}
