// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_topic.h: checking, matching and covering.

import CMosquitto
import CommonLibrary
import TestSupport
import Testing

@Suite struct TopicFunctionTests {
    private static let invalid = MOSQ_ERR_INVAL.rawValue

    @Test(
        "A topic name has no wildcard, 1 to 65535 bytes and at most 200 separators",
        arguments: [
            ("a", true), ("/", true), ("a/b", true), ("", false), ("a+", false), ("a/#", false),
            (String(repeating: "a", count: 65_535), true),
            (String(repeating: "a", count: 65_536), false),
            (String(repeating: "/", count: 200), true), (String(repeating: "/", count: 201), false),
        ]
    )
    func checksTopicName(topic: String, isValid: Bool) {
        #expect(mosquitto_pub_topic_check(topic) == (isValid ? 0 : Self.invalid))
        #expect(
            mosquitto_pub_topic_check2(topic + "#", topic.utf8.count)
                == (isValid ? 0 : Self.invalid)
        )
        #expect(mosquitto_pub_topic_check(nil) == Self.invalid)
    }

    @Test(
        "In a topic filter a wildcard fills its level, and # the last",
        arguments: [
            ("a", true), ("+", true), ("#", true), ("a/+/b", true), ("+/+/#", true), ("a/#", true),
            ("", false), ("a+", false), ("+a/b", false), ("a#", false), ("#/a", false),
            ("a/#/b", false), ("##", false),
        ]
    )
    func checksTopicFilter(filter: String, isValid: Bool) {
        #expect(mosquitto_sub_topic_check(filter) == (isValid ? 0 : Self.invalid))
        #expect(
            mosquitto_sub_topic_check2(filter + "/", filter.utf8.count)
                == (isValid ? 0 : Self.invalid)
        )
        #expect(mosquitto_sub_topic_check(nil) == Self.invalid)
    }

    @Test(
        "A filter matches a topic",
        arguments: [
            ("a", "a", true), ("a", "b", false), ("a/#", "a", true), ("a/+/#", "a/b", true),
            ("a/+/#", "a", false), ("+", "a/b", false), ("+/+", "/a", true), ("#", "$SYS/a", false),
            ("$SYS/#", "$SYS/a", true), ("+/a", "$SYS/a", false), ("a/b", "a/bc", false),
            ("a/bc", "a/b", false), ("a//b", "a//b", true), ("a/+/b", "a//b", true),
        ]
    )
    func matches(filter: String, topic: String, isMatch: Bool) {
        var result = !isMatch
        #expect(mosquitto_topic_matches_sub(filter, topic, &result) == 0)
        #expect(result == isMatch)
    }

    @Test(
        "A malformed argument is refused and matches nothing",
        arguments: [("a", "+"), ("a", "a/#"), ("a+", "a"), ("#/a", "a"), ("", "a"), ("a", "")]
    )
    func refuses(filter: String, topic: String) {
        var result = true
        #expect(mosquitto_topic_matches_sub(filter, topic, &result) == Self.invalid)
        #expect(!result)
    }

    @Test(
        "%c and %u stand for client and user when they fill a level",
        arguments: [
            ("a/%c", "a/me", "me", "you", true), ("a/%u", "a/you", "me", "you", true),
            ("%c/%u/#", "me/you/x", "me", "you", true), ("a/%c", "a/you", "me", "you", false),
            ("a/x%c", "a/xme", "me", "you", false), ("a/x%c", "a/x%c", "me", "you", true),
            ("a/%c", "a/b/c", "b/c", "you", false), ("a/%u", "a/", "me", "", false),
            ("a/%c", "a/x", "+", "you", false), ("a/%c", "a/x", "#", "you", false),
        ]
    )
    func matchesPattern(filter: String, topic: String, client: String, user: String, isMatch: Bool)
    {
        var result = !isMatch
        let code = mosquitto_topic_matches_sub_with_pattern(filter, topic, client, user, &result)
        #expect(code == 0)
        #expect(result == isMatch)
        if filter.hasPrefix("a/%") {
            #expect(mosquitto_topic_matches_sub_with_pattern(filter, topic, nil, nil, &result) == 0)
            #expect(!result)
        }
    }

    @Test(
        "An ACL filter covers a subscription when it matches all that the subscription does",
        arguments: [
            ("#", "#", true), ("#", "a/+", true), ("a/#", "a", true), ("a/#", "a/b/#", true),
            ("a/+", "a/b", true), ("a/+", "a/+", true), ("a/+", "a/#", false),
            ("a/b", "a/+", false),
            ("+/b", "#", false), ("#", "$SYS/a", false), ("$SYS/#", "$SYS/#", true),
            ("a/+/#", "a/+", true), ("a/+/#", "a/#", false), ("a", "a/b", false),
            ("a/b", "a", false),
        ]
    )
    func covers(acl: String, sub: String, isCovered: Bool) {
        var result = !isCovered
        #expect(mosquitto_sub_matches_acl(acl, sub, &result) == 0)
        #expect(result == isCovered)
    }

    @Test(
        "A client cannot widen an ACL by the choice of its name",
        arguments: [
            ("me", "a/me", true), ("me", "a/+", false), ("+", "a/+", false), ("#", "a/#", false),
            ("/", "a//", false), ("", "a/", false),
        ]
    )
    func coversPattern(client: String, sub: String, isCovered: Bool) {
        var result = !isCovered
        #expect(mosquitto_sub_matches_acl_with_pattern("a/%c", sub, client, nil, &result) == 0)
        #expect(result == isCovered)
        #expect(mosquitto_sub_matches_acl_with_pattern("a/%u", sub, nil, client, &result) == 0)
        #expect(result == isCovered)
    }

    @Test("A topic splits into its levels, an empty one being NULL")
    func tokenises() {
        var levels: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count: CInt = 0
        #expect(mosquitto_sub_topic_tokenise("/a//bc/", &levels, &count) == 0)
        let texts = (0..<Int(count)).map { index in
            levels?[index].map { String(cString: $0) }
        }
        #expect(texts == [nil, "a", nil, "bc", nil])
        #expect(mosquitto_sub_topic_tokens_free(&levels, count) == 0)
        #expect(levels == nil)
        #expect(mosquitto_sub_topic_tokens_free(&levels, count) == Self.invalid)
        #expect(mosquitto_sub_topic_tokenise(nil, &levels, &count) == Self.invalid)
    }

    @Test(
        "Well-formed filters and topics get the answers of the original",
        .enabled(if: OriginalLibrary.isInstalled)
    )
    func agreesWithOriginal() throws {
        let match = try #require(
            OriginalLibrary.function("mosquitto_topic_matches_sub", as: OriginalLibrary.Match.self)
        )
        let checkFilter = try #require(
            OriginalLibrary.function("mosquitto_sub_topic_check", as: OriginalLibrary.Check.self)
        )
        let texts = allTexts(of: ["a", "b", "/", "+", "#", "$"], length: 5)
        let filters = texts.filter { checkFilter($0) == 0 }
        for text in texts {
            #expect((mosquitto_sub_topic_check(text) == 0) == (checkFilter(text) == 0))
        }
        let topics = allTexts(of: ["a", "b", "/", "$"], length: 4)
        for filter in filters {
            for topic in topics {
                var (ours, theirs) = (false, false)
                let codes = (
                    mosquitto_topic_matches_sub(filter, topic, &ours), match(filter, topic, &theirs)
                )
                guard codes != (0, 0) || ours != theirs else { continue }
                Issue.record("\(filter) \(topic): \(codes) \(ours) \(theirs)")
            }
        }
    }

    /// All texts of 1 to `length` of the letters.
    private func allTexts(of letters: [String], length: Int) -> [String] {
        var (all, longest) = ([String](), [""])
        for _ in 0..<length {
            longest = longest.flatMap { stem in letters.map { stem + $0 } }
            all += longest
        }
        return all
    }
}
