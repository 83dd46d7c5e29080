// SPDX-License-Identifier: Apache-2.0
// What clients have seen over many ends of a broker, and what is wrong with it.

/// What all clients have sent and received while a broker was killed again and again.
///
/// Nothing here knows a broker: a history can be made up, to see whether the check would notice.
struct KillHistory: Sendable {
    /// Who has published the numbers from 0 to `count - 1`, each of them acknowledged in the end.
    struct Publisher: Sendable {
        let name: String
        let qos: UInt8
        var count: Int
    }

    /// Who has received.
    struct Receiver: Sendable {
        let name: String
        /// The highest QoS it has asked for.
        let qos: UInt8
        /// How often it has connected: what was under way then comes again.
        var connectionCount = 0
        /// Whether each number may be taken by another member of its group instead.
        var isMember = false
        /// Numbers in the order in which they came, by publisher.
        var received: [String: [Int]] = [:]
        /// Numbers that were published while its subscription was certain, by publisher.
        var required: [String: [Range<Int>]] = [:]
        /// Numbers that were published while it certainly had no subscription, by publisher.
        var forbidden: [String: [Range<Int>]] = [:]
    }

    /// What may be under way to a receiver: its own window, and those of all publishers.
    private static let underWayMax = 150

    var publishers: [Publisher] = []
    var receivers: [Receiver] = []

    /// What is wrong, in words; empty if nothing is.
    func complaints() -> [String] {
        var found: [String] = []
        for publisher in publishers {
            for receiver in receivers where !receiver.isMember {
                found += Self.missing(receiver, publisher)
            }
            for receiver in receivers {
                found += Self.surplus(receiver, publisher) + Self.disorder(receiver, publisher)
            }
            found += group(publisher)
        }
        let known = Set(publishers.map(\.name))
        for receiver in receivers {
            found += Self.repetition(receiver)
            for name in receiver.received.keys.sorted() where !known.contains(name) {
                found.append("\(receiver.name) got messages of nobody called \(name)")
            }
        }
        return found
    }

    private static func title(_ receiver: Receiver, _ publisher: Publisher) -> String {
        "\(receiver.name) from \(publisher.name) (QoS \(publisher.qos), \(publisher.count) sent): "
    }

    private static func missing(_ receiver: Receiver, _ publisher: Publisher) -> [String] {
        let required = receiver.required[publisher.name] ?? []
        let seen = Set(receiver.received[publisher.name] ?? [])
        let lost = required.flatMap { $0 }.filter { !seen.contains($0) }
        guard !lost.isEmpty else { return [] }
        return [title(receiver, publisher) + "lost \(lost.count): \(lost.prefix(20))"]
    }

    private static func surplus(_ receiver: Receiver, _ publisher: Publisher) -> [String] {
        let received = receiver.received[publisher.name] ?? []
        var found: [String] = []
        let forbidden = receiver.forbidden[publisher.name] ?? []
        let wrong = received.filter { number in forbidden.contains { $0.contains(number) } }
        if !wrong.isEmpty {
            found.append(
                title(receiver, publisher)
                    + "\(wrong.count) without subscription: \(wrong.prefix(20))"
            )
        }
        let unknown = received.filter { !(0..<publisher.count).contains($0) }
        if !unknown.isEmpty {
            found.append(title(receiver, publisher) + "never sent: \(unknown.prefix(20))")
        }
        if isExactlyOnce(receiver, publisher) {
            found += doubles(received).map { title(receiver, publisher) + $0 }
        }
        return found
    }

    private static func isExactlyOnce(_ receiver: Receiver, _ publisher: Publisher) -> Bool {
        receiver.qos == 2 && publisher.qos == 2
    }

    private static func doubles(_ numbers: [Int]) -> [String] {
        var seen: Set<Int> = []
        let again = numbers.filter { !seen.insert($0).inserted }
        return again.isEmpty ? [] : ["\(again.count) doubled: \(again.prefix(20))"]
    }

    /// At QoS 1 messages may come again, but not all of them: an acknowledgement is kept as well, if
    /// nobody waits for that.
    private static func repetition(_ receiver: Receiver) -> [String] {
        let all = receiver.received.values.reduce(0) { $0 + $1.count }
        let distinct = receiver.received.values.reduce(0) { $0 + Set($1).count }
        let again = all - distinct
        guard again > receiver.connectionCount * underWayMax + distinct / 2 else { return [] }
        return ["\(receiver.name): \(again) of \(distinct) messages came again"]
    }

    /// The first of each number come in order; what is sent again may follow.
    private static func disorder(_ receiver: Receiver, _ publisher: Publisher) -> [String] {
        // What is published again at QoS 1 may go to another member of the group than before.
        if receiver.isMember, publisher.qos == 1 { return [] }
        // What is published again may meet a subscription that was not there the first time.
        let certain = receiver.required[publisher.name] ?? []
        var seen: Set<Int> = []
        let first = (receiver.received[publisher.name] ?? []).filter { number in
            certain.contains { $0.contains(number) } && seen.insert(number).inserted
        }
        guard let wrong = zip(first, first.dropFirst()).first(where: { $0 > $1 }) else { return [] }
        return [title(receiver, publisher) + "\(wrong.1) came after \(wrong.0)"]
    }

    /// The members of the group together.
    private func group(_ publisher: Publisher) -> [String] {
        let members = receivers.filter(\.isMember)
        guard let first = members.first else { return [] }
        var all = Receiver(name: "the group", qos: first.qos)
        all.required[publisher.name] = first.required[publisher.name]
        all.received[publisher.name] = members.flatMap { $0.received[publisher.name] ?? [] }
        return Self.missing(all, publisher)
            + (Self.isExactlyOnce(all, publisher)
                ? Self.doubles(all.received[publisher.name] ?? []).map {
                    Self.title(all, publisher) + $0
                } : [])
    }
}
