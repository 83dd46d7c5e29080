// SPDX-License-Identifier: Apache-2.0
// A question for the resolver, and its answer.

import CLinux
import Glibc

/// A name whose addresses are wanted.
package struct NameQuery: Sendable, Equatable {
    /// A host name, or an address in numbers.
    package let host: String
    /// The port.
    package let port: UInt16
    /// A local address to connect from, as name or number.
    package let bindAddress: String?
}

/// What the resolver has found.
package struct NameAnswer: Sendable {
    /// The addresses in the order in which they are to be tried, at least one.
    package let addresses: [SocketAddress]
    /// The local addresses to connect from, at most one of each family; empty for any.
    package let local: [SocketAddress]

    /// Puts an answer together.
    package init(addresses: [SocketAddress], local: [SocketAddress] = []) {
        assert(!addresses.isEmpty, "no address is an error")
        self.addresses = addresses
        self.local = local
    }
}

/// Why there is no answer, in the resolver's words.
package struct NameFailure: Error, Sendable, Equatable {
    /// The resolver's words: `Name or service not known`.
    package let reason: String

    /// Takes the words.
    package init(_ reason: String) { self.reason = reason }

    /// So many names are being looked up that this one cannot be.
    static let busy = NameFailure("too many names are being looked up")
}

extension NameQuery {
    /// The answer where nothing has to be looked up, as all addresses are numbers; nil for names.
    ///
    /// Never blocks.
    var answerInNumbers: NameAnswer? {
        let flags = AI_NUMERICHOST | AI_NUMERICSERV
        return try? answer(flags)
    }

    /// Asks the system; blocks, for as long as the resolver likes.
    package func ask() throws(NameFailure) -> NameAnswer { try answer(0) }

    private func answer(_ flags: CInt) throws(NameFailure) -> NameAnswer {
        let addresses = try Self.addresses(of: host, port: port, flags)
        guard let bindAddress else { return NameAnswer(addresses: addresses) }
        do throws(NameFailure) {
            return NameAnswer(
                addresses: addresses,
                local: try Self.addresses(of: bindAddress, port: 0, flags)
            )
        } catch {
            throw NameFailure("local address \(bindAddress): \(error.reason)")
        }
    }

    private static func addresses(
        of host: String,
        port: UInt16,
        _ flags: CInt
    ) throws(NameFailure) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_flags = flags
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let list else {
            throw NameFailure(
                code == EAI_SYSTEM
                    ? String(cString: strerror(errno)) : String(cString: gai_strerror(code))
            )
        }
        defer { freeaddrinfo(list) }
        let found = sequence(first: list, next: { $0.pointee.ai_next })
            .compactMap { entry -> SocketAddress? in
                guard let address = entry.pointee.ai_addr,
                    [AF_INET, AF_INET6].contains(entry.pointee.ai_family)
                else { return nil }
                return SocketAddress(address, length: entry.pointee.ai_addrlen)
            }
        guard !found.isEmpty else { throw NameFailure("it has no address") }
        return AddressRace.interleaved(found) { $0.family }
    }
}
