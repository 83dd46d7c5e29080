// SPDX-License-Identifier: Apache-2.0
// Which addresses belong to one party.

import Glibc
import Net
import Testing

struct PeerNetworkTests {
    private func network(_ text: String) -> PeerNetwork? { PeerNetwork(.text(text, port: 1)) }

    @Test("IPv4 addresses are told apart, whatever their form")
    func ipv4() throws {
        let one = try #require(network("192.0.2.1"))
        #expect(network("192.0.2.2") != one)
        #expect(network("::ffff:192.0.2.1") == one)
        #expect(network("::ffff:192.0.2.2") == network("192.0.2.2"))
        #expect(PeerNetwork(.ipv4(inet_addr("192.0.2.1"), port: 9)) == one)
        #expect(network("::192.0.2.1") != one)
    }

    @Test("IPv6 addresses count by their first 64 bits")
    func ipv6() throws {
        let one = try #require(network("2001:db8::1"))
        #expect(network("2001:db8::ffff:1:2:3") == one)
        #expect(network("2001:db8:0:1::1") != one)
        let high = UInt64(0x2001_0DB8_0000_0000).bigEndian
        #expect(PeerNetwork(.ipv6(high, 7, port: 1)) == one)
        // The loopback address is no IPv4 address.
        #expect(network("::1") != network("0.0.0.1"))
    }

    @Test("Unix sockets and names are in no network")
    func none() {
        #expect(PeerNetwork(.unix(path: "/run/m")) == nil)
        #expect(network("localhost") == nil)
        #expect(network("") == nil)
    }
}
