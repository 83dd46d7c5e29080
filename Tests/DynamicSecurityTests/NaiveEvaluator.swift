// SPDX-License-Identifier: Apache-2.0
// Access decisions the slow and obvious way, straight from the rules as they are documented.

import DynamicSecurity

/// One rule as the documentation speaks of it.
struct NaiveRule {
    let type: ACLType
    let topic: String
    let priority: Int
    let allow: Bool
}

/// A role with rules in the order in which they were added.
struct NaiveRole {
    let name: String
    let allowsWildcards: Bool
    let rules: [NaiveRule]
}

/// A name with a priority.
struct NaiveAssignment {
    let name: String
    let priority: Int
}

/// A whole population, evaluated by text comparison and recursion.
struct NaiveEvaluator {
    var roles: [NaiveRole] = []
    var groups: [(name: String, roles: [NaiveAssignment])] = []
    var clients: [(name: String, roles: [NaiveAssignment], groups: [NaiveAssignment])] = []
    var anonymousGroup: String?
    var defaults: [Access: Bool] = [:]

    func decide(_ access: Access, _ topic: String, user: String?, clientID: String) -> Decision {
        guard let roleNames = roleNames(of: user) else { return .defer }
        for name in roleNames {
            for role in roles where role.name == name {
                if let decision = decide(role, access, topic, user: user ?? "", clientID: clientID)
                {
                    return decision
                }
            }
        }
        return defaults[access] == true && !topic.hasPrefix("$CONTROL") ? .allow : .defer
    }

    private func roleNames(of user: String?) -> [String]? {
        guard let user else {
            return groups.first { $0.name == anonymousGroup }.map { ordered($0.roles) } ?? []
        }
        guard let client = clients.first(where: { $0.name == user }) else { return nil }
        var names = ordered(client.roles)
        for group in ordered(client.groups) {
            names += groups.first { $0.name == group }.map { ordered($0.roles) } ?? []
        }
        return names
    }

    private func ordered(_ list: [NaiveAssignment]) -> [String] {
        list.sorted { $0.priority != $1.priority ? $0.priority > $1.priority : $0.name < $1.name }
            .map(\.name)
    }

    private func decide(
        _ role: NaiveRole,
        _ access: Access,
        _ topic: String,
        user: String,
        clientID: String
    ) -> Decision? {
        let isWildcard = topic.contains("+") || topic.contains("#")
        if access == .subscribe, isWildcard, !role.allowsWildcards { return .deny }
        let types: [ACLType] =
            switch access {
            case .read: [.publishClientReceive]
            case .write: [.publishClientSend]
            case .subscribe: [.subscribeLiteral, .subscribePattern]
            case .unsubscribe: [.unsubscribeLiteral, .unsubscribePattern]
            }
        for type in types {
            let rules = role.rules.enumerated().filter { $0.element.type == type }.sorted {
                $0.element.priority != $1.element.priority
                    ? $0.element.priority > $1.element.priority : $0.offset < $1.offset
            }.map(\.element)
            for rule in rules where fits(rule, topic, user: user, clientID: clientID) {
                return rule.allow ? .allow : .deny
            }
        }
        return nil
    }

    private func fits(_ rule: NaiveRule, _ topic: String, user: String, clientID: String) -> Bool {
        switch rule.type {
        case .subscribeLiteral, .unsubscribeLiteral: return rule.topic == topic
        case .publishClientSend, .publishClientReceive:
            guard rule.topic.hasPrefix("$") == topic.hasPrefix("$") else { return false }
            return matches(
                levels(rule.topic),
                levels(topic),
                ["%c": clientID, "%u": user],
                isFilter: false
            )
        case .subscribePattern, .unsubscribePattern:
            guard rule.topic.hasPrefix("$") == topic.hasPrefix("$") else { return false }
            return matches(
                levels(rule.topic),
                levels(topic),
                ["%c": clientID, "%u": user],
                isFilter: true
            )
        }
    }

    private func levels(_ text: String) -> ArraySlice<String> {
        text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)[...]
    }

    private func matches(
        _ rule: ArraySlice<String>,
        _ topic: ArraySlice<String>,
        _ values: [String: String],
        isFilter: Bool
    ) -> Bool {
        guard let level = rule.first else { return topic.isEmpty }
        if level == "#" { return true }
        guard let other = topic.first else { return false }
        let fits: Bool
        if level == "+" {
            fits = !(isFilter && other == "#")
        } else if let value = values[level] {
            fits = !value.isEmpty && value == other && !(isFilter && ["+", "#"].contains(value))
        } else {
            fits = level == other
        }
        return fits && matches(rule.dropFirst(), topic.dropFirst(), values, isFilter: isFilter)
    }
}
