// SPDX-License-Identifier: Apache-2.0
// An index of access rules in the making.

import PluginSDK
import TopicRules

/// An index in the making.
struct ACLIndexBuilder {
    var table = ACLCellTable(reserved: 3)
    let plus: ACLLevel
    let clientID: ACLLevel
    let username: ACLLevel
    let usersPath: UInt64
    var anonymous: ACLIndex.Place
    var patterns: ACLIndex.Place
    var hasPatterns = false

    init() {
        let seed = table.seed
        plus = ACLLevel(special: 1, seed: seed)
        clientID = ACLLevel(special: 2, seed: seed)
        username = ACLLevel(special: 3, seed: seed)
        usersPath = ACLLevel(special: 4, seed: seed).digest
        anonymous = ACLIndex.Place(cell: ACLCell(), path: ACLLevel(special: 5, seed: seed).digest)
        patterns = ACLIndex.Place(cell: ACLCell(), path: ACLLevel(special: 6, seed: seed).digest)
        anonymous.cell.node = 2
        patterns.cell.node = 3
    }

    /// Enters a rule.
    mutating func insert(_ rule: ACLRule) {
        switch rule.subject {
        case .anonymous:
            var root = anonymous
            insert(rule, below: &root)
            anonymous = root
        case .everyone:
            hasPatterns = true
            var root = patterns
            insert(rule, below: &root)
            patterns = root
        case .user(let name):
            let level = ACLLevel(name: name.span, seed: table.seed)
            let path = level.path(after: usersPath)
            let cell = table.update(level, under: ACLIndex.users, path: path, in: name.span)
            var root = ACLIndex.Place(cell: cell, path: path)
            insert(rule, below: &root)
            table.update(level, under: ACLIndex.users, path: path, in: name.span) { $0 = root.cell }
        }
    }

    /// Enters a rule; what the root learns by it is left in `root`.
    private mutating func insert(_ rule: ACLRule, below root: inout ACLIndex.Place) {
        let filter = rule.filter.span
        var start = 0
        var parent = root
        var last: (level: ACLLevel, parent: ACLIndex.Place)?

        /// Changes the node that has been reached.
        func change(
            _ table: inout ACLCellTable,
            _ root: inout ACLIndex.Place,
            _ body: (inout ACLCell) -> Void
        ) {
            guard let last else { return body(&root.cell) }
            let path = last.level.path(after: last.parent.path)
            table.update(last.level, under: last.parent.cell.node, path: path, in: filter, body)
        }

        while start <= filter.count {
            var level = ACLLevel(of: filter, from: start, seed: table.seed)
            let range = start..<level.end
            start = level.end + 1
            if filter.isSingle(.hash, in: range) {
                return change(&table, &root) {
                    $0.subtree.insert(rule.rights, forNamedOnly: rule.mentionsUsername)
                }
            }
            let placeholder = rule.subject == .everyone ? filter.placeholder(in: range) : nil
            if filter.isSingle(.plus, in: range) {
                change(&table, &root) { $0.exact.hasFirstMark = true }
                level = plus
            } else if placeholder == .clientIdentifier {
                change(&table, &root) { $0.exact.hasSecondMark = true }
                level = clientID
            } else if placeholder == .userName {
                change(&table, &root) { $0.subtree.hasFirstMark = true }
                level = username
            }
            let path = level.path(after: parent.path)
            let cell = table.update(level, under: parent.cell.node, path: path, in: filter)
            last = (level, parent)
            parent = ACLIndex.Place(cell: cell, path: path)
        }
        change(&table, &root) {
            $0.exact.insert(rule.rights, forNamedOnly: rule.mentionsUsername)
        }
    }
}
