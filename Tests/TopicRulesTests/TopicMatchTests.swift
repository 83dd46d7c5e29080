// SPDX-License-Identifier: Apache-2.0
// Filters against topic names and against filters, with and without a client's names.

import Testing
import TopicRules

@Suite("Comparing topics")
struct TopicMatchTests {
    private func compare(_ filter: String, _ other: String) -> TopicMatch {
        TopicRules.compare(filter.utf8Span.span, with: other.utf8Span.span)
    }

    private func compare(
        pattern: String,
        _ other: String,
        clientID: String = "me",
        username: String = "you"
    ) -> TopicMatch {
        TopicRules.compare(
            pattern.utf8Span.span,
            with: other.utf8Span.span,
            for: TopicSubject(
                clientIdentifier: clientID.utf8Span.span,
                userName: username.utf8Span.span
            )
        )
    }

    @Test(
        "[MQTT-4.7.1-2] [MQTT311-4.7.1-3] Wildcards match as the specification's examples say",
        arguments: [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
            ("sport/#", "sport", true), ("#", "sport", true), ("#", "/a", true),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false), ("sport/+", "sport/", true),
            ("+/+", "/finance", true), ("/+", "/finance", true), ("+", "/finance", false),
            ("#", "$SYS/x", false), ("+/x", "$SYS/x", false), ("$SYS/#", "$SYS/x", true),
            ("a/b", "a/B", false), ("a", "a/", false), ("a/", "a", false), ("a/+/#", "a/b", true),
            ("a/+/#", "a", false),
        ]
    )
    func examples(filter: String, topic: String, isMatch: Bool) {
        #expect(compare(filter, topic) == (isMatch ? .match : .noMatch))
    }

    @Test(
        "A pattern matches topics as filters do, with %c and %u; what is malformed shows when met",
        arguments: [
            ("a/b", "a/b", TopicMatch.match), ("a/b", "a/c", .noMatch),
            ("a/b", "a", .noMatch),
            ("a", "a/b", .noMatch), ("#", "a/b", .match), ("a/#", "a", .match),
            ("a/#", "a/", .match),
            ("a/#", "a/b/c", .match), ("a/#", "ab", .noMatch), ("+", "a", .match),
            ("+", "a/b", .noMatch),
            ("+/+", "/a", .match), ("+/#", "a", .match), ("a/+/#", "a/b", .match),
            ("a/+", "a", .noMatch),
            ("a/+", "a/", .match), ("a/", "a", .noMatch), ("/a", "a", .noMatch),
            ("#", "$SYS/a", .noMatch), ("+/a", "$SYS/a", .noMatch), ("$SYS/#", "$SYS/a", .match),
            ("$SYS/#", "a", .noMatch), ("%c/x", "me/x", .match), ("%u/x", "you/x", .match),
            ("%c", "you", .noMatch), ("pre%c", "preme", .noMatch), ("pre%c", "pre%c", .match),
            ("a#", "a#", .match), ("a#", "ab", .malformed), ("a#", "x", .noMatch),
            ("#/a", "x", .malformed),
            ("a/#/b", "x", .malformed), ("+a", "xa", .malformed), ("a/b+", "a/bc", .malformed),
            ("", "a", .malformed),
        ]
    )
    func matching(_ filter: String, _ topic: String, _ expected: TopicMatch) {
        #expect(compare(pattern: filter, topic) == expected)
    }

    @Test(
        "A filter covers another only if it matches every topic the other can match",
        arguments: [
            ("a/#", "a", true), ("a/#", "a/#", true), ("a/#", "a/+/b", true), ("a/#", "#", false),
            ("a/#", "+/b", false), ("#", "#", true), ("#", "+/#", true), ("#", "$SYS/#", false),
            ("b/+", "b/c", true), ("b/+", "b/+", true), ("b/+", "b/#", false), ("b/+", "b", false),
            ("b/+", "b/c/d", false), ("+", "#", false), ("+/#", "+/a", true), ("+/#", "#", false),
            ("$share/g/a/#", "$share/g/a/b", true), ("a/#", "$share/g/a/b", false),
            ("%c/#", "me/#", true),
            ("%c/#", "+/#", false), ("%u", "you", true), ("%u", "+", false),
        ]
    )
    func covering(_ filter: String, _ requested: String, _ expected: Bool) {
        #expect(compare(pattern: filter, requested) == (expected ? .match : .noMatch))
    }

    @Test(
        "A client identifier that is a wildcard, empty or has a slash opens nothing",
        arguments: ["+", "#", "", "a/b"]
    )
    func hostileIdentifier(_ identifier: String) {
        for requested in ["+", "#", "a/b", "/", "x"] {
            #expect(compare(pattern: "%c", requested, clientID: identifier) == .noMatch)
            #expect(compare(pattern: "%u", requested, username: identifier) == .noMatch)
        }
        #expect(compare(pattern: "%c", "a/b", clientID: identifier) == .noMatch)
    }

    @Test("Without a client, %c and %u are ordinary levels")
    func noSubject() {
        #expect(compare("a/%c", "a/%c") == .match)
        #expect(compare("a/%u", "a/me") == .noMatch)
    }
}
