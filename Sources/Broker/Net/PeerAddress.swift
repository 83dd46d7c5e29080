// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a connection.

package import CLinux
import Glibc

/// The address of a peer as rules and log lines see it.
package enum PeerAddress: Sendable, Equatable {
    /// An IPv4 address in network byte order, and a port.
    case ipv4(UInt32, port: UInt16)
    /// An IPv6 address (its two halves as they lie in memory), and a port.
    case ipv6(UInt64, UInt64, port: UInt16)
    /// A client of a Unix socket: the path of the listening socket.
    case unix(path: String)
    /// An address as text, e.g. one that a proxy has told.
    case text(String, port: UInt16)

    /// The address that `accept` filled in; `path` is used for Unix sockets.
    package init(_ storage: borrowing sockaddr_storage, path: String?) {
        switch CInt(storage.ss_family) {
        case AF_INET:
            self = withUnsafeBytes(of: storage) { bytes in
                let address = bytes.load(as: sockaddr_in.self)
                return .ipv4(address.sin_addr.s_addr, port: UInt16(bigEndian: address.sin_port))
            }
        case AF_INET6:
            self = withUnsafeBytes(of: storage) { bytes in
                let port = UInt16(bigEndian: bytes.load(as: sockaddr_in6.self).sin6_port)
                let high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                let low = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
                return .ipv6(high, low, port: port)
            }
        default:
            self = .unix(path: path ?? "")
        }
    }

    /// The address without the port: dotted IPv4, compressed IPv6, or the socket path.
    package var host: String {
        switch self {
        case .ipv4(let address, _):
            var source = address
            return Self.text(AF_INET, &source)
        case .ipv6(let high, let low, _):
            var source = (high, low)
            return Self.text(AF_INET6, &source)
        case .unix(let path): return path
        case .text(let host, _): return host
        }
    }

    /// The remote port; 0 for Unix sockets.
    package var port: UInt16 {
        switch self {
        case .ipv4(_, let port), .ipv6(_, _, let port), .text(_, let port): port
        case .unix: 0
        }
    }

    private static func text(_ family: CInt, _ source: UnsafeRawPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let base = buffer.baseAddress,
                inet_ntop(family, source, base, socklen_t(buffer.count)) != nil
            else { return "" }
            return String(cString: base)
        }
    }
}
