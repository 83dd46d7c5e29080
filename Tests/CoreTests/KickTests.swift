// SPDX-License-Identifier: Apache-2.0
// A plugin that closes very many connections at once.

import Net
import Testing

@testable import Core

@Suite("Kicks")
struct KickTests {
    @Test("Everybody a plugin wants to go goes, in slices; who comes meanwhile stays")
    func everybody() throws {
        let fairness = try Fairness(DrivenBroker())
        let driven = fairness.driven
        let count = 300
        let peers = try (0..<count).map { try fairness.client("one\($0)", isClean: false) }
        let other = try fairness.client("other")
        driven.broker.kickAll(publishesWill: true) { $0.clientIdentifier.hasPrefix("one") }
        let reactor = driven.workers[0].reactor
        // The last one comes back before its turn: the session it takes over has a slot ahead.
        let late = try driven.connect()
        late.send(Wire.connect("one\(count - 1)", isClean: false))
        let progress = try fairness.run {
            reactor.connectionCount
        } until: {
            reactor.connectionCount == 3
        }
        #expect(progress.turns > 5 && progress.largest <= 50, "\(progress)")
        #expect(fairness.longestWait <= 1)
        driven.settle()
        for peer in peers {
            peer.read()
            #expect(peer.isClosed)
        }
        for peer in [late, other] {
            peer.send(Wire.pingreq)
            driven.settle()
            peer.read()
            #expect(!peer.isClosed)
            while let packet = peer.packet() { #expect(packet[0] == 0x20 || packet[0] == 0xD0) }
        }
        #expect(driven.workers[0].sessions.all.count { $0.peer != nil } == 3)
        driven.end()
    }

    @Test("Slots that are looked at in vain are shared out as well")
    func nobody() throws {
        let fairness = try Fairness(DrivenBroker())
        let driven = fairness.driven
        let count = 20_000
        for number in 0..<count {
            let peer = try driven.connect()
            peer.send(Wire.connect("absent\(number)", isClean: false) + Wire.disconnect)
            driven.settle()
        }
        let last = try fairness.client("zlast")
        driven.broker.kickAll(publishesWill: false) { $0.clientIdentifier == "zlast" }
        let progress = try fairness.run {
            0
        } until: {
            last.read()
            return last.isClosed
        }
        #expect(progress.turns > 4, "\(progress)")
        #expect(fairness.longestWait <= 1)
        driven.end()
    }
}
