// SPDX-License-Identifier: Apache-2.0
// References to messages, beside a dictionary that counts the same.

import TestSupport
import Testing

@testable import PluginHost

@Suite("References to messages")
struct ReferenceTableTests {
    private struct Model {
        var counts: [UInt64: Int] = [:]
        var announced: Set<UInt64> = []
    }

    /// Numbers as brokers give them: rows of several reactors, and some that others have made up.
    private static func number(_ dice: inout SplitMix64) -> UInt64 {
        let counter = dice.next() % 3000
        switch dice.next() % 8 {
        case 0: return dice.next() | 1
        case 1: return (counter + 1) << 12
        default: return (1 << 40 + counter) << 8 | dice.next() % 4
        }
    }

    @Test("Random references are counted as in a dictionary", arguments: [1, 2, 3])
    func model(seed: UInt64) {
        var dice = SplitMix64(seed: seed)
        let table = UnsafeReferenceTable()
        var model = Model()
        for round in 0..<60_000 {
            // It grows, then shrinks.
            let grows = dice.next() % 10 < (round < 40_000 ? 6 : 3)
            let number = Self.number(&dice)
            if grows {
                add(number, table, &model)
            } else if let known = model.counts.keys.first, model.counts.count > 1 {
                release(dice.next() % 4 == 0 ? number : known, table, &model)
            }
            let count = table.count
            #expect(count == model.counts.count)
        }
        for number in Array(model.counts.keys) {
            while let count = model.counts[number] {
                if count > 0 { release(number, table, &model) } else { add(number, table, &model) }
            }
        }
        let count = table.count
        #expect(count == 0)
    }

    private func add(
        _ number: UInt64,
        _ table: borrowing UnsafeReferenceTable,
        _ model: inout Model
    ) {
        let count = model.counts[number, default: 0] + 1
        model.counts[number] = count == 0 ? nil : count
        let outcome = table.add(number)
        if count == 0 {
            #expect(outcome == .superseded)
            model.announced.remove(number)
        } else {
            let isNew = model.announced.insert(number).inserted
            #expect(outcome == (isNew ? .first : .further))
        }
    }

    private func release(
        _ number: UInt64,
        _ table: borrowing UnsafeReferenceTable,
        _ model: inout Model
    ) {
        let count = model.counts[number, default: 0] - 1
        model.counts[number] = count == 0 ? nil : count
        let isLast = table.release(number)
        #expect(isLast == (count == 0 && model.announced.contains(number)))
        if count == 0 { model.announced.remove(number) }
    }

    @Test("A number that is retained is known as that, until it is not")
    func retained() {
        let table = UnsafeReferenceTable()
        let outcomes = [table.add(1 << 8, isRetained: true), table.add(1 << 8)]
        #expect(outcomes == [.first, .further])
        let known = [table.isRetained(1 << 8), table.isRetained(2 << 8)]
        #expect(known == [true, false])
        let isLast = table.release(1 << 8, isRetained: true)
        let isStillKnown = table.isRetained(1 << 8)
        #expect(!isLast && !isStillKnown)
        // Nobody refers to number 0, which is no message.
        let ends = [table.release(1 << 8), table.release(0)]
        #expect(ends == [true, false])
    }

    @Test("A message that is held is over when it is let go, and not told of if nobody had it")
    func held() {
        let table = UnsafeReferenceTable()
        table.hold(1 << 8)
        let outcomes = [table.add(1 << 8), table.add(1 << 8)]
        #expect(outcomes == [.first, .further])
        let ends = (0..<3).map { _ in table.release(1 << 8) }
        #expect(ends == [false, false, true])
        table.hold(2 << 8)
        let isKnown = table.release(2 << 8)
        let count = table.count
        #expect(!isKnown && count == 0)
    }

    @Test("What was let go before it was referred to is not told of")
    func superseded() {
        let table = UnsafeReferenceTable()
        let isLast = table.release(7 << 8, isRetained: true)
        let outcome = table.add(7 << 8, isRetained: true)
        let count = table.count
        #expect(!isLast && outcome == .superseded && count == 0)
    }
}
