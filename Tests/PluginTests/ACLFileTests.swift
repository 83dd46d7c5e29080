// SPDX-License-Identifier: Apache-2.0
// Access control files: their text, and their index against an evaluator that follows the rules word by word.

import PluginSDK
import Testing

import struct TestSupport.SplitMix64

@testable import ACLFile

private let beginning = "A line begins with user, topic or pattern."
private let words = "It is read, write, readwrite or deny."
private let wildcards = "'#' ends a filter, and '+' or '#' fills a level."

@Suite("Access control file")
struct ACLFileTests {
    private func rules(_ text: String) throws -> ACLRules {
        try ACLRules(parsing: Array(text.utf8), path: "F")
    }

    @Test("Lines belong to anonymous clients, then to the user named last; patterns to everyone")
    func sections() throws {
        let file = try rules(
            """
            # comment
            topic free
            topic read a b

              user  bob the  first \t
            topic   readwrite  x/#
            pattern write c/%c
            topic deny y
            user eve
            topic read
            """
        )
        let bob = ACLRule.Subject.user(Array("bob the  first".utf8))
        #expect(
            file.rules == [
                ACLRule(subject: .anonymous, rights: .readWrite, filter: Array("free".utf8)),
                ACLRule(subject: .anonymous, rights: .read, filter: Array("a b".utf8)),
                ACLRule(subject: bob, rights: .readWrite, filter: Array("x/#".utf8)),
                ACLRule(subject: .everyone, rights: .write, filter: Array("c/%c".utf8)),
                ACLRule(subject: bob, rights: .deny, filter: Array("y".utf8)),
                ACLRule(
                    subject: .user(Array("eve".utf8)),
                    rights: .readWrite,
                    filter: Array("read".utf8)
                ),
            ]
        )
        #expect(file.warnings.isEmpty)
    }

    @Test("A pattern without %c or %u draws a warning")
    func warning() throws {
        #expect(
            try rules("pattern read a/b").warnings == [
                "Warning: ACL pattern 'a/b' does not contain '%c' or '%u'."
            ]
        )
    }

    @Test(
        "A bad line is refused with the original's words",
        arguments: [
            ("topics a", "Error: Invalid line in acl_file \"F\": line 1: topics. \(beginning)"),
            ("\ttopic a", "Error: Invalid line in acl_file \"F\": line 1: \ttopic. \(beginning)"),
            ("Topic a", "Error: Invalid line in acl_file \"F\": line 1: Topic. \(beginning)"),
            ("topic", "Error: Empty topic in acl_file \"F\": line 1."),
            ("pattern  ", "Error: Empty topic in acl_file \"F\": line 1."),
            (
                "topic rw a",
                "Error: Invalid topic access type \"rw\" in acl_file \"F\": line 1. \(words)"
            ),
            (
                "topic READ a",
                "Error: Invalid topic access type \"READ\" in acl_file \"F\": line 1. \(words)"
            ),
            (
                "topic a b",
                "Error: Invalid topic access type \"a\" in acl_file \"F\": line 1. \(words)"
            ),
            (
                "topic readwrite a#",
                "Error: Invalid ACL topic \"a#\" in acl_file \"F\": line 1. \(wildcards)"
            ),
            ("user", "Error: Missing username in acl_file \"F\": line 1."),
            ("user  ", "Error: Missing username in acl_file \"F\": line 1."),
        ]
    )
    func refused(text: String, message: String) {
        #expect(throws: ACLFileError(message: message)) { try rules(text) }
    }

    @Test("An empty file denies everything")
    func empty() throws {
        let index = ACLIndex(try rules("# nothing\n").rules)
        #expect(index.decide(.read, topic: "a", clientID: "c", username: nil) == .denied)
        #expect(index.decide(.write, topic: "a", clientID: "c", username: "u") == .denied)
    }

    @Test("Wildcards in names are dangerous as soon as there are patterns, after the own rules")
    func dangerous() throws {
        let own = "user a+b\ntopic own\n"
        let plain = ACLIndex(try rules(own).rules)
        #expect(plain.decide(.read, topic: "x", clientID: "c", username: "a+b") == .denied)
        let index = ACLIndex(try rules(own + "pattern read p/%c").rules)
        #expect(index.decide(.read, topic: "own", clientID: "c", username: "a+b") == .allowed)
        #expect(
            index.decide(.read, topic: "x", clientID: "c", username: "a+b") == .dangerousUsername
        )
        #expect(
            index.decide(.read, topic: "x", clientID: "c#", username: "b") == .dangerousClientID
        )
        #expect(index.decide(.read, topic: "p/c", clientID: "c", username: "b") == .allowed)
        #expect(index.decide(.read, topic: "p/c", clientID: nil, username: "b") == .denied)
    }

    @Test("A pattern that mentions %u anywhere is not for anonymous clients")
    func anonymousAndUsernamePatterns() throws {
        let index = ACLIndex(try rules("pattern read x-%u/%c\npattern write y/%c").rules)
        #expect(index.decide(.read, topic: "x-%u/c", clientID: "c", username: nil) == .denied)
        #expect(index.decide(.read, topic: "x-%u/c", clientID: "c", username: "u") == .allowed)
        #expect(index.decide(.write, topic: "y/c", clientID: "c", username: nil) == .allowed)
    }

    @Test("The index decides like the rules read one after the other", arguments: 0..<60)
    func equalsNaive(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        let rules = (0..<Int.random(in: 0...25, using: &random)).map { _ in random.rule() }
        let index = ACLIndex(rules)
        let naive = NaiveACL(rules)
        for _ in 0..<300 {
            let access = Bool.random(using: &random) ? ACLRights.read : .write
            let topic = random.topic(of: ["a", "b", "", "$SYS", "c1", "u1", "%c", "+"])
            let clientID = random.pick([nil, "c1", "a", "x/y", "c+"] as [String?])
            let username = random.pick([nil, "u1", "b", "u#", ""] as [String?])
            let expected = naive.decide(access, topic, clientID, username)
            let actual = index.decide(access, topic: topic, clientID: clientID, username: username)
            #expect(
                actual == expected,
                "\(access) \(topic) as \(clientID ?? "nil") \(username ?? "nil") with \(rules)"
            )
        }
    }

    @Test("Long and many levels are told apart byte by byte", arguments: 0..<40)
    func longLevels(seed: Int) {
        var random = SplitMix64(seed: UInt64(1000 + seed))
        // Around the sizes at which a level needs another word, or a place of its own.
        let levels = [7, 8, 9, 15, 16, 17, 24, 40].flatMap { size in
            ["x", "y"].map { String(repeating: "l", count: size - 1) + $0 }
        }
        let rules = (0..<30).map { _ in
            var filter = random.topic(of: levels + ["+"], levelsMax: 9)
            if random.next() % 4 == 0 { filter += "/#" }
            return ACLRule(
                subject: random.pick([.anonymous, .user(Array(levels[15].utf8))]),
                rights: random.pick([.read, .write, .deny]),
                filter: Array(filter.utf8)
            )
        }
        let index = ACLIndex(rules)
        let naive = NaiveACL(rules)
        for number in 0..<300 {
            // Every other topic is made from a rule, so that many match.
            let rule = String(decoding: random.pick(rules).filter, as: UTF8.self)
            let topic =
                number % 2 == 0
                ? random.topic(of: levels, levelsMax: 9)
                : rule.replacing("+", with: levels[3]).replacing("#", with: levels[4])
            let username = random.pick([nil, levels[15], levels[14]] as [String?])
            let expected = naive.decide(.read, topic, "c", username)
            let actual = index.decide(.read, topic: topic, clientID: "c", username: username)
            #expect(actual == expected, "\(topic) as \(username ?? "nil")")
        }
    }

    @Test("A check against 100,000 rules costs at most twice one against 10")
    func costIsIndependentOfSize() {
        let small = Self.index(ruleCount: 10)
        let large = Self.index(ruleCount: 100_000)
        var (smallBest, largeBest) = (Duration.seconds(1_000), Duration.seconds(1_000))
        // The best of many alternating rounds: other load on the machine hits both alike.
        for _ in 0..<40 {
            smallBest = min(smallBest, Self.time(small))
            largeBest = min(largeBest, Self.time(large))
        }
        #expect(largeBest < smallBest * 2, "small \(smallBest), large \(largeBest)")
    }

    private static func index(ruleCount: Int) -> ACLIndex {
        ACLIndex(
            (0..<ruleCount).map { number in
                ACLRule(
                    subject: number % 4 == 0 ? .everyone : .user(Array("user\(number % 500)".utf8)),
                    rights: .readWrite,
                    filter: Array(
                        (number % 4 == 0 ? "p/\(number)/%c/#" : "site/\(number)/+/value").utf8
                    )
                )
            }
        )
    }

    private static func time(_ index: ACLIndex) -> Duration {
        ContinuousClock().measure {
            for number in 0..<200 {
                _ = index.decide(
                    .write,
                    topic: "site/\(1 + number % 9)/x/value",
                    clientID: "client",
                    username: "user\(1 + number % 9)"
                )
            }
        }
    }
}

extension ACLIndex {
    fileprivate func decide(
        _ access: ACLRights,
        topic: String,
        clientID: String?,
        username: String?
    ) -> ACLDecision {
        decide(
            access,
            topic: topic.utf8Span.span,
            clientID: (clientID ?? "").utf8Span.span,
            hasUsername: username != nil,
            username: (username ?? "").utf8Span.span
        )
    }
}

/// The decision procedure as it is written down: lists with denials in front, walked from the start.
private struct NaiveACL {
    private var lists: [ACLRule.Subject: [ACLRule]] = [:]

    init(_ rules: [ACLRule]) {
        for rule in rules {
            if rule.rights == .deny {
                lists[rule.subject, default: []].insert(rule, at: 0)
            } else {
                lists[rule.subject, default: []].append(rule)
            }
        }
    }

    func decide(
        _ access: ACLRights,
        _ topic: String,
        _ clientID: String?,
        _ username: String?
    ) -> ACLDecision {
        let patterns = lists[.everyone] ?? []
        let own = lists[username.map { .user(Array($0.utf8)) } ?? .anonymous] ?? []
        if username != nil, own.isEmpty, patterns.isEmpty { return .denied }
        guard Topic.isValidName(topic.utf8Span.span) else { return .denied }
        for rule in own {
            if topic.first == "$", rule.filter.first != UInt8(ascii: "$") { continue }
            let filter = String(decoding: rule.filter, as: UTF8.self)
            guard Topic.matches(filter: filter, name: topic) == true else { continue }
            if rule.rights == .deny { return .denied }
            if rule.rights.contains(access) { return .allowed }
        }
        guard !patterns.isEmpty else { return .denied }
        if let username, username.contains(where: { "+#".contains($0) }) {
            return .dangerousUsername
        }
        if let clientID, clientID.contains(where: { "+#".contains($0) }) {
            return .dangerousClientID
        }
        guard let clientID else { return .denied }
        for rule in patterns {
            if rule.mentionsUsername, username == nil { continue }
            let pattern = String(decoding: rule.filter, as: UTF8.self)
            guard
                let isMatch = Topic.matches(
                    pattern: pattern,
                    name: topic,
                    clientID: clientID,
                    username: username
                )
            else { return .denied }
            if isMatch {
                if rule.rights == .deny { return .denied }
                if rule.rights.contains(access) { return .allowed }
            }
        }
        return .denied
    }
}

/// Rules and topics by chance.
extension SplitMix64 {
    fileprivate mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: choices.indices, using: &self)]
    }

    fileprivate mutating func topic(of levels: [String], levelsMax: Int = 4) -> String {
        (0..<Int.random(in: 1...levelsMax, using: &self)).map { _ in pick(levels) }
            .joined(separator: "/")
    }

    fileprivate mutating func rule() -> ACLRule {
        let subject = pick(
            [
                .anonymous, .user(Array("u1".utf8)), .user(Array("b".utf8)),
                .user(Array("u#".utf8)), .everyone,
            ] as [ACLRule.Subject]
        )
        let rights = pick([ACLRights.read, .write, .readWrite, .readWrite, .deny])
        var filter = topic(of: ["a", "b", "+", "", "$SYS", "%c", "%u", "x-%u", "c1"])
        if Bool.random(using: &self) { filter += "/#" }
        return ACLRule(
            subject: subject,
            rights: rights,
            filter: Array((filter.isEmpty ? "#" : filter).utf8)
        )
    }
}
