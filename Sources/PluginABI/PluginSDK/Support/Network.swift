// SPDX-License-Identifier: Apache-2.0
// The part of an address that stands for one party.

internal import Glibc

/// Addresses by the party behind them, who easily has all of an IPv6 network but few IPv4 addresses.
package enum Network {
    /// An IPv4 address or the first 64 bits of an IPv6 address; other texts as they are.
    package static func name(of address: String) -> [UInt8] {
        var ipv4 = [UInt8](repeating: 0, count: 4)
        if inet_pton(AF_INET, address, &ipv4) == 1 { return ipv4 }
        var bytes = [UInt8](repeating: 0, count: 16)
        guard inet_pton(AF_INET6, address, &bytes) == 1 else { return Array(address.utf8) }
        let isIPv4 = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return Array(isIPv4 ? bytes[12...] : bytes[..<8])
    }
}
