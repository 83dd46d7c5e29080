// SPDX-License-Identifier: Apache-2.0
// Which topic names and filters there may be.

import Testing
import TopicRules

@Suite("Rules of topics")
struct TopicRulesTests {
    private func acceptsName(_ text: String) -> Bool { TopicRules.isName(text.utf8Span.span) }
    private func acceptsFilter(_ text: String) -> Bool { TopicRules.isFilter(text.utf8Span.span) }
    private func hasWildcard(_ text: String) -> Bool {
        TopicRules.hasWildcard(text.utf8Span.span)
    }
    private func hasWildcardsInPlace(_ text: String) -> Bool {
        TopicRules.hasWildcardsInPlace(text.utf8Span.span)
    }

    @Test(
        "A topic may grow to 65,535 bytes",
        arguments: [
            (65_535, 0, true), (65_536, 0, false), (65_534, 1, true), (65_535, 1, false),
            (0, 65_535, true), (1, 65_535, false), (0, 65_536, false), (65_526, 9, true),
            (65_527, 9, false), (1, Int.max, false), (Int.max, 0, false),
        ]
    )
    func growth(count: Int, growth: Int, isAllowed: Bool) {
        #expect(TopicRules.mayGrow(topicOf: count, by: growth) == isAllowed)
    }

    @Test(
        "[MQTT-4.7.3-1] [MQTT-4.7.3-3] Length, levels and wildcards decide what is a topic",
        arguments: [
            ("a", true, true), ("", false, false), ("/", true, true), ("a/+", false, true),
            ("#", false, true), ("a/#", false, true), ("a#", false, false), ("a/#/b", false, false),
            ("+a", false, false), ("a+/b", false, false), ("+/+", false, true),
            (String(repeating: "/", count: 200), true, true),
            (String(repeating: "/", count: 201), false, false),
            (String(repeating: "x", count: 65_535), true, true),
            (String(repeating: "x", count: 65_536), false, false),
        ]
    )
    func validity(text: String, isTopic: Bool, isFilter: Bool) {
        #expect(acceptsName(text) == isTopic)
        #expect(acceptsFilter(text) == isFilter)
    }

    @Test("Wildcards can be in place at any length and depth")
    func withoutLimits() {
        let deep = String(repeating: "/", count: 100_000)
        #expect(hasWildcardsInPlace(deep + "#"))
        #expect(!hasWildcardsInPlace(deep + "a#"))
    }

    @Test(
        "A wildcard is seen wherever it is",
        arguments: [("", false), ("a/b", false), ("a+", true), ("#", true), ("a/+/b", true)]
    )
    func wildcards(text: String, isThere: Bool) {
        #expect(hasWildcard(text) == isThere)
    }
}
