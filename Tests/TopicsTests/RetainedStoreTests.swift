// SPDX-License-Identifier: Apache-2.0
// The retained store against a dictionary, with walks open while it changes.

import Testing
import Topics

/// A value as the broker keeps it: an immutable object.
private final class Value: Sendable {
    let topic: String
    let number: Int

    init(_ topic: String, _ number: Int = 0) {
        self.topic = topic
        self.number = number
    }
}

/// Calls with strings.
extension RetainedStore {
    @discardableResult
    fileprivate func set(_ value: Value) -> Value? {
        let topic = Array(value.topic.utf8)
        return set(topic: topic.span.bytes, value: value) as? Value
    }

    @discardableResult
    fileprivate func remove(_ topic: String) -> Value? {
        let topic = Array(topic.utf8)
        return remove(topic: topic.span.bytes) as? Value
    }

    fileprivate func value(_ topic: String) -> Value? {
        let topic = Array(topic.utf8)
        return value(topic: topic.span.bytes) as? Value
    }

    fileprivate func cursor(_ filter: String) -> RetainedCursor {
        let filter = Array(filter.utf8)
        return cursor(filter: filter.span.bytes)
    }

    fileprivate func topics(_ filter: String, limit: Int = 3) -> [String] {
        let cursor = cursor(filter)
        var found: [AnyObject] = []
        while !next(cursor, limit: limit, into: &found) {}
        return found.compactMap { ($0 as? Value)?.topic }
    }
}

@Suite struct RetainedStoreTests {
    @Test("Values come depth first, parents before children, siblings as first seen")
    func order() {
        let store = RetainedStore()
        for topic in ["b/2", "a/x", "b/1", "b", "$SYS/a", "a", "1/2/3/4", "1"] {
            store.set(Value(topic))
        }
        #expect(store.topics("#") == ["b", "b/2", "b/1", "a", "a/x", "1", "1/2/3/4"])
        #expect(store.topics("+/#") == store.topics("#"))
        #expect(store.topics("b/#") == ["b", "b/2", "b/1"])
        #expect(store.topics("+") == ["b", "a", "1"])
        #expect(store.topics("$SYS/#") == ["$SYS/a"])
        #expect(store.topics("b/1") == ["b/1"])
        #expect(store.topics("1/+/3/+") == ["1/2/3/4"])
        #expect(store.topics("nothing/#") == [])
        let all = store.cursorOverAll()
        var found: [AnyObject] = []
        #expect(store.next(all, limit: 100, into: &found))
        #expect(found.count == 8)
    }

    @Test("[MQTT-3.3.1-5] [MQTT-3.3.1-6] A value replaces the one before; removing forgets it")
    func replace() {
        let store = RetainedStore()
        #expect(store.set(Value("a/b", 1)) == nil)
        #expect(store.set(Value("a/b", 2))?.number == 1)
        #expect(store.value("a/b")?.number == 2)
        #expect(store.value("a") == nil)
        #expect(store.count == 1)
        #expect(store.remove("a") == nil)
        #expect(store.remove("a/b")?.number == 2)
        #expect(store.count == 0)
        #expect(store.topics("#") == [])
    }

    @Test("Values are released when replaced, removed, or with the store")
    func release() {
        weak var replaced: Value?
        weak var removed: Value?
        weak var kept: Value?
        var store: RetainedStore? = RetainedStore()
        do {
            let values = [Value("a"), Value("b/long-topic-level-text"), Value("c")]
            replaced = values[0]
            removed = values[1]
            kept = values[2]
            for value in values { store?.set(value) }
        }
        #expect(replaced != nil && removed != nil && kept != nil)
        store?.set(Value("a"))
        store?.remove("b/long-topic-level-text")
        #expect(replaced == nil && removed == nil && kept != nil)
        store = nil
        #expect(kept == nil)
    }

    @Test("A random history leaves what a dictionary has, for every filter", arguments: 1...6)
    func model(seed: UInt64) {
        var random = RepeatableRandom(seed: seed &* 0x1234_5677)
        let store = RetainedStore()
        var model: [String: Int] = [:]
        for step in 0..<500 {
            let topic = random.topic()
            if Int.random(in: 0..<5, using: &random) < (step < 300 ? 3 : 1) {
                #expect(
                    store.set(Value(topic, step))?.number == model.updateValue(step, forKey: topic)
                )
            } else {
                #expect(store.remove(topic)?.number == model.removeValue(forKey: topic))
            }
            #expect(store.count == model.count)
            #expect(store.value(topic)?.number == model[topic])
            if step % 5 == 0 {
                let filter = random.filter()
                let expected = model.keys.filter { referenceMatches(filter, $0) }
                #expect(store.topics(filter).sorted() == expected.sorted(), "\(filter)")
            }
        }
    }

    @Test("Open walks find untouched topics once and no topic twice", arguments: 1...12)
    func cursors(seed: UInt64) {
        var random = RepeatableRandom(seed: seed &* 0x7654_3211)
        let store = RetainedStore()
        for _ in 0..<300 { store.set(Value(random.topic(), 1)) }
        var before: [String] = []
        let all = store.cursorOverAll()
        var values: [AnyObject] = []
        while !store.next(all, limit: 50, into: &values) {}
        before = values.compactMap { ($0 as? Value)?.topic }
        #expect(before.count == store.count)

        let filters = ["#", "+/#", random.filter(), random.filter(), "a/#", "+/+"]
        let cursors = filters.map { store.cursor($0) }
        var found = [[AnyObject]](repeating: [], count: filters.count)
        var isOpen = [Bool](repeating: true, count: filters.count)
        var touched: Set<String> = []
        while isOpen.contains(true) {
            for _ in 0..<6 {
                let topic =
                    Bool.random(using: &random)
                    ? random.topic() : before.randomElement(using: &random) ?? "a"
                touched.insert(topic)
                if Int.random(in: 0..<3, using: &random) == 0 {
                    store.set(Value(topic, 2))
                } else {
                    store.remove(topic)
                }
            }
            for index in filters.indices where isOpen[index] {
                isOpen[index] = !store.next(cursors[index], limit: 2, into: &found[index])
            }
        }
        for (filter, values) in zip(filters, found) {
            let topics = values.compactMap { ($0 as? Value)?.topic }
            #expect(Set(topics).count == topics.count, "\(filter) found a topic twice")
            #expect(topics.allSatisfy { referenceMatches(filter, $0) })
            let expected = before.filter { referenceMatches(filter, $0) && !touched.contains($0) }
            #expect(Set(expected).isSubset(of: topics), "\(filter) missed a topic")
        }
    }

    @Test("A sweep removes what is unwanted, piece by piece, and keeps the rest")
    func sweep() {
        let store = RetainedStore()
        for number in 0..<500 { store.set(Value("d/\(number % 25)/\(number)", number)) }
        let cursor = store.cursorOverAll()
        let watcher = store.cursor("d/#")
        var removed = 0
        var pieces = 0
        var watched: [AnyObject] = []
        var isFinished = false
        while !isFinished {
            let piece = store.removeAll(cursor, limit: 10) {
                (($0 as? Value)?.number ?? 0) % 3 == 0
            }
            #expect(piece.removed.count <= 10)
            removed += piece.removed.count
            pieces += 1
            isFinished = piece.isFinished
            _ = store.next(watcher, limit: 4, into: &watched)
        }
        while !store.next(watcher, limit: 4, into: &watched) {}
        #expect(removed == 167)
        #expect(pieces > 10)
        #expect(store.count == 333)
        let kept = watched.compactMap { ($0 as? Value)?.number }.filter { $0 % 3 != 0 }
        #expect(kept.count == 333 && Set(kept).count == 333)
    }
}
