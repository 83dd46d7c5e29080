// SPDX-License-Identifier: Apache-2.0
// The addresses that listeners of the configuration have already.

import Config
import Glibc
import Net

/// The addresses that listeners have, to say which of them stands in the way of another.
struct TakenAddresses {
    private let configuration: Configuration
    private var addresses: [(address: ResolvedAddress, listener: Int)] = []

    /// No listener has an address yet.
    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    /// The listener at this position has an address.
    mutating func add(_ address: ResolvedAddress, of listener: Int) {
        addresses.append((address, listener))
    }

    /// What an error line says of an address that somebody else of the configuration has; nil if nobody has.
    func note(at address: ResolvedAddress) -> String? {
        guard let owner = addresses.first(where: { $0.address.collides(with: address) }) else {
            return nil
        }
        let place = configuration.places["listener", .listener(owner.listener)]
        return "; the listener " + (place.map { "at \($0)" } ?? "above") + " has it"
    }

    /// Throws for an address that somebody else of the configuration has.
    ///
    /// The system lets two sockets have one address as long as nobody listens, which comes later.
    func check(_ address: ResolvedAddress) throws(SystemError) {
        if note(at: address) != nil { throw SystemError("bind", code: EADDRINUSE) }
    }

    /// What an error line says of a socket that could not be opened, beyond the system's own words.
    ///
    /// `address`: nil if nobody else of the configuration has it.
    func note(on error: SystemError, at address: ResolvedAddress?) -> String {
        switch error.code {
        case EADDRINUSE: address.flatMap { note(at: $0) } ?? "; another program listens there"
        case EADDRNOTAVAIL: "; no interface of this machine has that address"
        default: ""
        }
    }
}
