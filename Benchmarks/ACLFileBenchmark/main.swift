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
