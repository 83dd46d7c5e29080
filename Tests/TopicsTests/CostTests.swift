// SPDX-License-Identifier: Apache-2.0
// What an operation of the index costs, in entries looked at, where a filter or a session has many.

import Testing
import Topics

@Suite struct CostTests {
    /// A search may look at so many entries, on average over many.
    private static let stepsMax = 24

    /// Asserts that an operation, done `count` times, takes constantly many steps.
    private func hold(_ name: Comment, _ count: Int, _ body: (Int) -> Void) {
        let before = UnsafeStepCount.value
        for number in 0..<count { body(number) }
        let steps = UnsafeStepCount.value - before
        #expect(steps <= count * Self.stepsMax, name)
    }

    @Test("One session subscribes to 100,000 filters, again, and leaves them last to first")
    func manyFilters() {
        let index = SubscriptionIndex()
        let count = 100_000
        let filters = (0..<count).map { "devices/\($0)/state" }
        hold("first", count) { index.subscribe(1, filters[$0], slot: UInt32($0)) }
        hold("again", count) { number in
            if index.subscribe(1, filters[number])?.slot != UInt32(number) {
                Issue.record("another slot for \(number)")
            }
        }
        hold("backwards", count) { index.unsubscribe(1, filters[count - 1 - $0]) }
        #expect(!index.hasSubscribers)
    }

    @Test("30,000 share names on one filter, first to last, last to first and shuffled")
    func manyShareNames() {
        let index = SubscriptionIndex()
        let count = 30_000
        var random = RepeatableRandom(seed: 7)
        let shuffled = Array(0..<count).shuffled(using: &random)
        for order in [Array(0..<count), Array((0..<count).reversed()), shuffled] {
            hold("first", count) { index.subscribe(1, "a/+", share: "a long name \($0)") }
            hold("again", count) { index.subscribe(1, "a/+", share: "a long name \(order[$0])") }
            #expect(index.match("a/b").sharedGroups.count == count)
            hold("leave", count) { index.unsubscribe(1, "a/+", share: "a long name \(order[$0])") }
            #expect(!index.hasSubscribers)
        }
    }

    @Test("20,000 sessions on one filter come, come again and leave in any order")
    func manySessions() {
        let index = SubscriptionIndex()
        let count = 20_000
        var random = RepeatableRandom(seed: 11)
        let shuffled = Array(0..<count).shuffled(using: &random)
        for order in [Array(0..<count), Array((0..<count).reversed()), shuffled] {
            hold("first", count) { index.subscribe(UInt64($0) << 24, "a") }
            hold("again", count) { index.subscribe(UInt64(order[$0]) << 24, "a", identifier: 3) }
            #expect(index.sessions("a") == (0..<UInt64(count)).map { $0 << 24 })
            hold("leave", count) { index.unsubscribe(UInt64(order[$0]) << 24, "a") }
            #expect(!index.hasSubscribers)
        }
    }

    @Test("A group of 20,000 members joins, takes turns and leaves in any order")
    func manyMembers() {
        let index = SubscriptionIndex()
        let count = 20_000
        var random = RepeatableRandom(seed: 13)
        let shuffled = Array(0..<count).shuffled(using: &random)
        for order in [Array(0..<count), Array((0..<count).reversed()), shuffled] {
            hold("join", count) { number in
                index.subscribe(UInt64(number) << 24, "a", share: "g")
                if number % 2 == 0 { _ = index.match("a").sharedGroups.first?.next() }
            }
            hold("again", count) { index.subscribe(UInt64(order[$0]) << 24, "a", share: "g") }
            let taken = (0..<count).compactMap { _ in
                index.match("a").sharedGroups.first?.next()?.session.rawValue
            }
            #expect(Set(taken).count == count)
            hold("leave", count) { number in
                index.unsubscribe(UInt64(order[number]) << 24, "a", share: "g")
                if number % 2 == 0 { _ = index.match("a").sharedGroups.first?.next() }
            }
            #expect(!index.hasSubscribers)
        }
    }
}
