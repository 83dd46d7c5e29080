// SPDX-License-Identifier: Apache-2.0
// The part of an address that stands for one party.

import CLinux
import Glibc

/// Where connections come from, as far as one party cannot easily have several of it: an IPv4
/// address, or the first 64 bits of an IPv6 address.
package struct PeerNetwork: Sendable, Hashable {
    private let bits: UInt64
    private let isIPv4: Bool

    /// The network of an address; nil for Unix sockets and for texts that are no address.
    package init?(_ peer: PeerAddress) {
        switch peer {
        case .ipv4(let address, _): self.init(ipv4: address)
        case .ipv6(let high, let low, _): self.init(ipv6: high, low)
        case .unix: return nil
        case .text(let host, _): self.init(text: host)
        }
    }

    private init(bits: UInt64, isIPv4: Bool) {
        self.bits = bits
        self.isIPv4 = isIPv4
    }

    private init(ipv4 address: UInt32) { self.init(bits: UInt64(address), isIPv4: true) }

    /// The halves as they lie in memory; an IPv4 address in IPv6 form counts as what it is.
    private init(ipv6 high: UInt64, _ low: UInt64) {
        let tail = UInt64(bigEndian: low)
        guard high == 0, tail >> 32 == 0xFFFF else {
            self.init(bits: high, isIPv4: false)
            return
        }
        self.init(ipv4: UInt32(truncatingIfNeeded: tail).bigEndian)
    }

    private init?(text: String) {
        var ipv4 = in_addr()
        if inet_pton(AF_INET, text, &ipv4) == 1 {
            self.init(ipv4: ipv4.s_addr)
            return
        }
        var ipv6 = (UInt64(0), UInt64(0))
        guard inet_pton(AF_INET6, text, &ipv6) == 1 else { return nil }
        self.init(ipv6: ipv6.0, ipv6.1)
    }
}
