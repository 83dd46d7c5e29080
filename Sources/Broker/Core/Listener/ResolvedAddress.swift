// SPDX-License-Identifier: Apache-2.0
// One address that a listener binds.

import CLinux
import Glibc
import Log
import Net

/// One address to bind.
struct ResolvedAddress: CustomStringConvertible {
    private var storage: sockaddr_storage
    private let length: socklen_t

    var family: CInt { CInt(storage.ss_family) }

    /// Address and port, as in `127.0.0.1 port 1883`.
    var description: String {
        let address = PeerAddress(storage, path: nil)
        return "\(address.host) port \(address.port)"
    }

    /// Asks the resolver; blocks, so only at start.
    static func resolve(
        host: String?,
        port: Int,
        family: CInt
    ) throws(ListenerError) -> [ResolvedAddress] {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_flags = AI_PASSIVE
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let list else {
            let place = host.map { ": \($0) port \(port)" } ?? ": port \(port)"
            throw ListenerError(
                line: "Error creating listener: \(String(cString: gai_strerror(code)))\(place)"
            )
        }
        defer { freeaddrinfo(list) }
        var result: [ResolvedAddress] = []
        for entry in sequence(first: list, next: { $0.pointee.ai_next }) {
            guard let address = entry.pointee.ai_addr,
                [AF_INET, AF_INET6].contains(entry.pointee.ai_family)
            else { continue }
            result.append(ResolvedAddress(address, length: entry.pointee.ai_addrlen))
        }
        return result
    }

    private init(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        storage = sockaddr_storage()
        self.length = length
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
        }
    }

    /// Opens the listening socket.
    func open(_ listenerIndex: Int, _ hasNoDelay: Bool) throws(SystemError) -> ListenerSocket {
        var storage = storage
        let result = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                Result<ListenerSocket, SystemError> { () throws(SystemError) in
                    try ListenerSocket.tcp(
                        address,
                        length: length,
                        listenerIndex: listenerIndex,
                        hasNoDelay: hasNoDelay,
                        name: description
                    )
                }
            }
        }
        return try result.get()
    }

    /// Whether this machine has the address: it is bound with a port that nobody has, for a moment.
    func probe() throws(SystemError) {
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        defer { _ = close(descriptor) }
        // The port lies at the same place in both families.
        var storage = storage
        withUnsafeMutableBytes(of: &storage) {
            $0[2] = 0
            $0[3] = 0
        }
        let result = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length)
            }
        }
        guard result == 0 else { throw SystemError("bind") }
    }

    /// Whether no two sockets can listen on this address and another.
    func collides(with other: ResolvedAddress) -> Bool {
        let (one, two) = (PeerAddress(storage, path: nil), PeerAddress(other.storage, path: nil))
        guard family == other.family, one.port == two.port, one.port != 0 else { return false }
        return one.host == two.host || isWildcard || other.isWildcard
    }

    /// Whether it stands for every address of its family.
    private var isWildcard: Bool {
        ["0.0.0.0", "::"].contains(PeerAddress(storage, path: nil).host)
    }

    /// Replaces the addresses by those of a network interface, family by family.
    ///
    /// With a host only its address counts. A family that the interface does not have is left out.
    static func restrict(
        _ addresses: [ResolvedAddress],
        to interface: String,
        host: String?,
        _ log: Log
    ) throws(ListenerError) -> [ResolvedAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0, let list else {
            throw ListenerError(line: "Error: Unable to list network interfaces.")
        }
        defer { freeifaddrs(list) }
        let entries = sequence(first: list, next: { $0.pointee.ifa_next })
            .filter { strcasecmp($0.pointee.ifa_name, interface) == 0 }
        guard !entries.isEmpty else {
            throw ListenerError(line: "Error: Interface \(interface) does not exist.")
        }
        var isElsewhere = false
        var result: [ResolvedAddress] = []
        for wanted in addresses {
            let candidates = entries.compactMap(\.pointee.ifa_addr)
                .filter { CInt($0.pointee.sa_family) == wanted.family }
                .map { wanted.moved(to: $0) }
            let fitting = candidates.first { host == nil || $0.hasSameHost(as: wanted) }
            if let fitting {
                result.append(fitting)
            } else if candidates.isEmpty {
                let family = wanted.family == AF_INET ? "IPv4" : "IPv6"
                log.warning(
                    "Warning: Interface \(interface) does not support \(family) configuration."
                )
            } else {
                isElsewhere = true
            }
        }
        if result.isEmpty, isElsewhere, let host {
            throw ListenerError(
                line: "Error: Interface address for \(interface) does not match specified listener "
                    + "address (\(host))."
            )
        }
        guard !result.isEmpty else {
            throw ListenerError(line: "Error: Interface \(interface) has no usable address.")
        }
        return result
    }

    /// The address of an interface with the port of this one.
    private func moved(to address: UnsafePointer<sockaddr>) -> ResolvedAddress {
        var result = ResolvedAddress(address, length: length)
        // The port lies at the same place in both families.
        withUnsafeBytes(of: storage) { source in
            withUnsafeMutableBytes(of: &result.storage) { target in
                target[2] = source[2]
                target[3] = source[3]
            }
        }
        return result
    }

    private func hasSameHost(as other: ResolvedAddress) -> Bool {
        PeerAddress(storage, path: nil).host == PeerAddress(other.storage, path: nil).host
    }
}
