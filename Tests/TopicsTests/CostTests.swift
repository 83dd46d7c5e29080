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

    @Test("Walks that have not begun cost those who remove retained values nothing")
    func waitingWalks() {
        let store = RetainedStore()
        let value = Value()
        let topics = (0..<1000).map { Array("a/\($0)".utf8) }
        for topic in topics { store.set(topic: topic.span.bytes, value: value) }
        let filter = Array("a/+".utf8)
        let cursors = (0..<1000).map { _ in store.cursor(filter: filter.span.bytes) }
        let late = Array("a/late".utf8)
        store.set(topic: late.span.bytes, value: value)
        var found: [AnyObject] = []
        _ = store.next(cursors[0], limit: 1, into: &found)
        hold("remove", 999) { number in
            let topic = topics[number]
            store.remove(topic: topic.span.bytes)
        }
        for cursor in cursors {
            found = []
            while !store.next(cursor, limit: 100, into: &found) {}
            // What was added since the walk began is not found, what was removed is gone.
            #expect(found.count == 1)
        }
    }

    @Test(
        "Walks under way cost those who remove values a few steps, wherever they are",
        arguments: [0, 1]
    )
    func openWalks(spread: Int) {
        let store = RetainedStore()
        let value = Value()
        let count = 2000
        let topics = (0..<count).map { Array("a/\($0)".utf8) }
        for topic in topics { store.set(topic: topic.span.bytes, value: value) }
        let filter = Array("a/+".utf8)
        let cursors = (0..<count / 2).map { _ in store.cursor(filter: filter.span.bytes) }
        var seen = [Int](repeating: 0, count: cursors.count)
        for (index, cursor) in cursors.enumerated() {
            var found: [AnyObject] = []
            _ = store.next(cursor, limit: 1 + spread * index, into: &found)
            seen[index] = found.count
        }
        let before = UnsafeStepCount.value
        for topic in topics.dropLast(10) { store.remove(topic: topic.span.bytes) }
        #expect(UnsafeStepCount.value - before < 20 * count)
        for (index, cursor) in cursors.enumerated() {
            var found: [AnyObject] = []
            while !store.next(cursor, limit: 100, into: &found) {}
            #expect(found.count == 10 && seen[index] == 1 + spread * index)
        }
        // With the last walk the nodes are gone that had withered.
        #expect(store.count == 10)
        for topic in topics { store.set(topic: topic.span.bytes, value: value) }
        #expect(store.count == count)
    }

    @Test("A piece of a walk over 300,000 values takes bounded steps", arguments: [1, 128])
    func walkPieces(limit: Int) {
        let store = RetainedStore()
        let value = Value()
        for number in 0..<300_000 {
            let topic = Array("a/\(number)/b".utf8)
            store.set(topic: topic.span.bytes, value: value)
        }
        let filter = Array("a/+/none".utf8)
        let cursor = store.cursor(filter: filter.span.bytes)
        var found: [AnyObject] = []
        var isFinished = false
        var pieces = 0
        while !isFinished && pieces < 400_000 {
            let before = UnsafeStepCount.value
            isFinished = store.next(cursor, limit: limit, into: &found)
            if UnsafeStepCount.value - before > 16 * limit { Issue.record("too many steps") }
            pieces += 1
        }
        #expect(isFinished && found.isEmpty && pieces >= 300_000 / (16 * limit))
    }
}

private final class Value: Sendable {}
