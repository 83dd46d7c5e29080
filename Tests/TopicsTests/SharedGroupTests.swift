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

    @Test("[MQTT-4.8.2-4] One member gets each message, in turn, the oldest first")
    func roundRobin() {
        let index = SubscriptionIndex()
        for session in 1...3 {
            #expect(index.subscribe(UInt64(session), "a/+", share: "g") == .new)
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
        #expect(index.unsubscribe(UInt64(session), "a", share: "g"))
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
        #expect(result == .replaced(previous: previous))
        let next = index.match("a").sharedGroups.first?.next()
        #expect(next?.session.rawValue == 2)
        #expect(next?.subscriptionIdentifier == 5)
        #expect(next?.options.qualityOfService == 1)
        #expect(turns(index, "a", 3) == [3, 1, 2])
    }

    @Test("[MQTT-4.8.2-5] Each group and each filter has turns of its own, and its own generation")
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
        #expect(index.unsubscribe(2, "a", share: "G"))
        #expect(!index.unsubscribe(1, "a", share: "G"))
        #expect(result.generation != index.generation)
        #expect(
            index.match("a").sharedGroups.map(\.shareName) == [Array("g".utf8), Array("g".utf8)]
        )
    }
}
