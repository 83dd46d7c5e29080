// SPDX-License-Identifier: Apache-2.0
// The rules of an access control file, arranged so that a check does not depend on their number.

import PluginSDK

/// The answer of a file.
enum ACLDecision: Equatable {
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
///
/// Nodes are numbers and all edges with a fixed level share one hash table keyed by node and level, which keeps a file of
/// 100,000 rules in a few flat arrays. User names are edges of the node `users`.
struct ACLIndex: Sendable {
    /// Rights, and rights for clients with a user name only, in one byte.
    private struct Rights {
        private var bits: UInt8 = 0

        mutating func insert(_ rights: ACLRights, forNamedOnly: Bool) {
            bits |= rights.rawValue << (forNamedOnly ? 4 : 0)
        }

        func forClient(hasUsername: Bool) -> ACLRights {
            ACLRights(rawValue: (hasUsername ? bits | bits >> 4 : bits) & 0x0F)
        }
    }

    private struct Node {
        var plus: Int32 = -1
        var clientID: Int32 = -1
        var username: Int32 = -1
        /// Rules that end here.
        var exact = Rights()
        /// Rules that end here with `#`.
        var subtree = Rights()
    }

    private static let users = 0
    private static let anonymous = 1
    private static let patterns = 2

    private var nodes = [Node](repeating: Node(), count: 3)
    private var edges = EdgeTable()
    private var hasPatterns = false

    /// Arranges rules.
    init(_ rules: [ACLRule]) {
        for rule in rules { insert(rule) }
    }

    // MARK: - Building

    private mutating func insert(_ rule: ACLRule) {
        var node: Int
        var isPattern = false
        switch rule.subject {
        case .anonymous: node = Self.anonymous
        case .user(let name):
            node = child(of: Self.users, level: name.span, range: 0..<name.count)
        case .everyone:
            node = Self.patterns
            isPattern = true
            hasPatterns = true
        }
        let filter = rule.filter.span
        var levels = TopicLevels(filter)
        while let level = levels.next() {
            if filter.isSingle(.hash, in: level) {
                nodes[node].subtree.insert(rule.rights, forNamedOnly: rule.mentionsUsername)
                return
            }
            if filter.isSingle(.plus, in: level) {
                node = child(of: node, by: \.plus)
            } else if isPattern, filter.isPlaceholder(.lowerC, in: level) {
                node = child(of: node, by: \.clientID)
            } else if isPattern, filter.isPlaceholder(.lowerU, in: level) {
                node = child(of: node, by: \.username)
            } else {
                node = child(of: node, level: filter, range: level)
            }
        }
        nodes[node].exact.insert(rule.rights, forNamedOnly: rule.mentionsUsername)
    }

    private mutating func child(of node: Int, by link: WritableKeyPath<Node, Int32>) -> Int {
        if nodes[node][keyPath: link] < 0 {
            nodes[node][keyPath: link] = Int32(nodes.count)
            nodes.append(Node())
        }
        return Int(nodes[node][keyPath: link])
    }

    private mutating func child(of node: Int, level bytes: Span<UInt8>, range: Range<Int>) -> Int {
        if let found = edges.find(from: node, bytes, range) { return found }
        edges.insert(from: node, bytes, range, to: nodes.count)
        nodes.append(Node())
        return nodes.count - 1
    }

    // MARK: - Checking

    /// Decides about reading or writing a topic.
    func decide(
        _ access: ACLRights,
        topic: Span<UInt8>,
        clientID: Span<UInt8>,
        hasUsername: Bool,
        username: Span<UInt8>
    ) -> ACLDecision {
        guard Topic.isValidName(topic) else { return .denied }
        let ownList =
            hasUsername
            ? edges.find(from: Self.users, username, 0..<username.count) : Self.anonymous
        if let ownList {
            let rights = rights(from: ownList, topic, false, Span(), true, Span())
            if rights.contains(.deny) { return .denied }
            if rights.contains(access) { return .allowed }
        }
        guard hasPatterns else { return .denied }
        if hasUsername, username.hasWildcard { return .dangerousUsername }
        if clientID.hasWildcard { return .dangerousClientID }
        guard !clientID.isEmpty else { return .denied }
        let rights = rights(from: Self.patterns, topic, true, clientID, hasUsername, username)
        return !rights.contains(.deny) && rights.contains(access) ? .allowed : .denied
    }

    /// The union of the rights of all matching rules, or any that denies.
    private func rights(
        from root: Int,
        _ topic: Span<UInt8>,
        _ isPattern: Bool,
        _ clientID: Span<UInt8>,
        _ hasUsername: Bool,
        _ username: Span<UInt8>
    ) -> ACLRights {
        var found = ACLRights()

        func visit(_ index: Int, from start: Int) {
            let node = nodes[index]
            let isFirst = start == 0
            // A rule that does not begin with `$` says nothing about topics that do.
            let mayBeWild = !isFirst || topic[0] != .dollar
            if mayBeWild { found.formUnion(node.subtree.forClient(hasUsername: hasUsername)) }
            guard !found.contains(.deny) else { return }
            guard start <= topic.count else {
                found.formUnion(node.exact.forClient(hasUsername: hasUsername))
                return
            }
            var end = start
            while end < topic.count, topic[end] != .slash { end += 1 }
            let level = start..<end
            if let next = edges.find(from: index, topic, level) { visit(next, from: end + 1) }
            guard mayBeWild else { return }
            if node.plus >= 0 { visit(Int(node.plus), from: end + 1) }
            guard isPattern else { return }
            if node.clientID >= 0, topic.equals(clientID, 0..<clientID.count, in: level) {
                visit(Int(node.clientID), from: end + 1)
            }
            if node.username >= 0, hasUsername, !username.isEmpty,
                topic.equals(username, 0..<username.count, in: level)
            {
                visit(Int(node.username), from: end + 1)
            }
        }

        visit(root, from: 0)
        return found
    }
}

extension Span<UInt8> {
    /// Whether there is a `+` or `#` anywhere.
    fileprivate var hasWildcard: Bool {
        for index in indices where self[index] == .plus || self[index] == .hash { return true }
        return false
    }
}

/// A hash table from a node and the bytes of a level to another node; open addressing, never more than half full.
private struct EdgeTable: Sendable {
    private struct Edge {
        var from: Int32 = -1
        var to: Int32 = 0
        var length: Int32 = 0
        var hash: UInt32 = 0
        /// The bytes of a level of up to eight, which saves a look into `levels`; else where they begin there.
        var level: UInt64 = 0
    }

    private static let inlineMax = 8

    private var slots = [Edge](repeating: Edge(), count: 16)
    private var count = 0
    private var levels: [UInt8] = []
    /// Unknown to those who choose topics.
    private let seed = UInt64.random(in: .min ... .max)

    func find(from node: Int, _ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        let hash = hash(node, bytes, range)
        let isInline = range.count <= Self.inlineMax
        let inline = isInline ? packed(bytes, range) : 0
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot].from >= 0 {
            let edge = slots[slot]
            if edge.hash == hash, edge.from == node, Int(edge.length) == range.count {
                let start = isInline ? 0 : Int(edge.level)
                if isInline
                    ? edge.level == inline
                    : bytes.equals(levels.span, start..<start + range.count, in: range)
                {
                    return Int(edge.to)
                }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    mutating func insert(from node: Int, _ bytes: Span<UInt8>, _ range: Range<Int>, to child: Int) {
        if count * 2 >= slots.count { grow() }
        var edge = Edge(
            from: Int32(node),
            to: Int32(child),
            length: Int32(range.count),
            hash: hash(node, bytes, range)
        )
        if range.count <= Self.inlineMax {
            edge.level = packed(bytes, range)
        } else {
            edge.level = UInt64(levels.count)
            for index in range { levels.append(bytes[index]) }
        }
        put(edge)
        count += 1
    }

    private mutating func grow() {
        let old = slots
        slots = [Edge](repeating: Edge(), count: old.count * 2)
        for edge in old where edge.from >= 0 { put(edge) }
    }

    private mutating func put(_ edge: Edge) {
        var slot = Int(edge.hash) & (slots.count - 1)
        while slots[slot].from >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = edge
    }

    /// Up to eight bytes as a number.
    private func packed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var number: UInt64 = 0
        for index in range { number = number << 8 | UInt64(bytes[index]) }
        return number
    }

    /// FNV-1a with a final mix, so that the low bits depend on all of it.
    ///
    /// Wrapping is what a hash does.
    private func hash(_ node: Int, _ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt32 {
        var hash = seed ^ (UInt64(node) &* 0x9E37_79B9_7F4A_7C15)
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3 }
        hash ^= hash >> 32
        hash = hash &* 0xD6E8_FEB8_6659_FD93
        return UInt32(truncatingIfNeeded: hash >> 32)
    }
}
