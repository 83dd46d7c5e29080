// SPDX-License-Identifier: Apache-2.0
// Lists of the control API: patterns, the first of many, and where a page begins.

import JSON
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
            RowKey(rank: -1, "z"), RowKey(rank: 0, ""),
            RowKey(rank: 0, "Z"), RowKey(rank: 0, "a"),
            RowKey(rank: 0, "aa"), RowKey(rank: 0, "e\u{301}"),
            RowKey(rank: 0, "é"), RowKey(rank: 1, "a"),
        ]
        #expect(keys.shuffled().sorted() == keys)
        // One character in two spellings is two identifiers.
        #expect(keys[5] != keys[6])
    }

    @Test(
        "A cursor comes back as it went",
        arguments: [.clientsByIdentifier, .retained] as [ListNumber]
    )
    func cursor(list: ListNumber) throws {
        for (rank, name) in [(Int64.min, ""), (-1, "a\u{0}b"), (Int64.max, "e\u{301}")] {
            let cursor = PageCursor(list, after: RowKey(rank: rank, name))
            #expect(PageCursor(cursor.text) == cursor)
        }
    }

    @Test("What is no cursor is none", arguments: ["", "AAAA", "x", "//////////////////8=", "é"])
    func noCursor(text: String) {
        #expect(PageCursor(text) == nil)
    }

    private func part(_ names: [String], hasMore: Bool = false, bytes: Int = 1) -> ListPart {
        var part = ListPart()
        part.total = names.count
        part.rows = names.map { ListRow(key: RowKey($0), report: .null, byteCount: bytes) }
        part.hasMore = hasMore
        return part
    }

    private func request(_ count: Int) throws -> PageRequest {
        let value = JSONValue.object([.init("count", .number(Double(count)))])
        return try PageRequest(ControlArguments(value), of: .retained)
    }

    @Test("A page is the first of what all workers have, and says whether there is more")
    func page() throws {
        let parts = [part(["b", "d"]), part(["a", "c"])]
        let whole = ListPage(try request(4), parts)
        #expect(whole.rows.map(\.key.name) == ["a", "b", "c", "d"] && whole.total == 4)
        #expect(whole.cursor == nil)
        let first = ListPage(try request(3), parts)
        #expect(first.rows.map(\.key.name) == ["a", "b", "c"])
        #expect(first.cursor == PageCursor(.retained, after: RowKey("c")))
        let more = ListPage(try request(4), [part(["a"]), part(["b"], hasMore: true)])
        #expect(more.cursor?.key == RowKey("b"))
        let empty = ListPage(try request(4), [part([])])
        #expect(empty.rows.isEmpty && empty.cursor == nil)
    }

    @Test("A page of long entries ends early, but has one at least")
    func longPage() throws {
        let half = ListPage.bytesMax / 2
        let page = ListPage(try request(9), [part(["a", "b", "c"], bytes: half)])
        #expect(page.rows.count == 2 && page.cursor?.key == RowKey("b"))
        let huge = ListPage(try request(9), [part(["a", "b"], bytes: ListPage.bytesMax + 1)])
        #expect(huge.rows.count == 1)
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
