// SPDX-License-Identifier: Apache-2.0
// Whose turn it is in a shared subscription, while members come and go.

import Testing
import Topics

@Suite struct SharedGroupTests {
    /// The members who get the next messages to a topic with one group.
    private func turns(_ index: SubscriptionIndex, _ topic: String, _ count: Int) -> [UInt64] {
        (0..<count).compactMap { _ in
            index.match(topic).sharedGroups.first?.next()?.session.rawValue
        }
    }

    @Test("One member gets each message, in turn, the oldest first")
    func roundRobin() {
        let index = SubscriptionIndex()
        for session in 1...3 {
            #expect(index.subscribe(UInt64(session), "a/+", share: "g") == nil)
        }
        #expect(turns(index, "a/b", 7) == [1, 2, 3, 1, 2, 3, 1])
        #expect(index.match("a/b").destinations.isEmpty)
        #expect(index.sharedSubscriptionCount == 3 && index.subscriptionCount == 0)
    }

    @Test("A new member waits until all others had their turn")
    func join() {
        let index = SubscriptionIndex()
        for session in 1...3 { index.subscribe(UInt64(session), "a", share: "g") }
        #expect(turns(index, "a", 1) == [1])
        index.subscribe(4, "a", share: "g")
        #expect(turns(index, "a", 6) == [2, 3, 1, 4, 2, 3])
    }

    @Test("The turn goes on with the next one when a member leaves", arguments: 1...4)
    func leave(session: Int) {
        let index = SubscriptionIndex()
        for session in 1...4 { index.subscribe(UInt64(session), "a", share: "g") }
        #expect(turns(index, "a", 2) == [1, 2])
        #expect(index.unsubscribe(UInt64(session), "a", share: "g") != nil)
        let expected = [3, 4, 1, 2].filter { $0 != session }.map { UInt64($0) }
        #expect(turns(index, "a", 3) == expected)
    }

    @Test("Subscribing again keeps the turn and replaces the options")
    func resubscribe() {
        let index = SubscriptionIndex()
        for session in 1...3 { index.subscribe(UInt64(session), "a", share: "g") }
        #expect(turns(index, "a", 1) == [1])
        let previous = Destination(
            session: SessionHandle(rawValue: 2),
            options: SubscriptionOptions(rawValue: 0)
        )
        let result = index.subscribe(2, "a", share: "g", identifier: 5, options: 1)
        #expect(result == previous)
        let next = index.match("a").sharedGroups.first?.next()
        #expect(next?.session.rawValue == 2)
        #expect(next?.subscriptionIdentifier == 5)
        #expect(next?.options.qualityOfService == 1)
        #expect(turns(index, "a", 3) == [3, 1, 2])
    }

    @Test("Each group and each filter has turns of its own, and its own generation")
    func groups() {
        let index = SubscriptionIndex()
        index.subscribe(1, "a", share: "g")
        index.subscribe(2, "a", share: "G")
        index.subscribe(3, "#", share: "g")
        index.subscribe(1, "a")
        let result = index.match("a")
        #expect(result.generation == index.generation)
        #expect(result.destinations.map(\.session.rawValue) == [1])
        let picked: [UInt64] = result.sharedGroups.compactMap { $0.next()?.session.rawValue }
        #expect(picked == [1, 2, 3])
        #expect(index.unsubscribe(2, "a", share: "G") != nil)
        #expect(index.unsubscribe(1, "a", share: "G") == nil)
        #expect(result.generation != index.generation)
        let left = index.match("a").sharedGroups.map { $0.membersInTurn.map(\.session.rawValue) }
        #expect(left == [[1], [3]])
    }

    /// A group done slowly: who is next stands first.
    private struct Model {
        var turns: [UInt64] = []

        mutating func next() -> UInt64? {
            guard !turns.isEmpty else { return nil }
            turns.append(turns.removeFirst())
            return turns.last
        }
    }

    @Test("Random joining, leaving and turns go as in a plain queue", arguments: 1...6)
    func model(seed: UInt64) {
        print("seed \(seed)")
        var random = RepeatableRandom(seed: seed &* 0x9E37_79B9)
        let index = SubscriptionIndex()
        var model = Model()
        // With few and with so many that a table finds them.
        let sessions: UInt64 = seed % 2 == 0 ? 8 : 60
        for step in 0..<2000 {
            let session = UInt64.random(in: 1...sessions, using: &random)
            let isThere = model.turns.contains(session)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let result = index.subscribe(
                    session,
                    "a",
                    share: "g",
                    identifier: UInt32(step),
                    slot: UInt32(step)
                )
                #expect((result != nil) == isThere)
                if !isThere { model.turns.append(session) }
            case 1:
                let removed = index.unsubscribe(session, "a", share: "g")
                #expect(removed?.session.rawValue == (isThere ? session : nil))
                model.turns.removeAll { $0 == session }
            default:
                #expect(turns(index, "a", 1) == (model.next().map { [$0] } ?? []))
            }
            let members = index.match("a").sharedGroups.first?.membersInTurn ?? []
            #expect(members.map(\.session.rawValue) == model.turns)
            index.checkInvariants()
        }
    }

    @Test("Whoever has left is passed by, also by those who found the group before")
    func staleGroup() {
        let index = SubscriptionIndex()
        for session in 1...3 { index.subscribe(UInt64(session), "a", share: "g") }
        let group = index.match("a").sharedGroups.first
        index.unsubscribe(2, "a", share: "g")
        #expect((1...4).compactMap { _ in group?.next()?.session.rawValue } == [1, 3, 1, 3])
        index.subscribe(9, "b", share: "g")
        let only = index.match("b").sharedGroups.first
        index.unsubscribe(9, "b", share: "g")
        #expect(only?.next() == nil)
    }

    @Test("The groups of a filter come in the order in which they were made, others having gone")
    func orderOfGroups() {
        let index = SubscriptionIndex()
        for number in 1...40 { index.subscribe(UInt64(number), "a", share: "name-\(number)") }
        for number in stride(from: 1, through: 40, by: 3) {
            #expect(index.unsubscribe(UInt64(number), "a", share: "name-\(number)") != nil)
            index.checkInvariants()
        }
        index.subscribe(50, "a", share: "name-1")
        let found = index.match("a").sharedGroups.compactMap { $0.next()?.session.rawValue }
        #expect(found == (1...40).filter { $0 % 3 != 1 } + [50])
        index.checkInvariants()
    }
}
