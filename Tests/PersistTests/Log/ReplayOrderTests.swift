// SPDX-License-Identifier: Apache-2.0
// Records that come in another order than usual cost no more.

import Inflight
import LogTestSupport
import Testing

@testable import Persist

@Suite("Reading what came out of order")
struct ReplayOrderTests {
    private static let count = 20_000

    private func session(sent count: Int) -> ReplaySession {
        let session = ReplaySession(
            identity: LogIdentity(clientIdentifier: "a"),
            expiryInterval: 9
        )
        for index in 0..<count {
            let sequence = UInt64(index)
            let fate = LogDestination.Fate.sent(
                sequence: sequence,
                identifier: UInt16(index + 1)
            )
            let destination = LogDestination(session: 1, qos: 1, fate: fate)
            session.append(destination, UInt32(index), sequence)
        }
        return session
    }

    @Test("A client that acknowledges backwards costs what one costs that does not")
    func backwards() {
        let session = session(sent: Self.count)
        for identifier in (1...Self.count).reversed() {
            #expect(session.acknowledge(IdentifierStretch(first: UInt16(identifier))) == 1)
        }
        #expect(session.outgoingCount == 0)
        #expect(session.searchedCount < 100 * Self.count)
    }

    @Test("A client that acknowledges at random leaves what it has not acknowledged")
    func random() {
        var dice = LogDice(seed: 5)
        let session = session(sent: Self.count)
        var left = Array(1...Self.count)
        var next = Self.count
        for _ in 0..<Self.count / 2 {
            let place = dice.roll(left.count)
            left.swapAt(place, left.count - 1)
            let identifier = left.removeLast()
            if dice.isOne(in: 2) {
                #expect(session.release(IdentifierStretch(first: UInt16(identifier))) == 1)
            }
            #expect(session.acknowledge(IdentifierStretch(first: UInt16(identifier))) == 1)
            #expect(session.acknowledge(IdentifierStretch(first: UInt16(identifier))) == 0)
            if dice.isOne(in: 4) {
                // Another one waits and goes out with an identifier that is free again.
                let sequence = UInt64(next)
                let fate = LogDestination.Fate.queued(sequence: sequence)
                let destination = LogDestination(session: 1, qos: 1, fate: fate)
                session.append(destination, UInt32(next), sequence)
                next += 1
                let sending = LogSending(
                    session: 1,
                    sequence: sequence,
                    identifiers: IdentifierStretch(first: UInt16(identifier)),
                    qos: 1,
                    lastIdentifier: UInt16(identifier)
                )
                #expect(session.send(sending) == 1)
                left.append(identifier)
            }
        }
        #expect(Set(session.outgoing.map { Int($0.identifier) }) == Set(left))
        #expect(session.outgoingCount == left.count)
        #expect(session.searchedCount < 300 * Self.count)
    }

    @Test("What waits behind the messages of another publisher is found")
    func pending() {
        var pending = PendingMessages()
        let destination = LogDestination(session: 1, qos: 1, fate: .pending)
        for index in 0..<2 * Self.count { pending.append(UInt32(index), destination) }
        // One message twice.
        pending.append(UInt32(Self.count), destination)
        for index in Self.count..<2 * Self.count { pending.remove(UInt32(index)) }
        let isThere = pending.contains(UInt32(Self.count))
        #expect(isThere)
        pending.remove(UInt32(Self.count))
        let isStillThere = pending.contains(UInt32(Self.count))
        #expect(!isStillThere)
        pending.remove(UInt32(Self.count))
        #expect(pending.all.map(\.message) == (0..<UInt32(Self.count)).map { $0 })
        for index in 0..<Self.count { pending.remove(UInt32(index)) }
        #expect(pending.all.isEmpty)
        #expect(pending.searchedCount < 200 * Self.count)
    }
}
