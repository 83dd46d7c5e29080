// SPDX-License-Identifier: Apache-2.0
// The direct matcher, the rules plugins are told, the validity of topics, and the topic hash.

import Testing
import Topics

private func check(_ filter: String, _ topic: String) -> TopicMatch {
    let filter = Array(filter.utf8)
    let topic = Array(topic.utf8)
    return TopicMatching.check(filter: filter.span.bytes, topic: topic.span.bytes)
}

private func checkPattern(
    _ filter: String,
    _ topic: String,
    client: String,
    user: String?
) -> TopicMatch {
    let filter = Array(filter.utf8)
    let topic = Array(topic.utf8)
    let client = Array(client.utf8)
    guard let user else {
        return TopicMatching.matches(
            filter: filter.span.bytes,
            topic: topic.span.bytes,
            clientIdentifier: client.span.bytes,
            userName: nil
        )
    }
    let userName = Array(user.utf8)
    return TopicMatching.matches(
        filter: filter.span.bytes,
        topic: topic.span.bytes,
        clientIdentifier: client.span.bytes,
        userName: userName.span.bytes
    )
}

private func covers(_ acl: String, _ subscription: String, client: String? = nil) -> TopicMatch {
    let acl = Array(acl.utf8)
    let subscription = Array(subscription.utf8)
    guard let client else {
        return TopicMatching.covers(
            aclFilter: acl.span.bytes,
            subscription: subscription.span.bytes
        )
    }
    let identifier = Array(client.utf8)
    return TopicMatching.covers(
        aclFilter: acl.span.bytes,
        subscription: subscription.span.bytes,
        clientIdentifier: identifier.span.bytes,
        userName: nil
    )
}

/// Filter, topic, client identifier, user name, answer.
private let patternRows: [(String, String, String, String?, TopicMatch)] = [
    ("d/%c/x", "d/me/x", "me", "u", .match),
    ("d/%u/x", "d/u/x", "me", "u", .match),
    ("%c/#", "me", "me", nil, .match),
    ("d/%u", "d/u", "me", nil, .noMatch),
    ("d/%u", "d/", "me", "", .noMatch),
    ("d/%c", "d/a/b", "a/b", nil, .noMatch),
    ("d/x%c", "d/xme", "me", nil, .noMatch),
    ("d/x%c", "d/x%c", "me", nil, .match),
    ("d/%c", "d/you", "me", nil, .noMatch),
    ("d/+/%c", "d/1/me", "me", nil, .match),
    ("d/%c+", "d/me", "me", nil, .invalid),
]

@Suite struct TopicMatchingTests {
    @Test(
        "[MQTT-4.7.1-2] [MQTT-4.7.1-3] Wildcards match as the specification's examples say",
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
            ("a/+/#", "a", false), ("", "", false),
        ]
    )
    func examples(filter: String, topic: String, isMatch: Bool) {
        #expect(matches(filter, topic) == isMatch)
    }

    @Test("Random filters match random topics as the reference says", arguments: 1...4)
    func random(seed: UInt64) {
        var random = RepeatableRandom(seed: seed &* 0xABCD_EF01)
        var hits = 0
        for _ in 0..<4000 {
            let filter = random.filter()
            let topic = random.topic()
            let expected = referenceMatches(filter, topic)
            hits += expected ? 1 : 0
            #expect(matches(filter, topic) == expected, "\(filter) \(topic)")
            #expect(check(filter, topic) == (expected ? .match : .noMatch), "\(filter) \(topic)")
        }
        #expect(hits > 100)
    }

    @Test(
        "Plugins are told of arguments that are not well formed",
        arguments: [
            ("", "a"), ("a", ""), ("a", "a/+"), ("a", "#"), ("a+", "a"), ("+a/b", "a/b"),
            ("a/#/b", "a/x/b"), ("a#", "a"), ("#a", "a"),
        ]
    )
    func malformed(filter: String, topic: String) {
        #expect(check(filter, topic) == .invalid)
    }

    @Test(
        "%c and %u filling a level stand for client identifier and user name",
        arguments: patternRows
    )
    func patterns(
        filter: String,
        topic: String,
        client: String,
        user: String?,
        expected: TopicMatch
    ) {
        #expect(checkPattern(filter, topic, client: client, user: user) == expected)
    }

    @Test(
        "An ACL filter covers a subscription when it covers every topic of it",
        arguments: [
            ("a/#", "a/#", TopicMatch.match), ("a/#", "a", .match), ("a/#", "a/+/b", .match),
            ("#", "+/x", .match), ("+", "+", .match), ("+", "#", .noMatch),
            ("a/+", "a/#", .noMatch),
            ("a/+", "a/+", .match), ("a/+", "a/b", .match), ("a/b", "a/+", .noMatch),
            ("a/b", "a/#", .noMatch), ("#", "$SYS/#", .noMatch), ("$SYS/#", "$SYS/+", .match),
            ("$SYS/#", "#", .noMatch), ("a/+/c", "a/+/c", .match), ("a/+/c", "a/#", .noMatch),
            ("a+", "a", .invalid), ("a", "a/#/b", .invalid), ("", "a", .invalid),
        ]
    )
    func acl(acl: String, subscription: String, expected: TopicMatch) {
        #expect(covers(acl, subscription) == expected)
    }

    @Test(
        "A client identifier that is a wildcard covers nothing",
        arguments: [
            ("d/%c", "d/me", "me", TopicMatch.match), ("d/%c", "d/+", "+", .noMatch),
            ("d/%c", "d/#", "#", .noMatch), ("d/%c/#", "d/me/x", "me", .match),
            ("d/%c", "d//", "/", .noMatch), ("d/%c", "d/+", "me", .noMatch),
        ]
    )
    func aclPattern(acl: String, subscription: String, client: String, expected: TopicMatch) {
        #expect(covers(acl, subscription, client: client) == expected)
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
        let bytes = Array(text.utf8)
        #expect(TopicMatching.isValidTopic(bytes.span.bytes) == isTopic)
        #expect(TopicMatching.isValidFilter(bytes.span.bytes) == isFilter)
    }

    @Test("The topic hash sees every byte and the length", arguments: 0...70)
    func hash(count: Int) {
        let bytes = [UInt8](repeating: 0x61, count: count)
        let same = Array(bytes)
        #expect(TopicHash.hash(bytes.span.bytes) == TopicHash.hash(same.span.bytes))
        var seen: Set<UInt64> = [TopicHash.hash(bytes.span.bytes)]
        for index in 0..<count {
            var other = bytes
            other[index] = 0x62
            seen.insert(TopicHash.hash(other.span.bytes))
        }
        let longer = bytes + [0x61]
        seen.insert(TopicHash.hash(longer.span.bytes))
        #expect(seen.count == count + 2)
    }

    @Test("A session handle and the options keep their fields apart")
    func fields() {
        let handle = SessionHandle(reactor: 0xABCD, slot: 0x12_3456, generation: 0x65_4321)
        #expect(handle.reactor == 0xABCD)
        #expect(handle.slot == 0x12_3456)
        #expect(handle.generation == 0x65_4321)
        #expect(SessionHandle(rawValue: handle.rawValue) == handle)
        var options = SubscriptionOptions(rawValue: 0x2D)
        #expect(options.qualityOfService == 1 && options.isNoLocal)
        #expect(options.isRetainAsPublished && options.retainHandling == 2)
        options.qualityOfService = 2
        options.isNoLocal = false
        options.isRetainAsPublished = false
        options.retainHandling = 1
        #expect(options.rawValue == 0x12)
    }
}
