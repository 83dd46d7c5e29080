// SPDX-License-Identifier: Apache-2.0
// Which line of an access control file has denied something.

import TopicRules

/// The rules that deny, with their lines: what is looked through to say why something was denied, never to
/// decide.
///
/// Rules that grant are not kept again: where none that denies matches, what is to be said is that none
/// grants.
package struct ACLDenials: Sendable, Equatable {
    /// Rules looked at for one explanation: who is denied all the time makes nobody wait for it.
    private static let rulesMax = 100

    private let path: String
    private var rules: [ACLRule] = []
    private var lines: [Int] = []
    /// Rules of the file that have been seen.
    private var seenCount = 0

    /// No rules yet, of the file at `path`.
    init(path: String) { self.path = path }

    /// Takes what has been read up to a line of the file, counted from 1.
    mutating func note(_ all: [ACLRule], line: Int) {
        assert(all.count >= seenCount && all.count <= seenCount + 1, "a line has one rule at most")
        defer { seenCount = all.count }
        guard all.count > seenCount, let rule = all.last, rule.rights.contains(.deny) else {
            return
        }
        rules.append(rule)
        lines.append(line)
    }

    /// Why a client may not read or write a topic: the first rule in the file that denies, or that there is
    /// none that grants.
    package func reason(
        topic: Span<UInt8>,
        clientID: Span<UInt8>,
        hasUsername: Bool,
        username: Span<UInt8>
    ) -> String {
        for (rule, line) in zip(rules.prefix(Self.rulesMax), lines) {
            let isMeant: Bool
            switch rule.subject {
            case .anonymous: isMeant = !hasUsername
            case .user(let name): isMeant = hasUsername && name.elementsEqual(username)
            case .everyone: isMeant = hasUsername || !rule.mentionsUsername
            }
            guard isMeant, matches(rule, topic, clientID, username) else { continue }
            let filter = String(decoding: rule.filter, as: UTF8.self)
            let word = rule.subject == .everyone ? "pattern" : "topic"
            return "\(path):\(line): \(word) deny \(filter)"
        }
        guard rules.count <= Self.rulesMax else { return "\(path) does not allow it" }
        return "no rule of \(path) allows it"
    }

    private func matches(
        _ rule: ACLRule,
        _ topic: Span<UInt8>,
        _ clientID: Span<UInt8>,
        _ username: Span<UInt8>
    ) -> Bool {
        guard rule.subject == .everyone else {
            return TopicRules.compare(rule.filter.span, with: topic) == .match
        }
        let names = TopicSubject(clientIdentifier: clientID, userName: username)
        return TopicRules.compare(rule.filter.span, with: topic, for: names) == .match
    }
}

extension [UInt8] {
    fileprivate func elementsEqual(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return indices.allSatisfy { self[$0] == other[$0] }
    }
}
