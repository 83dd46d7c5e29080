// SPDX-License-Identifier: Apache-2.0
// Topic rules of the plugin kit.

import PluginSDK
import Testing

@Suite("Topics in plugins")
struct TopicTests {
    @Test(
        "[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT311-4.7.1-3] wildcards fill a level, # the last",
        arguments: [
            ("#", true), ("+", true), ("a/#", true), ("+/+", true), ("/", true), ("a//b", true),
            ("$share/g/a", true),
            ("", false), ("a#", false), ("#/a", false), ("a+", false), ("+a/b", false),
            ("a/b+", false), ("##", false),
        ]
    )
    func filters(filter: String, isValid: Bool) {
        #expect(isValidFilter(filter) == isValid)
    }

    private func isValidFilter(_ text: String) -> Bool { Topic.isValidFilter(text.utf8Span.span) }
    private func isValidName(_ text: String) -> Bool { Topic.isValidName(text.utf8Span.span) }

    @Test("[MQTT-4.7.3-3] names and filters have at most 65535 bytes, brokers take 200 separators")
    func limits() {
        let longest = String(repeating: "a", count: 65_535)
        #expect(isValidFilter(longest))
        #expect(isValidName(longest))
        #expect(!isValidFilter((longest + "a")))
        #expect(!isValidName((longest + "a")))
        let deepest = String(repeating: "/", count: 200)
        #expect(isValidFilter(deepest))
        #expect(!isValidName((deepest + "/")))
    }

    @Test(
        "[MQTT-4.7.1-2] [MQTT-4.7.2-1] filters match names level by level",
        arguments: [
            ("a/b", "a/b", true), ("a/b", "a/c", false), ("a/+", "a/b", true), ("a/+", "a", false),
            ("a/+", "a/", true), ("+", "a/b", false), ("#", "a/b", true), ("a/#", "a", true),
            ("a/#", "ab", false),
            ("a/+/#", "a/b", true), ("+/+", "/x", true), ("/+", "/x", true), ("+", "/x", false),
            ("a//b", "a//b", true),
            ("#", "$SYS/x", false), ("+/x", "$SYS/x", false), ("$SYS/#", "$SYS/x", true),
            ("$SYS/#", "SYS/x", false),
            ("a/b/c", "a/b", false), ("a/b", "a/b/c", false),
        ]
    )
    func matching(filter: String, name: String, isMatch: Bool) {
        #expect(Topic.matches(filter: filter, name: name) == isMatch)
    }

    @Test(
        "What is not a filter or a name is neither a match nor a mismatch",
        arguments: [("a#", "a"), ("", "a"), ("a", ""), ("a", "+"), ("a", "#")]
    )
    func malformed(filter: String, name: String) {
        #expect(Topic.matches(filter: filter, name: name) == nil)
    }

    @Test(
        "%c and %u stand for whole levels",
        arguments: [
            ("c/%c", "c/id", true), ("u/%u/x", "u/name/x", true), ("c/pre-%c", "c/pre-id", false),
            ("c/pre-%c", "c/pre-%c", true), ("%c/%u", "id/name", true), ("%c/#", "id", true),
            ("%c", "%c", false),
        ]
    )
    func patterns(pattern: String, name: String, isMatch: Bool) {
        #expect(
            Topic.matches(pattern: pattern, name: name, clientID: "id", username: "name") == isMatch
        )
    }

    @Test("Names that are empty or hold a separator match no pattern", arguments: ["", "a/b"])
    func patternsWithOddNames(odd: String) {
        #expect(
            Topic.matches(
                pattern: "%c",
                name: odd.isEmpty ? "x" : odd,
                clientID: odd,
                username: nil
            ) == false
        )
        #expect(Topic.matches(pattern: "%u", name: "x", clientID: "x", username: nil) == false)
    }

    @Test(
        "A filter covers another if it matches all that one matches",
        arguments: [
            ("#", "a/#", true), ("#", "#", true), ("a/#", "a/+/b", true), ("a/+", "a/#", false),
            ("a/+", "a/+", true),
            ("a/b", "a/+", false), ("+", "#", false), ("a/#", "a", true), ("#", "$SYS/#", false),
            ("a/b", "a/b", true),
        ]
    )
    func covering(filter: String, requested: String, covers: Bool) {
        #expect(Topic.covers(filter: filter, requested: requested) == covers)
    }

    @Test("A client named after a wildcard covers nothing by its name", arguments: ["+", "#", "/"])
    func coveringByWildcardName(name: String) {
        #expect(
            Topic.covers(pattern: "x/%c", requested: "x/+", clientID: name, username: nil) == false
        )
        #expect(
            Topic.covers(pattern: "x/%c", requested: "x/id", clientID: "id", username: nil) == true
        )
    }
}
