// SPDX-License-Identifier: Apache-2.0
// What clients were promised, and when: what a log must have after a power cut.

/// Remembers what clients have sent and what they have been told, each with its moment, and says
/// what a log that was read back lacks.
///
/// A moment is how many steps had been done to the log's files. What has happened at moment `n` has
/// happened before step `n`: a cut after so many steps comes after it.
final class PowerCutLedger {
    /// Not yet.
    static let never = Int.max

    /// What has become of a message with one of those who get it.
    struct Taking {
        var identifier: UInt16
        var qos: UInt8
        /// When it came; when PUBACK or PUBREC left; when PUBREL came; when PUBCOMP left.
        var cameAt: Int
        var answeredAt = never
        var releasedAt = never
        var completedAt = never
    }

    /// A message, or a will.
    struct Letter {
        let key: String
        let publisher: String
        let qos: UInt8
        let place: Place
        /// Those who were subscribed when it was sent.
        var owed: Set<String> = []
        var takings: [String: Taking] = [:]
        /// When PUBACK or PUBREC came; of a will, CONNACK.
        var promisedAt = never
        /// When PUBREL left; of a will, DISCONNECT.
        var releasedAt = never
        /// When PUBCOMP came.
        var completedAt = never
        /// Whether it was sent more than once.
        var isRepeated = false
    }

    /// Where a letter goes.
    enum Place {
        /// To everybody who is subscribed.
        case all
        /// To one of the group.
        case group
        /// It is retained.
        case retained
        /// It is retained nowhere any more.
        case cleared
        /// When its client is lost, to everybody who is subscribed.
        case will
    }

    /// Something that is so from a moment on: asked for, and promised.
    struct Change {
        let isSo: Bool
        let askedAt: Int
        var promisedAt = never
    }

    /// How many steps have been done.
    var now = 0
    /// In the order in which they were sent.
    private(set) var letters: [Letter] = []
    private var places: [String: Int] = [:]
    /// When a client was told that its session is there.
    private(set) var sessions: [String: Int] = [:]
    /// By client and filter, in order.
    private(set) var subscriptions: [String: [String: [Change]]] = [:]

    /// The filters that all messages, and all wills, match; and the one of the group.
    static let everything = "q/#"
    static let wills = "w/#"
    static let group = "$share/g/g/#"

    // MARK: What clients notice

    func noteSession(of client: String) { sessions[client] = min(sessions[client] ?? now, now) }

    /// Returns the number of the change, for `confirm`.
    func ask(_ filter: String, isSubscribing: Bool, of client: String) -> Int {
        let change = Change(isSo: isSubscribing, askedAt: now)
        subscriptions[client, default: [:]][filter, default: []].append(change)
        return (subscriptions[client]?[filter]?.count ?? 0) - 1
    }

    /// SUBACK or UNSUBACK has come.
    func confirm(_ filter: String, _ change: Int, of client: String) {
        subscriptions[client]?[filter]?[change].promisedAt = now
    }

    func send(_ key: String, from publisher: String, qos: UInt8, to place: Place) {
        if let known = places[key] {
            letters[known].isRepeated = true
            return
        }
        var letter = Letter(key: key, publisher: publisher, qos: qos, place: place)
        let filter: String? =
            switch place {
            case .all: Self.everything
            case .group: Self.group
            case .will: Self.wills
            case .retained, .cleared: nil
            }
        if let filter {
            for (client, filters) in subscriptions
            where filters[filter]?.contains(where: { $0.promisedAt <= now }) == true {
                letter.owed.insert(client)
            }
        }
        places[key] = letters.count
        letters.append(letter)
    }

    func change(_ key: String, _ body: (inout Letter) -> Void) {
        if let place = places[key] { body(&letters[place]) }
    }

    func promise(_ key: String) { change(key) { $0.promisedAt = min($0.promisedAt, now) } }
    func release(_ key: String) { change(key) { $0.releasedAt = min($0.releasedAt, now) } }
    func complete(_ key: String) { change(key) { $0.completedAt = min($0.completedAt, now) } }

    func take(_ key: String, _ client: String, qos: UInt8, _ identifier: UInt16) {
        change(key) { letter in
            // Who has answered and gets it again has its answer still to come.
            if letter.takings[client] == nil {
                letter.takings[client] = Taking(identifier: identifier, qos: qos, cameAt: now)
            }
        }
    }

    /// A client has done something about a message, or been told of it.
    func note(_ moment: WritableKeyPath<Taking, Int>, of key: String, _ client: String) {
        guard let place = places[key], var taking = letters[place].takings[client] else { return }
        taking[keyPath: moment] = min(taking[keyPath: moment], now)
        letters[place].takings[client] = taking
    }
}
