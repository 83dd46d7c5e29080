// SPDX-License-Identifier: Apache-2.0
// Lists of the control API: patterns, the first of many, and where a page begins.

import Testing

@testable import Core

@Suite("Lists of the control API")
struct ControlListTests {
    static let patterns: [(String, [String], [String])] = [
        ("a*", ["a", "ab", "a*"], ["", "ba"]),
        ("*", ["", "a", "\u{1F600}"], []),
        ("?", ["a", "é", "\u{1F600}"], ["", "ab"]),
        ("a?c*e", ["abce", "abcde", "aécee"], ["ace", "abcd", "abc"]),
        ("**a**", ["a", "xax"], ["", "x"]),
        ("plain", ["plain"], ["Plain", "plains", ""]),
        ("*aab", ["aaab", "aabaab"], ["aaba"]),
    ]

    @Test("Patterns match what they say", arguments: patterns)
    func pattern(_ text: String, _ matching: [String], _ others: [String]) throws {
        let pattern = try #require(GlobPattern(text))
        for name in matching { #expect(pattern.matches(name), "\(name)") }
        for name in others { #expect(!pattern.matches(name), "\(name)") }
    }

    @Test("Patterns are short")
    func long() {
        #expect(GlobPattern(String(repeating: "x", count: GlobPattern.bytesMax)) != nil)
        #expect(GlobPattern(String(repeating: "x", count: GlobPattern.bytesMax + 1)) == nil)
    }

    @Test("The first of many are those that sorting gives", arguments: [1, 2, 7, 100, 1000])
    func top(limit: Int) {
        var generator = SystemRandomNumberGenerator()
        let keys = Array(0..<500).shuffled(using: &generator)
        var top = TopRows<Int, String>(limit: limit)
        for key in keys { top.offer(key, "\(key)") }
        #expect(top.sorted.map(\.key) == Array(0..<min(limit, 500)))
        #expect(top.sorted.allSatisfy { $0.value == "\($0.key)" })
        #expect(top.bound == (limit <= 500 ? limit - 1 : nil))
    }

    @Test("Keys are in order of rank, then of the bytes of the identifier")
    func keys() {
        let keys = [
            ClientKey(rank: -1, identifier: "z"), ClientKey(rank: 0, identifier: ""),
            ClientKey(rank: 0, identifier: "Z"), ClientKey(rank: 0, identifier: "a"),
            ClientKey(rank: 0, identifier: "aa"), ClientKey(rank: 0, identifier: "e\u{301}"),
            ClientKey(rank: 0, identifier: "é"), ClientKey(rank: 1, identifier: "a"),
        ]
        #expect(keys.shuffled().sorted() == keys)
        // One character in two spellings is two identifiers.
        #expect(keys[5] != keys[6])
    }

    @Test("A cursor comes back as it went", arguments: ClientOrder.allCases)
    func cursor(order: ClientOrder) throws {
        for (rank, name) in [(Int64.min, ""), (-1, "a\u{0}b"), (Int64.max, "e\u{301}")] {
            let cursor = ClientCursor(order, after: ClientKey(rank: rank, identifier: name))
            #expect(ClientCursor(cursor.text) == cursor)
        }
    }

    @Test("What is no cursor is none", arguments: ["", "AAAA", "x", "//////////////////8=", "é"])
    func noCursor(text: String) {
        #expect(ClientCursor(text) == nil)
    }

    @Test("Rates are those since the oldest look of the last minute, or since the start")
    func rates() {
        var window = RateWindow()
        func look(_ milliseconds: Int64, _ count: UInt64) -> RateWindow.Rates {
            var sample = RateWindow.Sample()
            sample.milliseconds = milliseconds
            sample.messagesReceived = count
            return window.look(sample, start: 0)
        }
        #expect(look(10_000, 100).messagesReceived == 10)
        // Too soon to say anything: as from the start.
        #expect(look(10_500, 105).messagesReceived == 10)
        #expect(look(20_000, 1100).messagesReceived == 100)
        #expect(look(70_000, 1100).messagesReceived == 16.67)
        #expect(look(79_000, 1100).messagesReceived == 0)
        #expect(look(1_000_000, 1100).seconds == 1000)
    }
}
