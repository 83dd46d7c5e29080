// SPDX-License-Identifier: Apache-2.0
// Measures the checks of the acl-file plugin: ten rules against a hundred thousand, topics at random.

import ACLFile
import Glibc

/// Nanoseconds of a clock that never goes back.
func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

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

/// Texts one after the other in the order of their use, so that reading them costs the same however
/// many there are.
struct Script {
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = [0]

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        ends.append(bytes.count)
    }

    subscript(_ number: Int) -> Range<Int> { ends[number]..<ends[number + 1] }
}

/// Nanoseconds of one check, over the rules of a file in random order.
func measure(_ shape: Shape, _ count: Int) throws -> Double {
    let index = ACLIndex(try ACLRules(parsing: shape.file(count), path: "benchmark").rules)
    let checks = 400_000
    var users = Script()
    var topics = Script()
    for _ in 0..<checks {
        let rule = Int.random(in: 0..<count)
        users.append(shape.user(of: rule) ?? "")
        topics.append(shape.topic(of: rule))
    }
    let client = Array("client-1".utf8)
    var best = Double.infinity
    for _ in 0..<5 {
        var allowed = 0
        let start = now()
        for number in 0..<checks {
            let user = users[number]
            let decision = index.decide(
                .read,
                topic: topics.bytes.span.extracting(topics[number]),
                clientID: client.span,
                hasUsername: !user.isEmpty,
                username: users.bytes.span.extracting(user)
            )
            if decision == .allowed { allowed += 1 }
        }
        best = min(best, Double(now() - start) / Double(checks))
        precondition(allowed == checks, "every topic is allowed by its rule")
    }
    return best
}

print("| rules | 10 | 100,000 | ratio |")
print("|---|---|---|---|")
for shape in Shape.allCases {
    let few = try measure(shape, 10)
    let many = try measure(shape, 100_000)
    let ratio = (many / few * 100).rounded() / 100
    print("| \(shape.rawValue) | \(Int(few)) ns | \(Int(many)) ns | \(ratio) |")
}
