// SPDX-License-Identifier: Apache-2.0
// The rules of an access control file, arranged so that a check does not depend on their number.

import PluginSDK
import TopicRules

/// The answer of a file.
package enum ACLDecision: Equatable {
    case allowed
    case denied
    /// Denied because a name holds a wildcard and patterns exist.
    case dangerousUsername
    case dangerousClientID
}

/// All rules as trees of topic levels, one tree per user, one for anonymous clients, one of patterns.
///
///     users --"bob"--> root --"home"--> node --+--> node    rule  home/+
///                                          subtree: rights  rule  home/#
///
/// Since denials come first in every list, the order within a list does not matter: if any matching rule denies, it is
/// denied; else if any grants the access, it is allowed. So a node keeps just the union of the rights of its rules.
package final class ACLIndex: Sendable {
    /// A place in a tree: a node and the hash of the path to it.
    struct Place {
        var cell: ACLCell
        var path: UInt64
    }

    /// Where a check begins.
    private struct Root {
        let place: Place
        /// Which of the first levels may have a node below it, as bits.
        let ahead: UInt8
        let isPattern: Bool
    }

    static let users: UInt32 = 1

    private let table: ACLCellTable
    private let plus: ACLLevel
    private let clientID: ACLLevel
    private let username: ACLLevel
    private let usersPath: UInt64
    private let anonymous: Place
    private let patterns: Place
    private let hasPatterns: Bool

    /// Arranges rules.
    package init(_ rules: [ACLRule]) {
        var builder = ACLIndexBuilder()
        for rule in rules { builder.insert(rule) }
        table = builder.table
        plus = builder.plus
        clientID = builder.clientID
        username = builder.username
        usersPath = builder.usersPath
        anonymous = builder.anonymous
        patterns = builder.patterns
        hasPatterns = builder.hasPatterns
    }

    // MARK: - Checking

    /// Decides about reading or writing a topic.
    package func decide(
        _ access: ACLRights,
        topic: Span<UInt8>,
        clientID: Span<UInt8>,
        hasUsername: Bool,
        username: Span<UInt8>
    ) -> ACLDecision {
        guard TopicRules.isName(topic) else { return .denied }
        let levels = LevelsAhead(topic, seed: table.seed)
        if let own = ownRoot(hasUsername, username, levels) {
            let rights = rights(below: own, levels, topic, Span(), hasUsername, Span())
            if rights.contains(.deny) { return .denied }
            if rights.contains(access) { return .allowed }
        }
        guard hasPatterns else { return .denied }
        if hasUsername, TopicRules.hasWildcard(username) { return .dangerousUsername }
        if TopicRules.hasWildcard(clientID) { return .dangerousClientID }
        guard !clientID.isEmpty else { return .denied }
        let root = Root(place: patterns, ahead: ahead(levels, patterns.path), isPattern: true)
        let rights = rights(below: root, levels, topic, clientID, hasUsername, username)
        return !rights.contains(.deny) && rights.contains(access) ? .allowed : .denied
    }

    /// The root of the client's own list; nil without such a list.
    private func ownRoot(
        _ hasUsername: Bool,
        _ username: Span<UInt8>,
        _ levels: LevelsAhead
    ) -> Root? {
        guard hasUsername else {
            return Root(place: anonymous, ahead: ahead(levels, anonymous.path), isPattern: false)
        }
        let level = ACLLevel(name: username, seed: table.seed)
        let path = level.path(after: usersPath)
        // Where its nodes are does not depend on the user's own: all are fetched at once.
        let ahead = ahead(levels, path)
        return table.find(level, under: Self.users, path: path, in: username).map {
            Root(place: Place(cell: $0, path: path), ahead: ahead, isPattern: false)
        }
    }

    /// Which of the first levels may have a node on the path from a root, as bits.
    private func ahead(_ levels: LevelsAhead, _ root: UInt64) -> UInt8 {
        var found: UInt8 = 0
        var path = root
        for depth in 0..<levels.count {
            path = levels[depth].path(after: path)
            if table.mayContain(path: path) { found |= 1 << UInt8(depth) }
        }
        return found
    }

    /// The union of the rights of all matching rules, or any that denies.
    private func rights(
        below root: Root,
        _ levels: LevelsAhead,
        _ topic: Span<UInt8>,
        _ clientID: Span<UInt8>,
        _ hasUsername: Bool,
        _ username: Span<UInt8>
    ) -> ACLRights {
        var found = ACLRights()

        func follow(_ level: ACLLevel, _ place: Place, _ depth: Int, _ end: Int, _ isLiteral: Bool)
        {
            let path = level.path(after: place.path)
            guard
                let cell = table.find(level, under: place.cell.node, path: path, in: topic)
            else { return }
            visit(Place(cell: cell, path: path), depth + 1, from: end + 1, isLiteral)
        }

        func visit(_ place: Place, _ depth: Int, from start: Int, _ isLiteral: Bool) {
            let cell = place.cell
            // A rule that does not begin with `$` says nothing about topics that do.
            let mayBeWild = start > 0 || topic[0] != .dollar
            if mayBeWild { found.formUnion(cell.subtree.forClient(hasUsername: hasUsername)) }
            guard !found.contains(.deny) else { return }
            guard start <= topic.count else {
                found.formUnion(cell.exact.forClient(hasUsername: hasUsername))
                return
            }
            let level =
                depth < levels.count
                ? levels[depth] : ACLLevel(of: topic, from: start, seed: table.seed)
            if !isLiteral || depth >= levels.count || root.ahead & 1 << UInt8(depth) != 0 {
                follow(level, place, depth, level.end, isLiteral)
            }
            guard mayBeWild else { return }
            if cell.exact.hasFirstMark { follow(plus, place, depth, level.end, false) }
            guard root.isPattern else { return }
            let range = level.start..<level.end
            if cell.exact.hasSecondMark, topic.equals(clientID, 0..<clientID.count, in: range) {
                follow(self.clientID, place, depth, level.end, false)
            }
            if cell.subtree.hasFirstMark, hasUsername, !username.isEmpty,
                topic.equals(username, 0..<username.count, in: range)
            {
                follow(self.username, place, depth, level.end, false)
            }
        }

        visit(root.place, 0, from: 0, true)
        return found
    }
}

/// The first levels of a topic, hashed once.
private struct LevelsAhead {
    /// Levels that are looked at ahead; deeper ones are rare.
    private static let max = 6

    private var levels: InlineArray<6, ACLLevel>
    private(set) var count = 0

    init(_ topic: Span<UInt8>, seed: UInt64) {
        levels = InlineArray(repeating: ACLLevel())
        var start = 0
        while start <= topic.count, count < Self.max {
            levels[count] = ACLLevel(of: topic, from: start, seed: seed)
            start = levels[count].end + 1
            count += 1
        }
    }

    subscript(_ depth: Int) -> ACLLevel { levels[depth] }
}
