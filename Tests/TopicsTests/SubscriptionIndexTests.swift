// SPDX-License-Identifier: Apache-2.0
// The subscription index against a list of filters searched one by one.

import Testing
import Topics

/// What the index should do, done slowly.
private struct Model {
    struct Entry {
        var filter: String
        var share: String?
        var session: UInt64
        var identifier: UInt32
        var slot: UInt32
    }

    var entries: [Entry] = []

    /// Filters in the order of delivery: at each level literal, `+`, `#`; deeper `#` first.
    private func rank(_ filter: String) -> [Int] {
        var ranks = levels(filter).map { $0 == "+" ? 1 : $0 == "#" ? 2 : 0 }
        // The end of a filter comes after `#` below it: `a/#` before `a`.
        ranks.append(3)
        return ranks
    }

    private func comesBefore(_ left: String, _ right: String) -> Bool {
        rank(left).lexicographicallyPrecedes(rank(right))
    }

    /// The slot under which the session had it.
    mutating func subscribe(_ entry: Entry) -> UInt32? {
        let index = entries.firstIndex {
            $0.filter == entry.filter && $0.share == entry.share && $0.session == entry.session
        }
        if let index {
            entries[index].identifier = entry.identifier
            return entries[index].slot
        }
        entries.append(entry)
        return nil
    }

    mutating func unsubscribe(_ session: UInt64, _ filter: String, _ share: String?) -> UInt32? {
        let index = entries.firstIndex {
            $0.filter == filter && $0.share == share && $0.session == session
        }
        return index.map { entries.remove(at: $0).slot }
    }

    /// The ordinary subscriptions matching a topic, in order.
    func match(_ topic: String) -> [Entry] {
        let hits = entries.filter { $0.share == nil && referenceMatches($0.filter, topic) }
        let filters = Set(hits.map(\.filter)).sorted(by: comesBefore)
        return filters.flatMap { filter in hits.filter { $0.filter == filter } }
    }

    /// The members of each matching group, sorted, with the groups in no order.
    func groups(_ topic: String) -> [[UInt64]] {
        let hits = entries.filter { $0.share != nil && referenceMatches($0.filter, topic) }
        let groups = Dictionary(grouping: hits) { "\($0.share ?? "") \($0.filter)" }
        return groups.values.map { $0.map(\.session).sorted() }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }
}

@Suite struct SubscriptionIndexTests {
    @Test("Matches come depth first: literal, then +, then #, and a deeper # before the node")
    func order() {
        let index = SubscriptionIndex()
        let filters = [
            "#", "+/#", "+/+", "+/b", "a/#", "a/+", "a/+/#", "a/b", "a/b/#", "+/b/#", "+/+/#",
        ]
        for (number, filter) in filters.enumerated() { index.subscribe(UInt64(number), filter) }
        let found = index.sessions("a/b").map { filters[Int($0)] }
        let expected = [
            "a/b/#", "a/b", "a/+/#", "a/+", "a/#", "+/b/#", "+/b", "+/+/#", "+/+", "+/#", "#",
        ]
        #expect(found == expected)
    }

    @Test(
        "[MQTT-4.7.2-1] A wildcard in the first level does not match a topic that begins with $",
        arguments: [
            ("#", "$SYS/x", false), ("+/x", "$SYS/x", false), ("$SYS/#", "$SYS/x", true),
            ("$SYS/+", "$SYS/x", true), ("a/#", "a/$x", true), ("a/+", "a/$x", true),
        ]
    )
    func dollar(filter: String, topic: String, isMatch: Bool) {
        let index = SubscriptionIndex()
        index.subscribe(1, filter)
        index.subscribe(1, filter, share: "g")
        #expect(index.sessions(topic) == (isMatch ? [1] : []))
        #expect(index.match(topic).sharedGroups.count == (isMatch ? 1 : 0))
    }

    @Test("[MQTT-3.8.4-3] Subscribing again replaces options and identifier and keeps the place")
    func resubscribe() {
        let index = SubscriptionIndex()
        #expect(index.subscribe(1, "a", identifier: 7, options: 1, slot: 5) == nil)
        #expect(index.subscribe(2, "a") == nil)
        let before = index.generation
        let previous = Destination(
            session: SessionHandle(rawValue: 1),
            subscriptionIdentifier: 7,
            options: SubscriptionOptions(rawValue: 1),
            slot: 5
        )
        #expect(index.subscribe(1, "a", identifier: 9, options: 2, slot: 6) == previous)
        #expect(index.generation > before)
        let after = index.generation
        #expect(index.subscribe(1, "a", identifier: 9, options: 2, slot: 7)?.slot == 5)
        #expect(index.generation == after)
        let found = index.match("a").destinations
        #expect(found.map(\.session.rawValue) == [1, 2])
        #expect(found.map(\.subscriptionIdentifier) == [9, 0])
        #expect(found.map(\.slot) == [5, 0])
        #expect(index.unsubscribe(1, "a")?.slot == 5)
        #expect(index.unsubscribe(1, "a") == nil)
        index.subscribe(1, "a")
        #expect(index.subscriptionCount == 2)
    }

    @Test("A topic of more than 201 levels matches nothing")
    func tooDeep() {
        let index = SubscriptionIndex()
        index.subscribe(1, "#")
        #expect(index.sessions(String(repeating: "/", count: 200)) == [1])
        #expect(index.sessions(String(repeating: "/", count: 201)) == [])
        #expect(index.sessions("") == [])
    }

    @Test("Random subscribing and unsubscribing leaves what a plain list has", arguments: 1...8)
    func model(seed: UInt64) {
        print("seed \(seed)")
        var random = RepeatableRandom(seed: seed &* 0x9E37_79B9)
        let index = SubscriptionIndex()
        var model = Model()
        for step in 0..<500 {
            let filter = seed % 2 == 0 ? random.filter() : ["a", "+/b"][step % 2]
            let session = UInt64.random(in: 1...(seed % 2 == 0 ? 6 : 90), using: &random)
            let share = [nil, nil, "g", "h"].randomElement(using: &random) ?? nil
            let before = index.generation
            if Int.random(in: 0..<5, using: &random) < (step < 300 ? 3 : 1) {
                let identifier = UInt32(step + 1)
                let slot = model.subscribe(
                    .init(
                        filter: filter,
                        share: share,
                        session: session,
                        identifier: identifier,
                        slot: identifier * 3
                    )
                )
                let result = index.subscribe(
                    session,
                    filter,
                    share: share,
                    identifier: identifier,
                    slot: identifier * 3
                )
                #expect(result?.slot == slot)
                #expect(index.generation > before)
            } else {
                let slot = model.unsubscribe(session, filter, share)
                #expect(index.unsubscribe(session, filter, share: share)?.slot == slot)
                #expect((index.generation > before) == (slot != nil))
            }
            index.checkInvariants()
            compare(index, model, topic: random.topic())
        }
        for entry in model.entries {
            #expect(index.unsubscribe(entry.session, entry.filter, share: entry.share) != nil)
            index.checkInvariants()
        }
        #expect(!index.hasSubscribers)
        var nodesLeft = 0
        index.forEachNode(in: .ordinary) { _, _, _ in nodesLeft += 1 }
        index.forEachNode(in: .shared) { _, _, _ in nodesLeft += 1 }
        #expect(nodesLeft == 0)
    }

    private func compare(_ index: SubscriptionIndex, _ model: Model, topic: String) {
        let result = index.match(topic)
        let expected = model.match(topic)
        #expect(result.destinations.map(\.session.rawValue) == expected.map(\.session), "\(topic)")
        #expect(
            result.destinations.map(\.subscriptionIdentifier) == expected.map(\.identifier),
            "\(topic)"
        )
        let groups = result.sharedGroups.map { $0.membersInTurn.map(\.session.rawValue).sorted() }
            .sorted { $0.lexicographicallyPrecedes($1) }
        #expect(groups == model.groups(topic), "\(topic)")
        #expect(index.subscriptionCount == model.entries.count { $0.share == nil })
        #expect(index.sharedSubscriptionCount == model.entries.count { $0.share != nil })
    }

    @Test("Many subscribers of one filter stay in the order in which they subscribed")
    func manySubscribers() {
        let index = SubscriptionIndex()
        for session in 1...1000 { index.subscribe(UInt64(session), "a/b") }
        for session in stride(from: 1, through: 1000, by: 3) {
            #expect(index.unsubscribe(UInt64(session), "a/b") != nil)
        }
        let expected: [UInt64] = (1...1000).filter { $0 % 3 != 1 }
        #expect(index.sessions("a/b") == expected)
        index.checkInvariants()
        for session in 1...1000 { index.unsubscribe(UInt64(session), "a/b") }
        #expect(!index.hasSubscribers)
    }

    @Test("The tree is shown parents first, each kind by itself")
    func walk() {
        let index = SubscriptionIndex()
        index.subscribe(1, "a/b")
        index.subscribe(2, "a/#")
        index.subscribe(3, "$SYS/#")
        index.subscribe(4, "a/b/c", share: "g")
        func show(_ kind: SubscriptionKind) -> [String] {
            var lines: [String] = []
            index.forEachNode(in: kind) { depth, level, subscribers in
                let sessions = subscribers.map { " (\($0.session.rawValue))" }.joined()
                lines.append(
                    String(repeating: " ", count: depth) + String(decoding: level, as: UTF8.self)
                        + sessions
                )
            }
            return lines
        }
        #expect(show(.ordinary) == ["a", " b (1)", " # (2)", "$SYS", " # (3)"])
        #expect(show(.shared) == ["a", " b", "  c (4)"])
    }
}
