// SPDX-License-Identifier: Apache-2.0
// Readers and writers at the same time.

import Foundation
import Synchronization
import Testing
import Topics

private final class Number: Sendable {
    let value: Int

    init(_ value: Int) { self.value = value }
}

/// Runs all bodies, each on a thread of its own, and returns when all are done.
private func inParallel(_ bodies: [@Sendable () -> Void]) {
    DispatchQueue.concurrentPerform(iterations: bodies.count) { bodies[$0]() }
}

@Suite struct ThreadTests {
    @Test("Matches see whole subscriptions while other threads change them")
    func index() {
        let index = SubscriptionIndex()
        index.subscribe(1000, "room/+/temperature")
        let wrong = Atomic<Int>(0)
        let writer: @Sendable (UInt64) -> Void = { session in
            for round in 0..<2000 {
                let filter = "room/\(round % 7)/\(session)-and-a-long-level/x"
                index.subscribe(session, filter)
                index.subscribe(session, "room/#", share: "g")
                index.unsubscribe(session, filter)
                index.unsubscribe(session, "room/#", share: "g")
            }
        }
        let reader: @Sendable () -> Void = {
            var result = MatchResult()
            let topic = Array("room/3/temperature".utf8)
            for _ in 0..<6000 {
                index.match(topic: topic.span.bytes, into: &result)
                let isRight =
                    result.destinations.map(\.session.rawValue) == [1000]
                    && result.sharedGroups.allSatisfy { ($0.next()?.session.rawValue ?? 1) < 3 }
                if !isRight { wrong.wrappingAdd(1, ordering: .relaxed) }
            }
        }
        inParallel([{ writer(1) }, { writer(2) }, reader, reader])
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(index.subscriptionCount == 1 && index.sharedSubscriptionCount == 0)
    }

    @Test("Walks find what stays while other threads set and remove values")
    func retained() {
        let store = RetainedStore()
        for number in 0..<200 {
            let topic = Array("stay/\(number)".utf8)
            store.set(topic: topic.span.bytes, value: Number(number))
        }
        let wrong = Atomic<Int>(0)
        let writer: @Sendable (Int) -> Void = { thread in
            for round in 0..<3000 {
                let topic = Array("stay/\(round % 50)/\(thread)".utf8)
                store.set(topic: topic.span.bytes, value: Number(-1))
                store.remove(topic: topic.span.bytes)
            }
        }
        let reader: @Sendable () -> Void = {
            let filter = Array("stay/#".utf8)
            for _ in 0..<60 {
                let cursor = store.cursor(filter: filter.span.bytes)
                var found: [AnyObject] = []
                while !store.next(cursor, limit: 7, into: &found) {}
                let kept = found.compactMap { ($0 as? Number)?.value }.filter { $0 >= 0 }
                if kept != Array(0..<200) { wrong.wrappingAdd(1, ordering: .relaxed) }
            }
        }
        inParallel([{ writer(1) }, { writer(2) }, reader, reader])
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(store.count == 200)
    }
}
