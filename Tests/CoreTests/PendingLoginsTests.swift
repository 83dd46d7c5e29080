// SPDX-License-Identifier: Apache-2.0
// Logins of one address are counted.

import Net
import Testing

@testable import Core

struct PendingLoginsTests {
    private let peer = PeerAddress.text("10.0.0.1", port: 1)

    private func enter(_ logins: PendingLogins, _ peer: PeerAddress, limit: Int) -> Bool {
        if case .full = logins.enter(from: peer, limit: limit) { false } else { true }
    }

    @Test("As many as the limit of one address are under way, others are refused", arguments: 1...3)
    func limit(limit: Int) {
        let logins = PendingLogins()
        var places: [PendingLogins.Entry] = []
        for _ in 0..<limit { places.append(logins.enter(from: peer, limit: limit)) }
        #expect(logins.count(from: peer) == limit)
        #expect(!enter(logins, peer, limit: limit))
        #expect(logins.count(from: peer) == limit)
        #expect(enter(logins, .text("10.0.0.2", port: 1), limit: limit))
        places.removeLast()
        #expect(logins.count(from: peer) == limit - 1)
        #expect(enter(logins, peer, limit: limit))
        places = []
        #expect(logins.count(from: peer) == 0)
    }

    @Test("0 counts nothing, nor are clients of Unix sockets counted")
    func uncounted() {
        let logins = PendingLogins()
        let free = logins.enter(from: peer, limit: 0)
        #expect(logins.count(from: peer) == 0)
        let unix = PeerAddress.unix(path: "/run/x")
        let places = (0..<3).map { _ in logins.enter(from: unix, limit: 1) }
        for case .full in places { Issue.record("refused") }
        withExtendedLifetime((free, places)) {}
    }

    @Test("An IPv6 network of 64 bits is one party")
    func networks() {
        let logins = PendingLogins()
        let place = logins.enter(from: .text("2001:db8:1:2::1", port: 1), limit: 1)
        #expect(!enter(logins, .text("2001:db8:1:2:ffff::9", port: 2), limit: 1))
        #expect(enter(logins, .text("2001:db8:1:3::1", port: 1), limit: 1))
        withExtendedLifetime(place) {}
    }
}
