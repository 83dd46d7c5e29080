// SPDX-License-Identifier: Apache-2.0
// The kinds of access files that are measured.

import ACLFile

/// The kinds of files there are.
enum Shape: String, CaseIterable {
    /// All rules are one user's.
    case oneUser = "one user"
    /// Each user has ten rules.
    case manyUsers = "ten rules each"
    /// All rules are for clients without a name.
    case anonymous = "anonymous"
    /// All rules are patterns with the client identifier.
    case patterns = "patterns"

    /// The text of a file.
    func file(_ count: Int) -> [UInt8] {
        var text = self == .oneUser ? "user fleet-manager\n" : ""
        for rule in 0..<count {
            if self == .manyUsers, rule % 10 == 0 { text += "user \(Self.user(rule))\n" }
            switch self {
            case .patterns: text += "pattern readwrite \(Self.topic(rule, "%c"))\n"
            default: text += "topic readwrite \(Self.topic(rule, "state"))\n"
            }
        }
        return Array(text.utf8)
    }

    /// Who uses a rule.
    func user(of rule: Int) -> String? {
        switch self {
        case .oneUser: "fleet-manager"
        case .manyUsers: Self.user(rule)
        default: nil
        }
    }

    /// The topic of a rule.
    func topic(of rule: Int) -> String {
        Self.topic(rule, self == .patterns ? "client-1" : "state")
    }

    private static func user(_ rule: Int) -> String { "user-\(rule / 10)" }

    private static func topic(_ rule: Int, _ last: String) -> String {
        "site/\(rule % 317)/device-\(rule)/\(last)"
    }
}
